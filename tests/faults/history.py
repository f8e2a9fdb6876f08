"""A recorded history: every request of every client, with the time that it was sent and answered, and the answer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a client asked for."""

    PUT = "PUT"
    DELETE = "DELETE"
    READ = "GET"
    READ_AT_LEAST = "GET at_least"
    """A read that asked for the version of an acknowledged change, or a later one."""

    @property
    def method(self) -> str:
        """Return the method of the request."""
        return self.value.split()[0]


class Outcome(StrEnum):
    """What a client may conclude of its change."""

    OK = "ok"
    """It was done."""
    FAIL = "fail"
    """It was not done and never will be: a status of 4xx, or an answer that says so."""
    UNKNOWN = "unknown"
    """It may have been done, or may still be: no answer, or another one of 5xx."""


@dataclass(frozen=True, slots=True)
class Condition:
    """The precondition that a request was sent with: an entity tag, or ``*``."""

    if_match: str | None = None
    if_none_match: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One request and its answer; times are seconds of the monotonic clock that all clients share.

    ``written`` is the value of a PUT, which no other one writes; ``found`` that of an answer to a read, and ``tag`` the
    entity tag of any answer. ``status`` is None when there was no answer. An answer is ``marked`` when it says that it
    is from a memory that may be outdated. A read may ask for ``at_least`` the version of an entity tag, which an
    acknowledged change got that was sent at the time ``since``. ``refused`` says that a 503 is about a change that was
    not made.
    """

    client: str
    replica: int
    kind: Kind
    key: str
    invoked: float
    returned: float
    status: int | None
    condition: Condition = Condition()
    written: str | None = None
    at_least: str | None = None
    since: float | None = None
    found: str | None = None
    tag: str | None = None
    marked: bool = False
    refused: bool = False

    @property
    def is_change(self) -> bool:
        """Whether the request would change the entry."""
        return self.kind in (Kind.PUT, Kind.DELETE)

    @property
    def outcome(self) -> Outcome:
        """What the client may conclude."""
        if self.refused:
            return Outcome.FAIL
        if self.status is None or self.status >= 500:
            return Outcome.UNKNOWN
        return Outcome.OK if self.status < 400 or self._absent else Outcome.FAIL

    @property
    def ended(self) -> float:
        """The time by which it had happened, if it did: never, for a change of unknown outcome."""
        return math.inf if self.outcome is Outcome.UNKNOWN else self.returned

    @property
    def _absent(self) -> bool:
        """Whether the answer to a read is that there is no entry, which is an answer like any other."""
        return self.status == 404 and not self.is_change

    def __str__(self) -> str:
        parts = [f"{self.client}: {self.kind} {self.key}"]
        parts += [f"If-Match {self.condition.if_match}"] if self.condition.if_match else []
        parts += [f"If-None-Match {self.condition.if_none_match}"] if self.condition.if_none_match else []
        parts += [f"value {self.written}"] if self.written else []
        answer = "no answer" if self.status is None else str(self.status)
        parts += [f"-> {answer}"]
        parts += [f"{self.found or ''} {self.tag or ''}".strip()] if self.found or self.tag else []
        parts += ["marked"] if self.marked else []
        return f"{self.invoked:9.3f} to {self.returned:9.3f}  {' '.join(parts)}"


@dataclass(frozen=True, slots=True)
class Rewind:
    """History went back: at some time in ``restored`` the state became that of some time in ``saved``.

    Both are intervals of the clients' clock, in seconds. ``noticed`` seconds later at most, entity tags of before match
    nothing any more; until then those of the restored state may, whose values are the same.
    """

    saved: tuple[float, float]
    restored: tuple[float, float]
    noticed: float = 0.0

    @property
    def over(self) -> float:
        """The time from which the new history is known."""
        return self.restored[1] + self.noticed
