"""The service of entries: reads through the cache, writes to the store, and safe retries as the settings say."""

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
    """Entries in the representation of ``present``, in which the cache also holds them.

    Every call may raise :class:`runtime.ports.UnavailableError`. Only a :class:`runtime.ports.TransientError`, which
    changed nothing, is retried, so that a change happens at most once.
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
        """Return a page of the namespace; it is empty when the namespace has no entries."""
        return await self._call(self._store.scan, namespace, after, limit)

    async def write(self, namespace: str, key: str, value: Json, conditions: Conditions) -> tuple[S, bool]:
        """Create or replace an entry under ``conditions``; return the entry, and whether it is new."""
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
        """Evict the name after a change, even one of unknown outcome, so that this worker reads its own change."""
        try:
            yield
        finally:
            self._cache.forget((namespace, key))

    async def _call(self, operation: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        # The retry library costs a tenth of a read's time, so only the first failure starts it. The first retry comes
        # at once, because the usual cause is a connection that was closed while idle.
        try:
            return await operation(*args, **kwargs)
        except TransientError:
            if not self._retries:
                raise
        return await self._retrying(operation, *args, **kwargs)
