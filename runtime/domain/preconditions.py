"""Entity tags and the preconditions of a request (RFC 9110, sections 8.8.3 and 13.1).

An entry's tag is its revision, such as ``"42"``. The tag is strong, because no revision is used twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from runtime.domain.entries import PreconditionFailedError, PreconditionRequiredError

_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,[ \t,]*|$)')


class InvalidTagsError(Exception):
    """An If-Match or If-None-Match header that is not a list of entity tags."""


@dataclass(frozen=True, slots=True)
class Tags:
    """The entity tags of a header; ``anything`` stands for ``*``."""

    strong: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()
    anything: bool = False

    def match_strongly(self, tag: str) -> bool:
        """Return whether ``tag`` matches by strong comparison (If-Match): a weak tag equals no other tag."""
        return self.anything or tag in self.strong

    def match_weakly(self, tag: str) -> bool:
        """Return whether ``tag`` matches by weak comparison (If-None-Match), which ignores ``W/``."""
        return self.anything or tag in self.strong or tag in self.weak


@dataclass(frozen=True, slots=True)
class Conditions:
    """The preconditions of one request; None where the header is absent."""

    if_match: Tags | None = None
    if_none_match: Tags | None = None


def entity_tag(revision: int) -> str:
    """Return the entity tag of an entry at ``revision``, quotes included."""
    return f'"{revision}"'


def parse_tags(header: str) -> Tags:
    """Parse the value of an If-Match or If-None-Match header; raise :class:`InvalidTagsError` on anything else.

    Empty elements of the list are ignored (RFC 9110, section 5.6.1.2), and an empty list matches nothing.
    """
    if header.strip(" \t") == "*":
        return Tags(anything=True)
    listed = header.strip(" \t,")
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(listed):
        match = _TAG.match(listed, position)
        if match is None:
            raise InvalidTagsError('expected * or a list of quoted entity tags such as "42"')
        found.append((match[1] or "", match[2]))
        position = match.end()
    return Tags(
        strong=frozenset(tag for prefix, tag in found if not prefix),
        weak=frozenset(tag for prefix, tag in found if prefix),
    )


def is_unmodified(conditions: Conditions, revision: int) -> bool:
    """Return whether the client already has ``revision`` (304); raise when its If-Match fails (412)."""
    if conditions.if_match is None and conditions.if_none_match is None:
        return False
    tag = entity_tag(revision)
    if conditions.if_match is not None and not conditions.if_match.match_strongly(tag):
        raise PreconditionFailedError(f"the entry is at revision {revision}", revision)
    return conditions.if_none_match is not None and conditions.if_none_match.match_weakly(tag)


def permit_change(conditions: Conditions, current: int | None) -> None:
    """Raise unless a change may replace the entry at revision ``current`` (None: there is no entry).

    An existing entry changes only under If-Match, so that no client overwrites a value that it has not read.
    """
    if current is None:
        if conditions.if_match is not None:
            raise PreconditionFailedError("If-Match is given and the entry does not exist", None)
        return
    tag = entity_tag(current)
    if conditions.if_match is not None and not conditions.if_match.match_strongly(tag):
        raise PreconditionFailedError(f"If-Match does not hold: the entry is at revision {current}", current)
    if conditions.if_none_match is not None and conditions.if_none_match.match_weakly(tag):
        raise PreconditionFailedError(f"If-None-Match does not hold: the entry is at revision {current}", current)
    if conditions.if_match is None:
        raise PreconditionRequiredError(
            f"the entry exists at revision {current}: send If-Match with the entity tag of the revision that you have"
            " read, or If-Match: * to change the entry at any revision",
            current,
        )
