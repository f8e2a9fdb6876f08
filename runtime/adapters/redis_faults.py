"""Classification of the errors of redis-py, by the reason for which the buckets could not be debited.

Source: the error codes in https://github.com/valkey-io/valkey/blob/9.0/src/server.c (``createSharedObjects``). An error
inside of a script keeps the code of the command that failed.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as NotConnectedError
from redis.exceptions import TimeoutError as NoAnswerError

from runtime.ports.throttling import BucketsUnavailableError, Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_BY_TYPE: tuple[tuple[type[Exception], Fault], ...] = (
    (AuthenticationError, Fault.ACCESS_DENIED),
    (AuthorizationError, Fault.ACCESS_DENIED),
    (NoPermissionError, Fault.ACCESS_DENIED),
    (FileNotFoundError, Fault.ACCESS_DENIED),  # of the password
    (UnicodeDecodeError, Fault.ACCESS_DENIED),
    (BusyLoadingError, Fault.LOADING),
    (ReadOnlyError, Fault.READ_ONLY),
    (OutOfMemoryError, Fault.OUT_OF_MEMORY),
    (NoAnswerError, Fault.SLOW),
    (TimeoutError, Fault.SLOW),
    (NotConnectedError, Fault.AWAY),
    (OSError, Fault.AWAY),
)
_BY_CODE = {
    "NOREPLICAS": Fault.TOO_FEW_REPLICAS,
    "WRONGTYPE": Fault.BROKEN_KEY,
    "BUSY": Fault.SLOW,
    "MASTERDOWN": Fault.READ_ONLY,
}
_POOL_IS_FULL = "No connection available."


@asynccontextmanager
async def bounded(seconds: float) -> AsyncIterator[None]:
    """Raise :class:`BucketsUnavailableError` for an error of the client inside, or after ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (RedisError, OSError, UnicodeDecodeError) as error:  # a TimeoutError is an OSError
        raise BucketsUnavailableError(fault_of(error)) from error


def fault_of(error: Exception) -> Fault:
    """Return the reason of an error."""
    if str(error) == _POOL_IS_FULL:
        return Fault.POOL_FULL
    if isinstance(error, ResponseError):
        code = error.status_code or str(error).partition(" ")[0]
        if fault := _BY_CODE.get(code):
            return fault
        if code == "ERR" and "script:" in str(error):
            return Fault.BROKEN_KEY
    return next((fault for kind, fault in _BY_TYPE if isinstance(error, kind)), Fault.REFUSED)
