"""Entries, with the retries of the settings where a retry is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

import stamina

from runtime.domain.entries import EntryNotFoundError
from runtime.ports import TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from runtime.domain.entries import Entry, Json, Page
    from runtime.domain.preconditions import Conditions
    from runtime.ports import EntryStore
    from runtime.settings import Retry

P = ParamSpec("P")
T = TypeVar("T")


class Entries:
    """Every call may raise :class:`runtime.ports.UnavailableError`.

    Only :class:`runtime.ports.TransientError` is tried again: after it, nothing has changed, so that a change is made
    once at most.
    """

    def __init__(self, store: EntryStore, retry: Retry) -> None:
        self._store = store
        self._retries = retry.attempts - 1
        initial = retry.initial_milliseconds / 1000
        self._retrying = stamina.AsyncRetryingCaller(
            attempts=max(1, self._retries),
            timeout=None,
            wait_initial=initial,
            wait_max=retry.maximum_milliseconds / 1000,
            wait_jitter=initial if retry.jitter else 0,
            wait_exp_base=2,
        ).on(TransientError)

    async def read(self, namespace: str, key: str) -> Entry:
        """Return the entry, or raise :class:`EntryNotFoundError`."""
        entry = await self._call(self._store.read, namespace, key)
        if entry is None:
            raise EntryNotFoundError
        return entry

    async def scan(self, namespace: str, after: str, limit: int) -> Page:
        """Return a page of the namespace, which is empty when nothing was ever written to it."""
        return await self._call(self._store.scan, namespace, after, limit)

    async def write(self, namespace: str, key: str, value: Json, conditions: Conditions) -> tuple[Entry, bool]:
        """Create or replace an entry under ``conditions``; return it, and whether it is new."""
        return await self._call(self._store.write, namespace, key, value, conditions)

    async def remove(self, namespace: str, key: str, conditions: Conditions) -> None:
        """Delete an entry under ``conditions``."""
        await self._call(self._store.remove, namespace, key, conditions)

    async def _call(self, operation: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        # The machinery of retries costs a read a tenth of its time, so it is started by the first failure alone. The
        # first retry comes at once: what failed is mostly a connection that was closed while it was idle.
        try:
            return await operation(*args, **kwargs)
        except TransientError:
            if not self._retries:
                raise
        return await self._retrying(operation, *args, **kwargs)
