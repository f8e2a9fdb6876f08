"""A translation of PostgreSQL's and asyncpg's errors into those of the ports; any other error passes through."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import asyncpg

from runtime.ports import TransientError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Each of these errors means that no transaction was committed, so a retry is safe. The store itself recognises a
# connection that breaks during COMMIT.
_TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a statement starts on a connection that breaks as another one ends
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
)
_UNAVAILABLE = (
    TimeoutError,
    asyncpg.QueryCanceledError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Translate errors of the server and of the connection to :class:`UnavailableError` or :class:`TransientError`."""
    try:
        yield
    except asyncpg.DataError:
        raise  # a subclass of InterfaceError, but a defect of the caller
    except _UNAVAILABLE as error:  # before the others: a TimeoutError is an OSError
        raise UnavailableError("the database did not answer in time or refused the service") from error
    except _TRANSIENT as error:
        raise TransientError("the database cannot be reached") from error
