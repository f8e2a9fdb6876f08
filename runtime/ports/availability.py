"""How a server could not be asked, and the errors that say so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from runtime.ports.throttling import Fault


class Reason(StrEnum):
    """The reason for which a server (PostgreSQL, or an external service) could not be asked, or did not do it."""

    AWAY = "away"
    """No connection: refused, broken, or to a name that does not resolve."""
    SLOW = "slow"
    """No answer in time: it is frozen or cut off, or every connection of this worker is lent."""
    BUSY = "busy"
    """A lock or a statement took longer than the server permits."""
    FULL = "full"
    """No room for more connections, memory or data."""
    READ_ONLY = "read_only"
    UNCONFIRMED = "unconfirmed"
    """It is being promoted, and may have lost changes."""
    ACCESS_DENIED = "access_denied"
    """A wrong password, role or database, or missing rights."""
    SCHEMA_MISSING = "schema_missing"
    """The migrations of this release have not been applied."""
    OTHER_PARTITIONS = "other_partitions"
    """Its entries have another number of partitions than the settings say."""
    FAILED = "failed"
    """It answers with an error of its own: a status of HTTP from 500 on."""

    @property
    def refuses(self) -> bool:
        """Whether the server answers, and what it refuses is this process: waiting does not help."""
        return self in (Reason.ACCESS_DENIED, Reason.SCHEMA_MISSING, Reason.OTHER_PARTITIONS)


@dataclass(frozen=True, slots=True)
class Outage:
    """The reason for which a server is not used, and the monotonic time ``since`` when."""

    reason: Reason | Fault
    since: float


class CircuitState(StrEnum):
    """The state of a circuit to a server; calls pass through a closed one."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    """One call at a time passes, as a probe."""
    OPEN = "open"


class Circuit(Protocol):
    """A circuit to a server, and why it is not closed."""

    @property
    def state(self) -> CircuitState:
        """The state of the circuit."""

    @property
    def outage(self) -> Outage | None:
        """The reason for which the server is not used, None while it is."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The number of the last migration that a database has, None before anyone has looked, and the one ``needed``."""

    found: int | None
    needed: int


@dataclass(frozen=True, slots=True)
class Pool:
    """The connections that a pool may open, those that are lent, and the calls that wait for one.

    ``refused`` counts the calls that found too many others waiting, or waited for too long.
    """

    size: int
    in_use: int
    waiting: int
    refused: int = 0


class UnavailableError(Exception):
    """A server that the request needs does not respond; the message holds neither address nor credential.

    ``retry_after_seconds`` is the time that the server asks for, if it does.
    """

    def __init__(self, text: str = "", reason: Reason = Reason.AWAY, retry_after_seconds: float | None = None) -> None:
        super().__init__(text)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class TransientError(UnavailableError):
    """A failure that changed nothing, so that the call can be repeated at once."""


class RefusedError(UnavailableError):
    """An external service has answered, but not with what was asked of it: it is not away."""


class NotAskedError(UnavailableError):
    """An external service was not asked: its circuit is open, or every connection of this worker is in use."""


class OverloadedError(UnavailableError):
    """More calls wait for the server than it makes; this one was not made."""

    def __init__(self) -> None:
        super().__init__("more requests wait for the database than it answers, so this one was not sent")


class OutcomeUnknownError(UnavailableError):
    """The connection broke after changes had been sent, so that it is unknown whether they were made."""
