"""Reads and changes while the store is away: circuits, and answers from memory that are marked and bounded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from runtime.app import Adapters, create_app
from runtime.domain.entries import EntryNotFoundError, OtherHistoryError, Version
from runtime.http.representations import Representation, represent
from runtime.ports.availability import CircuitState, Outage, Reason, Schema, TransientError, UnavailableError
from runtime.services import asking
from runtime.services import cache as cache_module
from runtime.services import circuit_breaker as circuit_module
from runtime.services import entries as entries_module
from runtime.services.background import Background
from runtime.services.cache import STALE_SECONDS, Cache
from runtime.services.entries import Entries
from tests.runtime.changing import ANYTHING, change, edit, put
from tests.runtime.fakes import EPOCH, MemoryEntries, client_of, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import httpx

    from runtime.domain.entries import Change, Found, Page
    from runtime.ports.entries import Follower, Result
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
URL = "/v1/namespaces/n/entries/k"
LIST = "/v1/namespaces/n/entries"
ABSENT = "/v1/namespaces/n/entries/absent"
TAG = '"0a1b2c3d-1"'
FAILURES, RESET_SECONDS = 2, 1
"""The circuit of the settings that these tests enforce."""


@dataclass
class Clock:
    """The monotonic clock, which only a test moves."""

    now: float = field(default_factory=lambda: float(round(monotonic())))

    def monotonic(self) -> float:
        return self.now


class AwayEntries(MemoryEntries):
    """A store that fails every call with ``failure`` while that is set, and counts the calls of readers."""

    def __init__(self) -> None:
        super().__init__()
        self.failure: Exception | None = None
        self.asked = 0

    async def read(self, namespace: str, key: str, at_least: Version | None = None) -> Found:
        self._ask()
        return await super().read(namespace, key, at_least)

    async def scan(
        self, namespace: str, after: str, limit: int, at_least: Version | None = None, prefix: str = ""
    ) -> Page:
        self._ask()
        return await super().scan(namespace, after, limit, at_least, prefix)

    async def change(self, changes: Sequence[Change]) -> Sequence[Result]:
        if self.failure:
            raise self.failure
        return await super().change(changes)

    def _ask(self) -> None:
        self.asked += 1
        if self.failure:
            raise self.failure


class ToldFeed:
    """A feed that a test drives by hand, through its only ``follower``."""

    follower: Follower
    outage: Outage | None = None
    schema = Schema(3, 3)

    async def follow(self, follower: Follower) -> None:
        self.follower = follower
        follower.begin(Version(EPOCH, 1))
        await asyncio.Event().wait()


AWAY = UnavailableError("the database cannot be reached")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (cache_module, circuit_module, entries_module):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
async def store() -> AwayEntries:
    """A store with one entry, at revision 1."""
    store = AwayEntries()
    await put(store, "n", "k")
    return store


@pytest.fixture
def cache(clock: Clock) -> Cache[Representation]:
    """The memory of a worker that has heard of revision 1."""
    cache: Cache[Representation] = Cache(1_000_000)
    cache.begin(Version(EPOCH, 1))
    cache.confirm(clock.now)
    return cache


@pytest.fixture
def entries(store: AwayEntries, settings: Settings, cache: Cache[Representation]) -> Entries[Representation]:
    return Entries(store, settings.database, cache, represent, Background(64))


@pytest.fixture
def feed() -> ToldFeed:
    return ToldFeed()


@pytest.fixture
async def client(
    settings: Settings, adapters: Adapters, store: AwayEntries, feed: ToldFeed, clock: Clock
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the started service, which has heard that its store is at revision 1."""
    app = create_app(settings, replace(adapters, store=store, changes=feed))
    async with running(app), client_of(app) as http:
        feed.follower.confirm(clock.now)
        yield http


async def refused(entries: Entries[Representation], *keys: str) -> None:
    """Read keys, none of which the worker has in memory, while the store is away."""
    for key in keys:
        with pytest.raises(UnavailableError):
            await entries.read("n", key)


async def test_every_reader_shares_the_circuit_so_that_none_waits_for_a_store_that_is_away(
    entries: Entries[Representation], store: AwayEntries, clock: Clock
) -> None:
    store.failure = AWAY
    await refused(entries, "a", "b")
    asked = store.asked
    await refused(entries, "c", "a", "d")
    with pytest.raises(UnavailableError, match=r"^the database is away$"):
        await entries.scan("n", "", 10)
    assert store.asked == asked
    clock.now += RESET_SECONDS
    await refused(entries, "c", "a", "d")
    assert store.asked == asked + 1


async def test_every_change_shares_a_circuit_that_a_change_closes(
    entries: Entries[Representation], store: AwayEntries, clock: Clock
) -> None:
    store.failure = AWAY
    for key in ("a", "b"):
        with pytest.raises(UnavailableError, match=r"^the database cannot be reached$"):
            await entries.write(change(edit("n", key)))
    store.failure = None
    with pytest.raises(UnavailableError, match=r"so this one was not sent$"):
        await entries.write(change(edit("n", "c")))
    assert entries.circuit.state is CircuitState.CLOSED  # reads are asked on
    clock.now += RESET_SECONDS
    await entries.write(change(edit("n", "c"), seconds=3600))
    assert entries.changes.circuit.state is CircuitState.CLOSED


async def test_a_refusal_is_told_at_once_and_opens_nothing_by_itself(
    entries: Entries[Representation], store: AwayEntries
) -> None:
    store.failure = UnavailableError("a wrong password", Reason.ACCESS_DENIED)
    await refused(entries, "a")
    assert entries.circuit.outage is not None
    assert entries.circuit.outage.reason is Reason.ACCESS_DENIED
    assert entries.circuit.state is CircuitState.CLOSED


async def test_one_answer_closes_the_circuit_for_every_reader(
    entries: Entries[Representation], store: AwayEntries, clock: Clock
) -> None:
    store.failure = AWAY
    await refused(entries, "a", "b")
    store.failure = None
    await refused(entries, "k")
    clock.now += RESET_SECONDS
    assert (await entries.scan("n", "", 10)).version == Version(EPOCH, 1)
    assert entries.circuit.state is CircuitState.CLOSED
    assert (await entries.read("n", "k")).value.version == Version(EPOCH, 1)


async def test_an_answer_that_the_history_is_another_one_is_an_answer_too(
    entries: Entries[Representation], store: AwayEntries, clock: Clock
) -> None:
    """After a restore every client may ask for a version of before."""
    store.failure = AWAY
    await refused(entries, "a", "b")
    store.failure = None
    clock.now += RESET_SECONDS
    for _ in range(2):
        with pytest.raises(OtherHistoryError):
            await entries.read("n", "k", Version("ffffffff", 1))
    assert entries.circuit.state is CircuitState.CLOSED


async def test_single_failures_between_answers_open_nothing(
    entries: Entries[Representation], store: AwayEntries
) -> None:
    for number in range(3):
        store.failure = AWAY
        await refused(entries, f"a{number}")
        store.failure = None
        await entries.scan("n", "", 10)
    assert entries.circuit.state is CircuitState.CLOSED


async def test_a_connection_that_broke_is_tried_again_and_counts_as_one_failure(
    entries: Entries[Representation], store: AwayEntries, settings: Settings
) -> None:
    store.failure = TransientError("the database cannot be reached")
    await refused(entries, "a")
    assert (store.asked, entries.circuit.state) == (settings.database.retry.attempts, CircuitState.CLOSED)


async def test_a_store_that_does_not_answer_is_given_up_and_opens_the_circuit(
    entries: Entries[Representation], store: AwayEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(store, "read", silent)
    monkeypatch.setattr(asking, "READ_SECONDS", 0.01)
    for key in ("a", "b"):
        with pytest.raises(UnavailableError, match=r"^the database did not answer in time$"):
            await entries.read("n", key)
    assert entries.circuit.state is CircuitState.OPEN


async def test_what_was_read_is_answered_with_its_age_until_the_bound_and_then_not(
    entries: Entries[Representation],
    store: AwayEntries,
    cache: Cache[Representation],
    settings: Settings,
    clock: Clock,
) -> None:
    value = (await entries.read("n", "k")).value
    store.failure = AWAY
    cache.lose()
    for age in (1, 30, settings.database.stale_seconds):
        clock.now += age - (cache.contents().age_seconds or 0)
        assert await entries.read("n", "k") == (value, age)
    clock.now += 0.1
    await refused(entries, "k")


async def test_while_the_feed_confirms_memory_answers_unmarked_although_the_store_is_away(
    entries: Entries[Representation], store: AwayEntries, cache: Cache[Representation], clock: Clock
) -> None:
    value = (await entries.read("n", "k")).value
    store.failure = AWAY
    clock.now += STALE_SECONDS - 1
    assert await entries.read("n", "k") == (value, None)
    clock.now += 1
    assert await entries.read("n", "k") == (value, STALE_SECONDS)
    cache.confirm(clock.now)
    assert await entries.read("n", "k") == (value, None)


async def test_what_is_known_to_have_changed_is_not_answered_from_memory(
    entries: Entries[Representation], store: AwayEntries, cache: Cache[Representation]
) -> None:
    await entries.read("n", "k")
    cache.changed(1, 2, [("n", "k")])
    store.failure = AWAY
    cache.lose()
    await refused(entries, "k")


async def test_after_a_change_of_unknown_outcome_the_old_value_is_not_answered(
    entries: Entries[Representation], store: AwayEntries, cache: Cache[Representation]
) -> None:
    await entries.read("n", "k")
    store.failure = AWAY
    cache.lose()
    with pytest.raises(UnavailableError):
        await entries.write(change(edit("n", "k", "2", ANYTHING)))
    await refused(entries, "k")


async def test_a_version_that_is_asked_for_is_never_answered_with_what_is_stale(
    entries: Entries[Representation], store: AwayEntries, cache: Cache[Representation]
) -> None:
    await entries.read("n", "k")
    store.failure = AWAY
    cache.lose()
    with pytest.raises(UnavailableError):
        await entries.read("n", "k", Version(EPOCH, 1))


async def test_when_the_store_is_back_the_answer_is_its_own(
    entries: Entries[Representation], store: AwayEntries, cache: Cache[Representation], clock: Clock
) -> None:
    await entries.read("n", "k")
    store.failure = AWAY
    cache.lose()
    for _ in range(3):
        assert (await entries.read("n", "k")).age == 0
    store.failure = None
    await put(store, "n", "k", "2", ANYTHING)
    clock.now += RESET_SECONDS
    assert ((await entries.read("n", "k")).value.version, entries.circuit.outage) == (Version(EPOCH, 2), None)


async def test_a_stale_absence_has_an_age_too(
    entries: Entries[Representation], store: AwayEntries, cache: Cache[Representation], clock: Clock
) -> None:
    for failure in (None, AWAY):
        store.failure = failure
        with pytest.raises(EntryNotFoundError) as caught:
            await entries.read("n", "absent")
        assert caught.value.age == (7 if failure else None)
        cache.lose()
        clock.now += 7


async def test_a_stale_answer_says_so_and_is_never_304(
    client: httpx.AsyncClient, store: AwayEntries, feed: ToldFeed, clock: Clock
) -> None:
    fresh = await client.get(URL)
    assert ("age" in fresh.headers, "cache-status" in fresh.headers) == (False, False)
    store.failure = AWAY
    feed.follower.lose()
    clock.now += 42.9
    for headers in ({}, {"if-none-match": TAG}, {"if-none-match": "*"}, {"if-match": '"0a1b2c3d-9"'}):
        stale = await client.get(URL, headers=headers)
        assert (stale.status_code, stale.content, stale.headers["etag"]) == (200, fresh.content, TAG)
        assert (stale.headers["age"], stale.headers["cache-status"]) == ("42", "cbp; hit; ttl=-42")
    head = await client.head(URL)
    assert (head.status_code, head.content, head.headers["age"]) == (200, b"", "42")


async def test_a_stale_absence_says_so_too(
    client: httpx.AsyncClient, store: AwayEntries, feed: ToldFeed, clock: Clock
) -> None:
    fresh = await client.get(ABSENT)
    assert ("age" in fresh.headers, "cache-status" in fresh.headers) == (False, False)
    store.failure = AWAY
    feed.follower.lose()
    clock.now += 42.9
    stale = await client.get(ABSENT)
    assert (stale.status_code, stale.content) == (404, fresh.content)
    assert (stale.headers["age"], stale.headers["cache-status"]) == ("42", "cbp; hit; ttl=-42")


async def test_beyond_the_bound_and_for_what_is_not_in_memory_the_answer_is_503(
    client: httpx.AsyncClient, store: AwayEntries, feed: ToldFeed, clock: Clock, settings: Settings
) -> None:
    await client.get(URL)
    store.failure = AWAY
    feed.follower.lose()
    for url in (ABSENT, LIST, f"{URL}?at_least=0a1b2c3d-1"):
        response = await client.get(url)
        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        assert "age" not in response.headers
    clock.now += settings.database.stale_seconds
    assert (await client.get(URL)).status_code == 200
    clock.now += 0.1
    assert (await client.get(URL)).status_code == 503


async def test_a_store_that_comes_back_answers_unmarked_and_304_again(
    client: httpx.AsyncClient, store: AwayEntries, feed: ToldFeed, clock: Clock
) -> None:
    await client.get(URL)
    store.failure = AWAY
    feed.follower.lose()
    clock.now += 10
    for _ in range(FAILURES):
        assert "age" in (await client.get(URL)).headers
    store.failure = None
    clock.now += RESET_SECONDS
    response = await client.get(URL, headers={"if-none-match": TAG})
    assert (response.status_code, "age" in response.headers) == (304, False)


async def test_what_another_history_replaced_is_not_answered_from_memory(
    client: httpx.AsyncClient, store: AwayEntries, feed: ToldFeed
) -> None:
    await client.get(URL)
    feed.follower.begin(Version("ffffffff", 1))
    store.failure = AWAY
    feed.follower.lose()
    assert (await client.get(URL, headers={"if-none-match": TAG})).status_code == 503
