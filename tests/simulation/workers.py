"""A worker of the service: the real parts, composed as in :mod:`runtime.app`, on simulated servers."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from starlette.requests import Request

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_changes import PostgresChanges
from runtime.adapters.postgres_horizon import Horizon
from runtime.environment import Address
from runtime.http.changes import ChangeMaker
from runtime.http.entries import EntryHandlers
from runtime.http.representations import Representation, represent
from runtime.ports.availability import CircuitState, UnavailableError
from runtime.services.background import Background
from runtime.services.cache import Cache
from runtime.services.definitions import Definitions
from runtime.services.entries import Entries
from runtime.settings import CircuitBreaker, Retry
from runtime.settings import Database as Settings
from runtime.telemetry import Telemetry
from tests.simulation.database import PARTITIONS
from tests.simulation.truth import ViolationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from runtime.domain.entries import Change, Found, Layers, Mark, Page, Version, Whole
    from runtime.domain.namespaces import Names, Summaries
    from runtime.ports.availability import Circuit, Pool
    from runtime.ports.entries import HistoryStore, Result
    from tests.simulation.functions import Name
    from tests.simulation.truth import Truth

CHANGE_SECONDS = 3
RESET_SECONDS = 1
_TELEMETRY = Telemetry()


def settings(*, lossless: bool, stale_seconds: int) -> Settings:
    """Return settings whose timeouts are those of a cluster, and shorter where they only take time."""
    return Settings(
        pool_size=4,
        read_pool_size=2,
        lossless_failover=lossless,
        replica_lag_seconds=3,
        stale_seconds=stale_seconds,
        events_retention_days=1,
        partitions=PARTITIONS,
        connect_timeout_seconds=2,
        statement_timeout_seconds=CHANGE_SECONDS,
        idle_timeout_seconds=60,
        retry=Retry(
            attempts=3,
            exponential=True,
            jitter=True,
            initial_milliseconds=50,
            maximum_milliseconds=1000,
            budget_percent=20,
            budget_retries=10,
        ),
        circuit_breaker=CircuitBreaker(failure_threshold=2, reset_seconds=RESET_SECONDS),
    )


class Marks:
    """A :class:`runtime.ports.entries.HighWater` that all workers share; it may be away, or forget."""

    def __init__(self) -> None:
        self.mark: Mark | None = None
        self.away = False

    async def read(self) -> Mark | None:
        await self._wait()
        return self.mark

    async def raise_to(self, mark: Mark) -> None:
        await self._wait()
        kept = self.mark
        if kept is None or kept.version.epoch != mark.version.epoch or kept.version.revision <= mark.version.revision:
            self.mark = mark

    async def _wait(self) -> None:
        await asyncio.sleep(0.25 if self.away else 0.001)
        if self.away:
            raise UnavailableError("Redis does not answer")


class _Watched:
    """A follower that checks what it is told, and tells it to the cache."""

    def __init__(self, cache: Cache[Representation], truth: Truth, fail: Callable[[Exception], None]) -> None:
        self.outdated: defaultdict[Name, int] = defaultdict(int)
        """How often a pending read of each name has become useless."""
        self.interruptions = 0
        self._cache = cache
        self._truth = truth
        self._fail = fail
        self._follows = False

    @property
    def version(self) -> Version | None:
        return self._cache.version

    def begin(self, version: Version) -> None:
        self._cache.begin(version)
        self.interruptions += 1
        self._follows = True

    def changed(self, after: int, revision: int, names: Iterable[Name]) -> None:
        told, before = frozenset(names), self._cache.version
        for name in told:
            self.outdated[name] += 1
        self._cache.changed(after, revision, told)
        now = self._cache.version
        if before is not None and now is not None and now != before:
            self._check(lambda: self._truth.check_told(now.epoch, before.revision, now.revision, told))

    def confirm(self, asked_at: float) -> None:
        self._cache.confirm(asked_at)
        version = self._cache.version
        if version is not None:
            self._check(lambda: self._truth.check_confirmed(version, asked_at))

    def lose(self) -> None:
        self._cache.lose()
        self.interruptions += 1

    def _check(self, check: Callable[[], None]) -> None:
        try:
            check()
        except ViolationError as error:
            self._fail(error)


class _CountedStore:
    """A store that checks how often the service asks for a name, and how often while its circuit is not closed."""

    def __init__(self, store: PostgresEntries, fail: Callable[[Exception], None]) -> None:
        self.useless: Callable[[Name], tuple[int, int]]
        self.cut: Callable[[], bool]
        self._store = store
        self._fail = fail
        self._reading: dict[Name, list[tuple[int, int]]] = defaultdict(list)
        self._began: WeakKeyDictionary[asyncio.Task[Any], tuple[int, int]] = WeakKeyDictionary()
        self._probes: list[float] = []
        self.answers = 0
        """How many reads the store has answered."""

    @property
    def history(self) -> HistoryStore:
        return self._store.history

    async def read(self, namespace: str, key: str, at_least: Version | None = None) -> Found:
        name, task = (namespace, key), asyncio.current_task()
        assert task is not None
        # A read that is repeated after an error began with its first attempt.
        if task not in self._began:
            self._began[task] = self.useless(name)
            self._count_probe()
        reading, useless = self._reading[name], self._began[task]
        if at_least is None and useless in reading:
            self._fail(ViolationError(f"{name} is read twice at once, and nothing happened in between"))
        if at_least is None:
            reading.append(useless)
        try:
            found = await self._store.read(namespace, key, at_least)
        finally:
            if at_least is None:
                reading.remove(useless)
        self.answers += 1
        return found

    def _count_probe(self) -> None:
        if not self.cut():
            self._probes.clear()
            return
        now = asyncio.get_running_loop().time()
        self._probes = [*(at for at in self._probes if at > now - RESET_SECONDS), now]
        if len(self._probes) > 2:
            self._fail(
                ViolationError(
                    f"{len(self._probes)} requests asked a store behind an open circuit in {RESET_SECONDS} s"
                )
            )

    async def scan(
        self, namespace: str, after: str, limit: int, at_least: Version | None = None, prefix: str = ""
    ) -> Page:
        return await self._store.scan(namespace, after, limit, at_least, prefix)

    async def layers(self, namespace: str, at_least: Version | None = None, *, actors: bool = False) -> Layers:
        return await self._store.layers(namespace, at_least, actors=actors)

    async def namespaces(
        self,
        names: Sequence[Names],
        after: str,
        limit: int,
        labels: Mapping[str, str],
        at_least: Version | None = None,
    ) -> Summaries:
        return await self._store.namespaces(names, after, limit, labels, at_least)

    async def whole(self, namespace: str, at_least: Version | None = None) -> Whole:
        return await self._store.whole(namespace, at_least)

    async def change(self, changes: Sequence[Change]) -> Sequence[Result]:
        return await self._store.change(changes)

    async def open(self) -> None:
        await self._store.open()

    async def close(self) -> None:
        await self._store.close()

    @property
    def circuits(self) -> Mapping[str, Circuit]:
        return self._store.circuits

    def pools(self) -> Mapping[str, Pool]:
        return self._store.pools()


class Worker:
    """A worker from its start until it is killed."""

    def __init__(
        self,
        name: str,
        options: Settings,
        marks: Marks,
        truth: Truth,
        fail: Callable[[Exception], None],
        *,
        standby: bool,
    ) -> None:
        self.name = name
        self.horizon = Horizon(options.replica_lag_seconds)
        self.cache: Cache[Representation] = Cache(20_000)
        self._follower = _Watched(self.cache, truth, fail)
        replicas = _address(name, "ro") if standby else None
        self._store = PostgresEntries(_address(name, "rw"), replicas, options, self.horizon)
        self._counted = counted = _CountedStore(self._store, fail)
        self.entries = Entries(counted, options, self.cache, represent, Background(64))
        counted.useless = lambda name: (self._follower.outdated[name], self._follower.interruptions)
        counted.cut = lambda: self.entries.circuit.state is not CircuitState.CLOSED
        definitions = Definitions(counted, self.entries, lambda kept: kept.version, ThreadPoolExecutor(1), 1)
        self._handlers = EntryHandlers(self.entries, ChangeMaker(CHANGE_SECONDS), definitions)
        self._feed = PostgresChanges(_address(name, "direct"), options, self.horizon, marks)
        self._fail = fail
        self._tasks: set[asyncio.Task[Any]] = set()
        self.lives = True

    async def start(self) -> None:
        """Open the store and follow its changes."""
        await self._store.open()
        self.spawn(self._feed.follow(self._follower)).add_done_callback(self._ended)

    def is_ready(self) -> bool:
        """Return whether requests are sent to it: it lives, and its feed was seen once."""
        return self.lives and self.horizon.server_time(0) is not None

    @property
    def confirmed(self) -> tuple[bool, int]:
        """Whether memory is known to be current, and how often the store has answered a read."""
        return self.cache.contents().live, self._counted.answers

    def kill(self) -> None:
        """End at once, with every request."""
        self.lives = False
        for task in self._tasks:
            task.cancel()

    def spawn(self, work: Awaitable[Any]) -> asyncio.Task[Any]:
        """Do something as a part of this worker."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def read(self, name: Name, headers: dict[str, str], at_least: Version | None = None) -> Any:
        """Answer a GET; raise as the handler does."""
        return await self._handlers.read(_request(name, headers, "" if at_least is None else f"at_least={at_least}"))

    async def write(self, change: Change) -> tuple[Representation, bool]:
        """Make a change that creates or replaces."""
        try:
            return await self.entries.write(change)
        finally:
            for edit in change.edits:
                self._follower.outdated[edit.namespace, edit.key] += 1

    async def remove(self, change: Change) -> None:
        """Make a change that removes."""
        try:
            await self.entries.remove(change)
        finally:
            for edit in change.edits:
                self._follower.outdated[edit.namespace, edit.key] += 1

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            assert isinstance(error, Exception)
            self._fail(error)


def _address(worker: str, endpoint: str) -> Address:
    return Address(f"postgresql://{worker}:secret@{endpoint}/cbp")


def _request(name: Name, headers: dict[str, str], query: str) -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/",
            "path_params": {"namespace": name[0], "key": name[1]},
            "headers": [(field.encode(), value.encode()) for field, value in headers.items()],
            "query_string": query.encode(),
            "request_id": "simulated",
        }
    )
