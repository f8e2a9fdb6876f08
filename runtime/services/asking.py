"""Questions to the store, which change nothing: each is bounded in time, and asked again after a connection broke."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from runtime.domain.entries import UnanswerableError
from runtime.ports.availability import OverloadedError, Reason, TransientError, UnavailableError
from runtime.services.circuit_breaker import CircuitBreaker
from runtime.services.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from runtime.settings import Database

T = TypeVar("T")

READ_SECONDS = 2.0
"""The longest that a read waits for the store: after the throttle's wait, so that it is answered within 3 seconds."""


def nothing() -> None:
    """Require nothing."""


class Asking:
    """Questions of one kind, which share a circuit to the store; ``require`` raises while none is to be asked."""

    def __init__(self, settings: Database, require: Callable[[], None] = nothing) -> None:
        self.circuit = CircuitBreaker(settings.circuit_breaker, READ_SECONDS)
        self._require = require
        self._retries = Retries(settings.retry)

    async def ask(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Return the answer of the store, or raise :class:`runtime.ports.availability.UnavailableError` in time.

        What ``require`` raises is raised before the store is asked.
        """
        self._require()
        return await self.ask_regardless(operation)

    async def ask_regardless(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Ask without ``require``: for a probe, and for the answer to a change that was made."""
        if not self.circuit.permits():
            raise UnavailableError("the database is away")
        try:
            async with asyncio.timeout(READ_SECONDS):
                answer = await self._tried(operation)
        except TimeoutError as error:
            self.circuit.failed(Reason.SLOW)
            raise UnavailableError("the database did not answer in time", Reason.SLOW) from error
        except OverloadedError:  # the store was not asked
            raise
        except UnavailableError as error:
            self.circuit.failed(error.reason)
            raise
        except UnanswerableError:  # an answer too
            self.circuit.succeeded()
            raise
        self.circuit.succeeded()
        return answer

    async def _tried(self, operation: Callable[[], Awaitable[T]]) -> T:
        failures: list[TransientError] = []
        self._retries.earn()
        while True:
            try:
                return await operation()
            except OverloadedError:
                if not failures:
                    raise
                raise failures[-1] from None
            except TransientError as error:
                failures.append(error)
                if not self._retries.permits(len(failures)):
                    raise
            await asyncio.sleep(self._retries.pause_seconds(len(failures)))
