"""Identities of clients, their roles, and the names of namespaces that a role holds in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

PATTERN = re.compile(r"\*|[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|[a-z0-9][a-z0-9-]{0,61}\*")
"""A namespace, the beginning of several (``payments-*``), or all of them (``*``)."""

LONGEST_SUBJECT = 255


class Role(StrEnum):
    """A role in a namespace; each includes those before it."""

    READER = "reader"
    WRITER = "writer"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"

    @property
    def rank(self) -> int:
        """The position in the order of roles, from 1; 0 is no role."""
        return _RANKS[self]


_RANKS = {role: rank for rank, role in enumerate(Role, 1)}


class Kind(StrEnum):
    """The kind of a client."""

    PERSON = "person"
    """Signs in at an identity provider; a second factor can be asked of it."""
    WORKLOAD = "workload"
    """A machine with a token of its platform, such as a Kubernetes service account."""
    KEY = "key"
    """A machine with a key of this API."""
    CONNECTOR = "connector"
    """A system that signs its notifications."""


@dataclass(frozen=True, slots=True)
class Right:
    """A role in the namespaces of a pattern."""

    role: Role
    namespaces: str

    def __str__(self) -> str:
        return f"{self.role}@{self.namespaces}"

    def covers(self, namespace: str) -> bool:
        """Return whether the role holds in a namespace."""
        if self.namespaces.endswith("*"):
            return namespace.startswith(self.namespaces[:-1])
        return namespace == self.namespaces

    def includes(self, other: Right) -> bool:
        """Return whether nobody with this right gains anything by the other one."""
        wide = other.namespaces.endswith("*") and not self.namespaces.endswith("*")
        return self.role.rank >= other.role.rank and not wide and self.covers(other.namespaces.removesuffix("*"))


@dataclass(frozen=True, slots=True)
class Identity:
    """A client that has proven who it is: ``subject`` at ``issuer``, a name of the settings.

    ``rights`` are those that come with the proof itself; those of the settings are found by name and group.
    """

    issuer: str
    subject: str
    kind: Kind
    groups: frozenset[str] = frozenset()
    rights: tuple[Right, ...] = ()
    second_factor: bool = False

    @property
    def name(self) -> str:
        """The name by which it is throttled, recorded with changes, and granted rights: ``issuer:subject``."""
        return f"{self.issuer}:{self.subject}"


def is_subject(text: object) -> bool:
    """Return whether a claim can be a subject: 1 to 255 printable characters, as the names of actors are stored."""
    return isinstance(text, str) and 0 < len(text) <= LONGEST_SUBJECT and text.isprintable()


def parse_right(text: str) -> Right | None:
    """Return the right ``role@namespaces``, or None for text of another form."""
    role, separator, namespaces = text.partition("@")
    if separator and role in _RANKS and PATTERN.fullmatch(namespaces):
        return Right(Role(role), namespaces)
    return None
