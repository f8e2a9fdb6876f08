"""Records of the audit trail, and the chain of hashes that binds them.

A record is a JSON object of strings and whole numbers. Its hash is the SHA-256 of its canonical form (RFC 8785); its
link is the SHA-256 of the link before it and of its hash, so that each link depends on every record up to its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from datetime import datetime

FORMAT = "cbp-audit/1"
GENESIS = bytes(32)
"""The link before the first record."""

CHANGE, REFUSAL, READ, ACCESS, HISTORY = "change", "refusal", "read", "access", "history"
PROPOSAL, QUEUE, NOTIFICATION = "proposal", "queue", "notification"
KINDS = (CHANGE, REFUSAL, READ, ACCESS, PROPOSAL, QUEUE, NOTIFICATION, HISTORY)
"""The kinds of records.

They are a change of an entry, a refused request, an administrative read, a right or key that was given or taken, a step
of a proposal, a dead letter that was replayed or discarded or a subscriber that was resumed, a notification that was
received, and a history that began.
"""

REPLAY, DISCARD, RESUME = "replay", "discard", "resume"
"""The outcomes of records of the queue."""

RECEIVE = "receive"
"""The outcome of records of notifications."""

GIVE, EMERGENCY, TAKE = "give", "emergency", "take"
"""The outcomes of records of access; an emergency is a right that is given for a few hours."""

_LARGEST = 2**53
_write = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode

Record: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    """An occurrence that no event records: a refusal, a read, a step of a proposal, and so on.

    ``outcome`` is the status of the answer or what was done, ``endpoint`` its method and path template, ``right`` what
    was given or taken, ``proposal`` what a step was taken of, ``delivery`` the dead letter that was replayed or
    discarded, ``subscriber`` the one that was resumed, and ``notification`` the id of one that was received.
    ``further`` counts the refusals of this kind that followed within a minute. A note is made at most once, however
    often it is sent.
    """

    kind: str
    outcome: str
    actor: str
    client: str
    endpoint: str
    namespace: str | None = None
    key: str | None = None
    query: str | None = None
    request_id: str | None = None
    further: int | None = None
    right: Mapping[str, str] | None = None
    proposal: Mapping[str, Any] | None = None
    delivery: Mapping[str, Any] | None = None
    subscriber: str | None = None
    notification: str | None = None
    reason: str | None = None
    note: UUID = field(default_factory=uuid4)

    def members(self) -> dict[str, Any]:
        """Return the members of the record, but for its time."""
        named = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: str(value) if name == "note" else value for name, value in named if value is not None}


def written(moment: datetime) -> str:
    """Return a time as records hold it: in UTC and to the microsecond, so that its text sorts as the time does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(value: Record) -> bytes:
    """Return the canonical JSON (RFC 8785) of an object of strings, whole numbers below 2^53, and such objects.

    A record holds no other values: a fraction has many spellings, which RFC 8785 would have to make one.
    Raises ValueError for any other value.
    """
    return _write(_sorted(value)).encode()


def record_hash(record: Record) -> bytes:
    """Return the SHA-256 of the record's canonical form."""
    return hashlib.sha256(canonical(record)).digest()


def next_link(link: bytes, hashed: bytes) -> bytes:
    """Return the link of the record with the hash ``hashed`` that follows ``link``."""
    return hashlib.sha256(link + hashed).digest()


def _sorted(value: object) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        # RFC 8785, section 3.2.3: members are in the order of their names' UTF-16 code units.
        names = sorted(value) if all(map(str.isascii, value)) else sorted(value, key=_utf16)
        return {name: _sorted(value[name]) for name in names}
    if type(value) is int and -_LARGEST < value < _LARGEST:
        return value
    raise ValueError(f"a record holds text and whole numbers, and not {value!r}")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be")
