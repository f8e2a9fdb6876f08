"""Verification of an export of the audit trail: it needs no server, and no trust in whoever keeps the database.

An export has one JSON object a line: a head, and then each record with its sequence and link, in order. A record that
the export withholds is represented by its hash. Anchors are heads of the chain that were signed and kept elsewhere.
Retention removes records from the beginning of the chain to an anchor: only there may an export begin.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runtime.domain.audit import CHANGE, FORMAT, GENESIS, canonical, next_link, record_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runtime.domain.signatures import PublicKey

WITHHELD = "withheld"


class UnreadableError(Exception):
    """A file is not of the form of an export, an anchor or a key; the message names the line."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A signed head of the chain: the record ``sequence`` has the link ``link``.

    ``statement`` is what the signature is of, ``signature`` as Vault's transit engine writes it.
    """

    sequence: int
    link: bytes
    statement: Mapping[str, Any]
    signature: str


@dataclass(slots=True)
class Verified:
    """The result: ``faults`` are sentences, none where everything is as it was sealed."""

    first: int = 0
    last: int = 0
    from_: str = ""
    until: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    anchors: int = 0
    anchored_until: int = 0
    signed: int = 0
    faults: list[str] = field(default_factory=list)


def read_anchors(lines: Iterable[str]) -> tuple[Anchor, ...]:
    """Return the anchors in lines of JSON; empty lines are passed over."""
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            body = _members(line, {"statement", "signature"})
            statement, signature = body["statement"], body["signature"]
            if statement["format"] != FORMAT or not isinstance(signature, str):
                raise ValueError(statement["format"])
            found.append(Anchor(_place(statement["sequence"]), _hash(statement["link"]), statement, signature))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnreadableError(f"line {number} is no anchor of the format {FORMAT}") from error
    return tuple(found)


def verify(
    lines: Iterable[str], anchors: Sequence[Anchor] = (), keys: Mapping[int, PublicKey] | None = None
) -> Verified:
    """Verify an export against its own links, the revisions of its changes, and the anchors.

    ``keys`` are the public keys of the signer by their version; without any, signatures are not verified.
    Raises :class:`UnreadableError` where the first line is no head of an export.
    """
    verification = _Verification(anchors)
    numbered = enumerate(lines, 1)
    verification.begin(next(numbered, (1, ""))[1])
    for number, line in numbered:
        if line.strip():
            verification.read(number, line)
    verification.end(keys)
    return verification.result


class _Verification:
    """A walk over the lines of an export."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        self.result = Verified(anchors=len(anchors))
        self._anchors = anchors
        self._named: dict[int, set[bytes]] = {}
        for anchor in anchors:
            self._named.setdefault(anchor.sequence, set()).add(anchor.link)
        self._sequence = 0
        self._link = b""
        self._event: tuple[Any, Any] | None = None

    def begin(self, line: str) -> None:
        try:
            head = _members(line, {"format", "first", "previous"})
            if head["format"] != FORMAT:
                raise ValueError(head["format"])
            self._sequence, self._link = _place(head["first"]) - 1, _hash(head["previous"])
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableError(f"line 1 is no head of an export of the format {FORMAT}") from error
        self.result.first, self.result.last = self._sequence + 1, self._sequence
        if self._named and self._sequence and self._sequence not in self._named:
            self._fault(f"records were removed before record {self.result.first}, where no anchor permits it")
        self._compare("the head of the file")

    def read(self, number: int, line: str) -> None:
        try:
            body = _members(line, {"sequence", "link", "record"}, {"sequence", "link", WITHHELD})
            sequence, link = _place(body["sequence"]), _hash(body["link"])
            record = body.get("record")
            hashed = _hash(body[WITHHELD]) if record is None else record_hash(record)
        except (ValueError, KeyError, TypeError, AttributeError):
            self._fault(f"line {number} is no record")
            return
        if sequence != self._sequence + 1:
            self._jump(number, sequence)
        elif link != next_link(self._link, hashed):
            self._fault(
                f"line {number}: record {sequence} is not the one that was sealed, or not in its place: its link does"
                " not follow from the record and the link before it"
            )
        self._sequence, self._link = sequence, link
        self.result.last = sequence
        self._compare(f"line {number}")
        if record is None:
            self.result.counts[WITHHELD] += 1
            self._event = None
        else:
            self._count(number, record)

    def end(self, keys: Mapping[int, PublicKey] | None) -> None:
        result = self.result
        ahead = [sequence for sequence in self._named if sequence > result.last]
        if ahead:
            self._fault(
                f"the tail is cut off: the export ends with record {result.last}, an anchor names record {max(ahead)}"
            )
        for sequence, links in sorted(self._named.items()):
            if len(links) > 1:
                self._fault(f"two anchors of record {sequence} contradict each other: the chain was recomputed")
        if keys is not None:
            for anchor in self._anchors:
                if _is_signed(anchor, keys):
                    result.signed += 1
                else:
                    self._fault(f"the signature of the anchor of record {anchor.sequence} is not valid")

    def _jump(self, number: int, sequence: int) -> None:
        expected = self._sequence + 1
        if sequence > expected:
            missing = f"record {expected}" if sequence == expected + 1 else f"records {expected} to {sequence - 1}"
            self._fault(f"line {number}: {missing} before record {sequence} was removed")
        else:
            self._fault(f"line {number}: record {sequence} is not in its place, or was inserted")

    def _compare(self, place: str) -> None:
        links = self._named.get(self._sequence)
        if links is None:
            return
        if links == {self._link}:
            self.result.anchored_until = self._sequence
        else:
            self._fault(
                f"{place}: record {self._sequence} is not the one that was anchored: the chain before was recomputed"
            )

    def _count(self, number: int, record: Mapping[str, Any]) -> None:
        result, at = self.result, str(record.get("at", ""))
        result.from_ = min(result.from_, at) if result.from_ else at
        result.until = max(result.until, at)
        result.counts[str(record.get("kind"))] += 1
        if record.get("kind") != CHANGE:
            return
        event, before = (record.get("revision"), record.get("ordinal")), self._event
        if before is not None and event not in ((before[0], before[1] + 1), (before[0] + 1, 0)):
            self._fault(
                f"line {number}: revision {event[0]} does not follow revision {before[0]}: a change was never sealed"
            )
        self._event = event

    def _fault(self, text: str) -> None:
        self.result.faults.append(text)


def _members(line: str, *permitted: set[str]) -> dict[str, Any]:
    """Return the members of an object, each named once, which are those of one of the ``permitted`` sets."""
    body = json.loads(line, object_pairs_hook=_unique)
    if not isinstance(body, dict) or set(body) not in permitted:
        raise ValueError("other members")
    return body


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of two members of one name, readers show either: one that is hashed, and one that is not.
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def _place(value: object) -> int:
    if type(value) is not int or value < 1:
        raise ValueError("no place in the chain")
    return value


def _hash(text: str) -> bytes:
    value = bytes.fromhex(text)
    if value.hex() != text or len(value) != len(GENESIS):
        raise ValueError("no hash in hexadecimal")
    return value


def _is_signed(anchor: Anchor, keys: Mapping[int, PublicKey]) -> bool:
    """Return whether the signature, ``vault:v<version>:<base64>``, is of the statement."""
    _, _, rest = anchor.signature.partition("vault:v")
    version, _, encoded = rest.partition(":")
    key = keys.get(int(version)) if version.isdecimal() else None
    return key is not None and key.verify(canonical(anchor.statement), encoded)
