"""A translation of PostgreSQL's and asyncpg's errors into those of the ports; any other error passes through."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import asyncpg

from runtime.ports import TransientError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

HISTORY_UNCONFIRMED = "CB001"
"""The SQLSTATE of migration 0003 for a database whose last changes may have been lost."""

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
    "the database is read-only: it is a standby, or another server has been promoted": (
        asyncpg.ReadOnlySQLTransactionError,
    ),
    "the database has no room for more: connections, memory or disk": (
        asyncpg.InsufficientResourcesError,
        asyncpg.PostgresSystemError,
    ),
    "another change, or a session outside of the service, kept the database busy for too long": (
        asyncpg.LockNotAvailableError,
        asyncpg.QueryCanceledError,
        asyncpg.IdleInTransactionSessionTimeoutError,
        asyncpg.TransactionTimeoutError,
        asyncpg.IdleSessionTimeoutError,
    ),
    "the database refuses the service: its password, its database or its permissions": (
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
        asyncpg.InsufficientPrivilegeError,
        asyncpg.UndefinedTableError,
        asyncpg.UndefinedFunctionError,
    ),
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
        raise UnavailableError("the database did not answer in time") from error
    except _TRANSIENT as error:
        raise TransientError("the database cannot be reached") from error
    except asyncpg.PostgresError as error:
        if (text := _refusal(error)) is None:
            raise
        raise UnavailableError(text) from error


def _refusal(error: asyncpg.PostgresError) -> str | None:
    if error.sqlstate == HISTORY_UNCONFIRMED:
        return "the history of the database is not confirmed"
    return next((text for text, kinds in _REFUSED.items() if isinstance(error, kinds)), None)
