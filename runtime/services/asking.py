"""Questions to the store, which change nothing: each is bounded in time, and asked again after a connection broke."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from runtime.domain.entries import UnanswerableError
from runtime.ports import Reason, TransientError, UnavailableError
from runtime.services.backoff import pause_seconds
from runtime.services.suspicion import Suspicion

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from runtime.settings import Retry

T = TypeVar("T")

READ_SECONDS = 2.0
"""The longest that a read waits for the store: after the throttle's wait, so that it is answered within 3 seconds."""


class Asking:
    """Questions of one kind, which suspect together that the store is away."""

    def __init__(self, retry: Retry) -> None:
        self.suspicion = Suspicion()
        self._retry = retry

    async def ask(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Return the answer of the store, or raise :class:`runtime.ports.UnavailableError` in time."""
        if not self.suspicion.permits():
            raise UnavailableError("the database is away")
        try:
            async with asyncio.timeout(READ_SECONDS):
                answer = await self._tried(operation)
        except TimeoutError as error:
            self.suspicion.failed(Reason.SLOW)
            raise UnavailableError("the database did not answer in time", Reason.SLOW) from error
        except UnavailableError as error:
            self.suspicion.failed(error.reason)
            raise
        except UnanswerableError:  # an answer too
            self.suspicion.succeeded()
            raise
        self.suspicion.succeeded()
        return answer

    async def _tried(self, operation: Callable[[], Awaitable[T]]) -> T:
        failures = 0
        while True:
            try:
                return await operation()
            except TransientError:
                failures += 1
                if failures >= self._retry.attempts:
                    raise
            await asyncio.sleep(pause_seconds(self._retry, failures))
