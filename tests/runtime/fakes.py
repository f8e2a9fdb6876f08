"""Fakes of the ports, each under the contract suite of the real one, and a way to run an application in a test."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runtime.domain.buckets import State, debited, filled, refilled, wait_microseconds
from runtime.domain.entries import Entry, EntryNotFoundError, Json, Page
from runtime.domain.preconditions import Conditions, permit_change
from runtime.ports import BucketsUnavailableError, Fault, Grant, KeyedBucket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.types import ASGIApp, Message

    from runtime.ports import Follower


class MemoryEntries:
    """An entry store in memory; the errors in ``failures`` are raised by the next calls, in order."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Entry] = {}
        self.revision = 0
        self.changes: list[tuple[int, str, str]] = []
        self.failures: list[Exception] = []
        self.reads = 0

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def ping(self) -> None:
        self._fail()

    async def read(self, namespace: str, key: str) -> Entry | None:
        self._fail()
        self.reads += 1
        return self.entries.get((namespace, key))

    async def scan(self, namespace: str, after: str, limit: int) -> Page:
        self._fail()
        found = sorted((e for e in self.entries.values() if e.namespace == namespace and e.key > after), key=_key)
        page = tuple(found[:limit])
        return Page(page, page[-1].key if len(found) > limit else None)

    async def write(self, namespace: str, key: str, value: Json, conditions: Conditions) -> tuple[Entry, bool]:
        self._fail()
        current = self.entries.get((namespace, key))
        permit_change(conditions, current.revision if current else None)
        self._change(namespace, key)
        entry = self.entries[namespace, key] = Entry(namespace, key, value, self.revision, datetime.now(UTC))
        return entry, current is None

    async def remove(self, namespace: str, key: str, conditions: Conditions) -> None:
        self._fail()
        current = self.entries.get((namespace, key))
        permit_change(conditions, current.revision if current else None)
        if current is None:
            raise EntryNotFoundError
        self._change(namespace, key)
        del self.entries[namespace, key]

    def _change(self, namespace: str, key: str) -> None:
        self.revision += 1
        self.changes.append((self.revision, namespace, key))

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


class MemoryChanges:
    """The feed of a :class:`MemoryEntries`; while ``away`` is set, nothing is told, as over a broken connection."""

    def __init__(self, entries: MemoryEntries) -> None:
        self._entries = entries
        self.away = False

    async def follow(self, follower: Follower) -> None:
        while True:
            if not self.away:
                try:
                    await self._tell(follower)
                finally:
                    follower.lose()
            await asyncio.sleep(0.001)

    async def _tell(self, follower: Follower) -> None:
        follower.begin(self._entries.revision)
        while not self.away:
            asked_at = time.monotonic()
            for revision, namespace, key in self._entries.changes[follower.revision :]:
                follower.changed(revision, namespace, key)
            follower.confirm(asked_at)
            await asyncio.sleep(0.001)


class MemoryBuckets:
    """Shared token buckets in memory, at the time ``now`` (microseconds), which fail while there is a ``fault``."""

    def __init__(self) -> None:
        self.now = 0
        self.fault: Fault | None = None
        self.probes = 0
        self.taken: list[int] = []
        self.states: dict[str, State] = {}

    async def close(self) -> None: ...

    async def probe(self) -> None:
        self.probes += 1
        self._fail()

    async def take(self, buckets: Sequence[KeyedBucket], wanted: int) -> Grant:
        self._fail()
        states = [self._state(bucket) for bucket in buckets]
        pairs = list(zip(buckets, states, strict=True))
        wait = max(wait_microseconds(bucket.shape, state) for bucket, state in pairs)
        tokens = [max(1, state.level // bucket.shape.token // 10) for bucket, state in pairs]
        granted = 0 if wait else min(wanted, *tokens)
        for bucket, state in pairs:
            self.states[bucket.key] = debited(bucket.shape, state, granted)
        self.taken.append(granted)
        return Grant(granted, wait, tuple(self.states[bucket.key].level for bucket in buckets))

    def _fail(self) -> None:
        if self.fault is not None:
            raise BucketsUnavailableError(self.fault)

    def _state(self, bucket: KeyedBucket) -> State:
        state = self.states.get(bucket.key, filled(bucket.shape, self.now))
        return refilled(bucket.shape, state, self.now)


def _key(entry: Entry) -> str:
    return entry.key


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[None]:
    """Run the application's lifespan as a server does: in a task of its own."""
    received: asyncio.Queue[Message] = asyncio.Queue()
    sent: asyncio.Queue[Message] = asyncio.Queue()

    async def live() -> None:
        await app({"type": "lifespan", "state": {}}, received.get, sent.put)

    task = asyncio.create_task(live())
    await received.put({"type": "lifespan.startup"})
    started = await sent.get()
    assert started == {"type": "lifespan.startup.complete"}, started
    yield
    await received.put({"type": "lifespan.shutdown"})
    await task
    assert sent.get_nowait() == {"type": "lifespan.shutdown.complete"}
