"""PostgreSQL's and asyncpg's errors in the words of the ports; what is not listed is a defect and passes through."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import asyncpg

from runtime.ports import TransientError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Every one of them means that the transaction did not happen, or that there was none: safe to do again. A commit that
# breaks is told apart by the store, which knows that it was committing.
_TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a statement meets whose connection breaks while another one ends
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
    """Raise :class:`UnavailableError` or :class:`TransientError` for what the server, or the way to it, did."""
    try:
        yield
    except asyncpg.DataError:
        raise  # an InterfaceError by inheritance, and yet a defect of the caller
    except _UNAVAILABLE as error:  # before the others: a TimeoutError is an OSError
        raise UnavailableError("the database did not answer in time or refused the service") from error
    except _TRANSIENT as error:
        raise TransientError("the database cannot be reached") from error
