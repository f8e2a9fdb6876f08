"""A translation of PostgreSQL's and asyncpg's errors into those of the ports; any other error passes through."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import asyncpg

from runtime.ports.availability import Reason, TransientError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

HISTORY_UNCONFIRMED = "CB001"
"""The SQLSTATE of migration 0003 for a database whose last changes may have been lost."""

GUARD_BROKEN = "CB002"
"""The SQLSTATE of migration 0004 for a change whose namespace has changed meanwhile."""

PROPOSAL_OUTDATED = "CB003"
"""The SQLSTATE of an approval (migration 0008) that was judged under another definition or state of the namespace."""

BROKEN = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a statement starts on a connection that breaks as another one ends
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    OSError,  # also a TimeoutError
)
"""Errors of a connection, after which it is unknown whether a statement that was sent has been executed."""

_REFUSED = {
    Reason.READ_ONLY: (asyncpg.ReadOnlySQLTransactionError,),
    Reason.FULL: (asyncpg.InsufficientResourcesError, asyncpg.PostgresSystemError),
    Reason.BUSY: (
        asyncpg.LockNotAvailableError,
        asyncpg.QueryCanceledError,
        asyncpg.IdleInTransactionSessionTimeoutError,
        asyncpg.TransactionTimeoutError,
        asyncpg.IdleSessionTimeoutError,
    ),
    Reason.ACCESS_DENIED: (
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
        asyncpg.InsufficientPrivilegeError,
    ),
    Reason.AWAY: (asyncpg.DatabaseDroppedError, asyncpg.ObjectNotInPrerequisiteStateError),
    Reason.SCHEMA_MISSING: (asyncpg.UndefinedTableError, asyncpg.UndefinedFunctionError, asyncpg.UndefinedColumnError),
}
TEXTS = {
    Reason.AWAY: "the database cannot be reached",
    Reason.SLOW: "the database did not answer in time",
    Reason.READ_ONLY: "the database is read-only: it is a standby, or another server has been promoted",
    Reason.FULL: "the database has no room for more: connections, memory or disk",
    Reason.BUSY: "another change, or a session outside of the service, kept the database busy for too long",
    Reason.ACCESS_DENIED: "the database refuses the service: its password, its database or its permissions",
    Reason.SCHEMA_MISSING: "the database has not the schema of this release: it has to be migrated",
    Reason.OTHER_PARTITIONS: "the entries have another number of partitions than the settings say",
    Reason.UNCONFIRMED: "the history of the database is not confirmed",
}
# Nothing was changed, and the same statement may succeed at once on another connection.
_TRANSIENT = (
    asyncpg.CannotConnectNowError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InvalidCachedStatementError,
    *BROKEN,
)


@contextmanager
def translated() -> Iterator[None]:
    """Translate errors of the server and of the connection to :class:`UnavailableError` or :class:`TransientError`."""
    try:
        yield
    except asyncpg.DataError:
        raise  # a subclass of InterfaceError, but a defect of the caller
    except TimeoutError as error:  # before the others: it is an OSError
        raise UnavailableError(TEXTS[Reason.SLOW], Reason.SLOW) from error
    except _TRANSIENT as error:
        raise TransientError(TEXTS[Reason.AWAY]) from error
    except asyncpg.PostgresError as error:
        if (reason := _reason(error)) is None:
            raise
        raise UnavailableError(TEXTS[reason], reason) from error


def _reason(error: asyncpg.PostgresError) -> Reason | None:
    if error.sqlstate == HISTORY_UNCONFIRMED:
        return Reason.UNCONFIRMED
    return next((reason for reason, kinds in _REFUSED.items() if isinstance(error, kinds)), None)
