"""Rights that administrators give while the service runs: grants to subjects and groups, and keys of machines."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from runtime.domain.audit import written

if TYPE_CHECKING:
    from datetime import datetime

    from runtime.domain.identity import Right

LONGEST_EMERGENCY = timedelta(hours=8)
LONGEST_KEY = timedelta(days=366)
_KEY = re.compile(r"cbp_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


class NotGivenError(Exception):
    """There is no such grant or key, or it is none that the client administers."""


class NameTakenError(Exception):
    """The name is that of a grant in other namespaces."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A right of one subject, or of one group, of an issuer.

    ``expires_at`` is None for one without an end. An ``emergency`` has an end, and is logged as an error.
    """

    name: str
    issuer: str
    subject: str | None
    group: str | None
    right: Right
    reason: str
    given_by: str
    expires_at: datetime | None = None
    emergency: bool = False

    @property
    def recorded(self) -> dict[str, str]:
        """The grant as the audit trail has it."""
        whose = {"subject": self.subject} if self.group is None else {"group": self.group}
        named = {"grant": self.name, "issuer": self.issuer, **whose, **_recorded(self.right), "reason": self.reason}
        found = named if self.expires_at is None else {**named, "expires_at": written(self.expires_at)}
        return {name: text for name, text in found.items() if text is not None}


@dataclass(frozen=True, slots=True)
class MachineKey:
    """A key of a machine, of which only the SHA-256 of the secret is known."""

    id: str
    digest: bytes
    description: str
    right: Right
    given_by: str
    expires_at: datetime

    @property
    def recorded(self) -> dict[str, str]:
        """The key as the audit trail has it, which is without its digest."""
        named = {"key": self.id, **_recorded(self.right), "description": self.description}
        return {**named, "expires_at": written(self.expires_at)}


@dataclass(frozen=True, slots=True)
class Given:
    """Every grant and key; ``position`` counts their changes."""

    position: int = 0
    grants: tuple[Grant, ...] = ()
    keys: tuple[MachineKey, ...] = ()


def _recorded(right: Right) -> dict[str, str]:
    return {"role": right.role.value, "namespaces": right.namespaces}


def is_key(token: str) -> bool:
    """Return whether a token is, by its form, a key of a machine."""
    return token.startswith("cbp_")


def read_key(token: str) -> tuple[str, str] | None:
    """Return the id and the secret of a key, or None for a text of another form."""
    match = _KEY.fullmatch(token)
    return (match[1], match[2]) if match else None


def new_key() -> tuple[str, str]:
    """Return the id of a new key, and its token, which is random and nowhere kept."""
    id_ = secrets.token_hex(8)
    return id_, f"cbp_{id_}_{secrets.token_urlsafe(32)}"


def digest_of(secret: str) -> bytes:
    """Return the SHA-256 of a secret: it has 256 random bits, so that no slower hash protects it better."""
    return hashlib.sha256(secret.encode()).digest()


def opens(key: MachineKey, secret: str) -> bool:
    """Return whether a secret is that of a key, in a time that tells nothing about it."""
    return hmac.compare_digest(key.digest, digest_of(secret))
