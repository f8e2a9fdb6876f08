"""Entries: read from memory, written to the store, with the retries of the settings where a retry is safe."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar

import stamina

from runtime.domain.entries import EntryNotFoundError
from runtime.ports import TransientError
from runtime.services.cache import Held, S

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from runtime.domain.entries import Entry, Json, Page
    from runtime.domain.preconditions import Conditions
    from runtime.ports import EntryStore
    from runtime.services.cache import Cache, Name
    from runtime.settings import Retry

P = ParamSpec("P")
T = TypeVar("T")


class Entries(Generic[S]):
    """Entries in the form that ``present`` gives them, which is also the one that memory keeps.

    Every call may raise :class:`runtime.ports.UnavailableError`. Only :class:`runtime.ports.TransientError` is tried
    again: after it, nothing has changed, so that a change is made once at most.
    """

    def __init__(self, store: EntryStore, retry: Retry, cache: Cache[S], present: Callable[[Entry], S]) -> None:
        self._store = store
        self._cache = cache
        self._present = present
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

    async def read(self, namespace: str, key: str) -> S:
        """Return the entry, or raise :class:`EntryNotFoundError`."""
        name = (namespace, key)
        held = self._cache.get(name) or await self._fetch(name)
        if held.value is None:
            raise EntryNotFoundError
        return held.value

    async def scan(self, namespace: str, after: str, limit: int) -> Page:
        """Return a page of the namespace, which is empty when nothing was ever written to it."""
        return await self._call(self._store.scan, namespace, after, limit)

    async def write(self, namespace: str, key: str, value: Json, conditions: Conditions) -> tuple[S, bool]:
        """Create or replace an entry under ``conditions``; return it, and whether it is new."""
        with self._changing(namespace, key):
            entry, created = await self._call(self._store.write, namespace, key, value, conditions)
        return self._present(entry), created

    async def remove(self, namespace: str, key: str, conditions: Conditions) -> None:
        """Delete an entry under ``conditions``."""
        with self._changing(namespace, key):
            await self._call(self._store.remove, namespace, key, conditions)

    async def _fetch(self, name: Name) -> Held[S]:
        with self._cache.filling(name) as fill:
            entry = await self._call(self._store.read, *name)
            fill.found = Held(None if entry is None else self._present(entry))
        return fill.found

    @contextmanager
    def _changing(self, namespace: str, key: str) -> Iterator[None]:
        """Let this worker read its own change at once, also one whose outcome is not known."""
        try:
            yield
        finally:
            self._cache.forget((namespace, key))

    async def _call(self, operation: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        # The machinery of retries costs a read a tenth of its time, so it is started by the first failure alone. The
        # first retry comes at once: what failed is mostly a connection that was closed while it was idle.
        try:
            return await operation(*args, **kwargs)
        except TransientError:
            if not self._retries:
                raise
        return await self._retrying(operation, *args, **kwargs)
