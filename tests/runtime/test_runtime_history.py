"""The contract of the history of entries, on the fake and on PostgreSQL, and its agreement with a model."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import AsyncMock
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_history import PostgresHistory
from runtime.adapters.postgres_horizon import Horizon
from runtime.domain.entries import Action, Context, Guard, OtherHistoryError, PreconditionFailedError, Version
from runtime.domain.history import (
    Digest,
    KeyEdit,
    Kind,
    NotKeptError,
    UnsettledTimeError,
    VersionNotFoundError,
)
from runtime.embedded.cluster import OWNER
from runtime.environment import Address
from runtime.http.representations import represent
from runtime.services.background import Background
from runtime.services.cache import Cache
from runtime.services.definitions import Definitions
from runtime.services.entries import Entries
from runtime.services.history import History
from runtime.services.retention import RetainedHistory
from tests.conftest import in_database
from tests.runtime.changing import ANYTHING, change, edit, put
from tests.runtime.fakes import MemoryEntries
from tests.runtime.memory_history import MemoryHistory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from runtime.domain.entries import Change, Edit
    from runtime.domain.history import Difference, Differences, NamespaceChanges
    from runtime.embedded.postgres import PostgresServer
    from runtime.http.representations import Representation
    from runtime.ports.entries import EntryStore, HistoryStore
    from runtime.settings import Database as Options
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio


class Subject(NamedTuple):
    """A store, its history without the wait for times, that with it, and a way to drop its first revisions."""

    store: EntryStore
    history: HistoryStore
    waiting: HistoryStore
    forget: Callable[[int], Awaitable[None]]


class Database(NamedTuple):
    """A migrated database, for the role that serves and for the one that migrates."""

    url: str
    owner_url: str


@pytest.fixture(params=["memory", "postgres"])
def database(request: pytest.FixtureRequest) -> Database | None:
    if request.param == "memory":
        return None
    url = request.getfixturevalue("migrated_url")
    server: PostgresServer = request.getfixturevalue("postgres")
    return Database(url, in_database(server.migration_url, url.rpartition("/")[2]))


@pytest.fixture
async def subject(database: Database | None, settings: Settings) -> AsyncIterator[Subject]:
    if database is None:
        fake = MemoryEntries()
        fake.history.settled_seconds = 0

        async def forget(revision: int) -> None:
            fake.history.forget(revision)

        yield Subject(fake, fake.history, MemoryHistory(fake), forget)
        return
    real = PostgresEntries(Address(database.url), None, settings.database, Horizon(3))
    await real.open()
    owner_url = database.owner_url
    history = PostgresHistory(real, settled_seconds=0)
    yield Subject(real, history, real.history, lambda revision: _drop(owner_url, revision))
    await real.close()


async def _drop(owner_url: str, revision: int) -> None:
    """Put the first revisions into a partition of their own, and drop it as retention does."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute(f"SET ROLE {OWNER}")
    await owner.execute(
        "ALTER TABLE events DETACH PARTITION events_1; DROP TABLE events_1000001;"
        "ALTER TABLE events_1 RENAME TO former; INSERT INTO events SELECT * FROM former; DROP TABLE former"
    )
    await owner.execute("SELECT make_event_partitions($1, $1)", revision)
    assert await owner.fetchval("SELECT drop_expired_events($1)", timedelta(0)) == "events_1"
    await owner.close()


@pytest.fixture
def store(subject: Subject) -> EntryStore:
    return subject.store


@pytest.fixture
def history(subject: Subject) -> HistoryStore:
    return subject.history


def past(
    history: HistoryStore, store: EntryStore, entries: Entries[Representation], options: Options
) -> History[Representation]:
    """Return the service of a store's history."""
    definitions = Definitions(store, entries, lambda kept: kept.version, ThreadPoolExecutor(1), 90)
    return History(history, entries, definitions, options)


async def make(store: EntryStore, *edits: Edit, context: Context | None = None) -> Version:
    """Make one change; raise the reason when it is refused."""
    (result,) = await store.change([change(*edits, context=context)])
    if isinstance(result, Exception):
        raise result
    return result[0].version


async def states(store: EntryStore) -> dict[int, dict[str, str]]:
    """Make a small history of the namespace n, beside another one; return the values by key at each revision."""
    await put(store, "n", "a", "1")
    await put(store, "n", "b", "1")
    await put(store, "other", "a", "7")
    await put(store, "n", "a", "2", ANYTHING)
    await put(store, "n", "b", None, ANYTHING)
    await make(store, edit("n", "a", "3", ANYTHING), edit("n", "c", "[1.0]"), edit("other", "a", None, ANYTHING))
    return {
        0: {},
        1: {"a": "1"},
        2: {"a": "1", "b": "1"},
        3: {"a": "1", "b": "1"},
        4: {"a": "2", "b": "1"},
        5: {"a": "2"},
        6: {"a": "3", "c": "[1.0]"},
    }


async def test_versions_of_a_key_are_told_newest_first_with_their_origin_and_digest(
    store: EntryStore, history: HistoryStore
) -> None:
    await make(store, edit("n", "k", '"ä"'), context=Context("somebody", "request-1", "a reason"))
    await make(store, edit("n", "j"), edit("n", "k", None, ANYTHING))
    await put(store, "n", "k", "2")
    page = await history.versions("n", "k", None, 10)
    told = [(each.version.revision, each.ordinal, each.action, each.context) for each in page.versions]
    assert told == [
        (3, 0, Action.CREATE, Context()),
        (2, 1, Action.DELETE, Context()),
        (1, 0, Action.CREATE, Context("somebody", "request-1", "a reason")),
    ]
    text = '"ä"'.encode()
    assert [each.digest for each in page.versions][1:] == [None, Digest(4, hashlib.sha256(text).hexdigest())]
    assert (page.next, page.oldest.revision, page.version) == (None, 0, page.versions[0].version)
    assert [each.at for each in page.versions] == sorted((each.at for each in page.versions), reverse=True)
    assert (await history.versions("n", "none", None, 10)).versions == ()


async def test_pages_of_versions_follow_each_other_also_while_new_ones_come(
    store: EntryStore, history: HistoryStore
) -> None:
    for number in range(1, 6):
        await put(store, "n", "k", str(number), None if number == 1 else ANYTHING)
    first = await history.versions("n", "k", None, 2)
    await put(store, "n", "k", "6", ANYTHING)
    second = await history.versions("n", "k", first.next, 2)
    third = await history.versions("n", "k", second.next, 2)
    pages = [[each.version.revision for each in page.versions] for page in (first, second, third)]
    assert (pages, third.next) == ([[5, 4], [3, 2], [1]], None)


async def test_one_version_is_read_with_its_value_and_no_other_revision_is_one(
    store: EntryStore, history: HistoryStore
) -> None:
    epoch = (await put(store, "n", "k", "1.10")).version.epoch
    await put(store, "n", "j")
    await put(store, "n", "k", None, ANYTHING)
    found = [await history.version("n", "k", Version(epoch, revision)) for revision in (1, 3)]
    assert [(each.value, each.version.action) for each in found] == [("1.10", Action.CREATE), (None, Action.DELETE)]
    with pytest.raises(VersionNotFoundError):
        await history.version("n", "k", Version(epoch, 2))


async def test_changes_of_a_namespace_hold_its_keys_and_no_others(store: EntryStore, history: HistoryStore) -> None:
    await states(store)
    first = await history.changes("n", None, 3)
    assert [(each.version.revision, each.edits) for each in first.changes] == [
        (6, (KeyEdit("a", Action.REPLACE), KeyEdit("c", Action.CREATE))),
        (5, (KeyEdit("b", Action.DELETE),)),
        (4, (KeyEdit("a", Action.REPLACE),)),
    ]
    assert first.next == first.changes[-1].version
    second = await history.changes("n", first.next, 3)
    assert ([each.version.revision for each in second.changes], second.next) == ([2, 1], None)
    assert (await history.changes("nothing", None, 3)).changes == ()


async def test_a_change_is_found_by_its_id(store: EntryStore, history: HistoryStore) -> None:
    made = change(edit("n", "k"), edit("other", "k"))
    await store.change([made])
    found = await history.made(made.id, "n")
    assert found is not None
    assert (found.version.revision, found.edits) == (1, (KeyEdit("k", Action.CREATE),))
    assert await history.made(uuid4(), "n") is None


async def test_a_version_of_another_history_or_of_the_future_is_refused_by_every_question(
    store: EntryStore, history: HistoryStore
) -> None:
    known = (await put(store, "n", "k")).version
    for other in (Version("ffffffff", 1), Version(known.epoch, 2)):
        for asked in (
            history.read("n", ["k"], other),
            history.scan("n", "", 1, other),
            history.versions("n", "k", other, 1),
            history.version("n", "k", other),
            history.changes("n", other, 1),
            history.differences("n", other, None, None, 1),
            history.differences("n", known, other, None, 1),
        ):
            with pytest.raises(OtherHistoryError):
                await asked
    with pytest.raises(OtherHistoryError):
        await history.differences("n", known, known, Version("ffffffff", 1), 1)


async def test_a_time_stands_for_the_last_change_until_then(store: EntryStore, history: HistoryStore) -> None:
    made = []
    for key in "abc":
        made.append(await put(store, "n", key))
        await asyncio.sleep(0.002)
    step = timedelta(microseconds=1)
    for each in made:
        assert await history.at(each.at) == each.version
        assert (await history.at(each.at - step)).revision == each.version.revision - 1
    assert (await history.at(datetime(1970, 1, 1, tzinfo=UTC))).revision == 0


async def test_a_time_to_come_is_refused(history: HistoryStore) -> None:
    with pytest.raises(UnsettledTimeError):
        await history.at(datetime.now(UTC) + timedelta(minutes=1))


async def test_a_time_is_refused_while_a_change_of_it_may_be_under_way(subject: Subject) -> None:
    with pytest.raises(UnsettledTimeError):
        await subject.waiting.at(datetime.now(UTC) - timedelta(seconds=1))
    assert (await subject.waiting.at(datetime.now(UTC) - timedelta(seconds=60))).revision == 0


async def test_behind_the_horizon_only_what_is_certain_is_answered(subject: Subject) -> None:
    store, history, _, forget = subject
    known = await states(store)
    epoch, at = (await store.read("n", "a")).version.epoch, (await history.versions("other", "a", None, 9)).versions
    await forget(4)
    for revision in (4, 5, 6):
        assert await _values(history, Version(epoch, revision)) == known[revision]
    gone: list[Awaitable[object]] = [
        history.read("n", ["a"], Version(epoch, 3)),  # it has changed since
        history.read("n", ["c"], Version(epoch, 3)),
        history.scan("n", "", 9, Version(epoch, 3)),
        history.version("n", "a", Version(epoch, 1)),
        history.differences("n", Version(epoch, 3), None, None, 9),
        history.at(at[-1].at),
    ]
    for asked in gone:
        with pytest.raises(NotKeptError) as caught:
            await asked
        assert caught.value.oldest == Version(epoch, 4)
    # It was made at revision 2, and not changed until the horizon.
    (entry,) = (await history.read("n", ["b"], Version(epoch, 3))).entries
    assert entry is not None
    assert (entry.value, entry.version.revision) == ("1", 2)


async def test_the_version_that_a_checkpoint_keeps_is_the_last_of_its_key(subject: Subject) -> None:
    store, history, _, forget = subject
    await states(store)
    await forget(4)
    page = await history.versions("n", "a", None, 9)
    told = [(each.version.revision, each.action, each.context) for each in page.versions]
    assert told == [(6, Action.REPLACE, Context()), (4, None, None)]
    assert (page.oldest.revision, page.versions[1].digest) == (4, Digest(1, hashlib.sha256(b"2").hexdigest()))
    assert (await history.version("n", "a", page.versions[1].version)).value == "2"
    assert [each.version.revision for each in (await history.changes("n", None, 9)).changes] == [6, 5]


async def test_a_namespace_with_a_retention_answers_as_a_store_that_has_dropped_what_is_older(subject: Subject) -> None:
    store, history, _, forget = subject
    known = await states(store)
    epoch = (await store.read("n", "a")).version.epoch
    _, fifth, fourth, *_ = [each.at for each in (await history.changes("n", None, 9)).changes]
    until = fourth + (fifth - fourth) / 2 + timedelta(days=7)
    kept = RetainedHistory(history, AsyncMock(side_effect={"n": 7, "other": None}.get), lambda: until)
    for limit in (1, 2, 9):
        listed = []
        before = None
        while page := await kept.versions("n", "a", before, limit):
            listed += [each.version.revision for each in page.versions]
            if (before := page.next) is None:
                break
        assert (listed, page.oldest) == ([6, 4], Version(epoch, 4))
    assert (await kept.versions("n", "a", Version(epoch, 4), 9)).versions == ()
    assert [each.version.revision for each in (await kept.versions("n", "b", None, 9)).versions] == [5, 2]
    assert [each.version.revision for each in (await kept.changes("n", None, 9)).changes] == [6, 5]
    assert [each.version.revision for each in (await kept.versions("other", "a", None, 9)).versions] == [6, 3]
    assert await _values(kept, Version(epoch, 3), "other") == {"a": "7"}
    for asked in (
        kept.read("n", ["a"], Version(epoch, 3)),
        kept.read("n", ["b", "c"], Version(epoch, 3)),
        kept.scan("n", "", 9, Version(epoch, 3)),
        kept.version("n", "a", Version(epoch, 1)),
        kept.differences("n", Version(epoch, 3), None, None, 9),
    ):
        with pytest.raises(NotKeptError) as caught:
            await asked
        assert caught.value.oldest == Version(epoch, 4)
    for revision in (4, 5, 6):
        assert await _values(kept, Version(epoch, revision)) == known[revision]
    for key, revision, value in (("a", 4, "2"), ("b", 2, "1")):
        assert (await kept.version("n", key, Version(epoch, revision))).value == value
    (entry,) = (await kept.read("n", ["b"], Version(epoch, 3))).entries
    assert entry is not None
    assert (entry.value, entry.version.revision) == ("1", 2)
    # What the store has dropped itself is no more there than before.
    await forget(5)
    assert (await kept.changes("n", None, 9)).oldest == Version(epoch, 5)


async def _values(history: HistoryStore, at: Version, namespace: str = "n", limit: int = 2) -> dict[str, str]:
    """Return the values by key, by pages of a list."""
    found: dict[str, str] = {}
    after: str | None = ""
    while after is not None:
        page = await history.scan(namespace, after, limit, at)
        assert len(page.entries) <= limit
        assert [*found, *(entry.key for entry in page.entries)] == sorted(
            [*found, *(entry.key for entry in page.entries)]
        )
        found |= {entry.key: entry.value for entry in page.entries}
        after = page.next
    return found


async def _differences(
    history: HistoryStore, namespace: str, start: Version, end: Version | None, limit: int = 2
) -> list[Difference]:
    """Return every difference, by pages."""
    found: list[Difference] = []
    before = None
    while True:
        page: Differences = await history.differences(namespace, start, end, before, limit)
        found += page.differences
        end, before = page.end, page.next
        if before is None:
            return found


async def test_a_guarded_change_is_made_only_while_its_namespace_is_as_it_was(store: EntryStore) -> None:
    seen = (await put(store, "n", "k")).version
    await put(store, "other", "k")
    before, refused, again, after = await store.change(
        [
            change(edit("n", "j")),
            guarded(seen, edit("n", "k", "2", ANYTHING)),
            guarded(Version("ffffffff", seen.revision + 9), edit("n", "k", "2", ANYTHING)),
            change(edit("n", "l")),
        ]
    )
    assert [type(each) for each in (before, refused, again, after)] == [
        tuple,
        PreconditionFailedError,
        PreconditionFailedError,
        tuple,
    ]
    assert isinstance(refused, PreconditionFailedError)
    assert (str(refused), refused.current) == (
        "If-Match does not hold: the namespace has changed at revision 3",
        Version(seen.epoch, 3),
    )
    made = guarded(Version(seen.epoch, 4), edit("n", "k", "2", ANYTHING))
    first, repeated = [await store.change([made]) for _ in range(2)]
    assert first == repeated
    assert isinstance(first[0], tuple)


def guarded(since: Version, *edits: Edit) -> Change:
    return replace(change(*edits), guard=Guard(edits[0].namespace, since))


async def test_reads_of_the_history_leave_connections_to_the_present(settings: Settings) -> None:
    """They use at most half of those for reads, and wait for each other."""
    fake = MemoryEntries()
    running, most, gate = 0, 0, asyncio.Event()
    changes = fake.history.changes

    async def slow(namespace: str, before: Version | None, limit: int) -> NamespaceChanges:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1
        return await changes(namespace, before, limit)

    fake.history.changes = slow  # type: ignore[method-assign]  # a slow one
    options = settings.database.model_copy(update={"read_pool_size": 5})
    cache: Cache[Representation] = Cache(1_000_000)
    service = past(fake.history, fake, Entries(fake, options, cache, represent, Background(64)), options)
    asked = [asyncio.create_task(service.changes("n", None, 1)) for _ in range(10)]
    while running < 2:
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*asked)
    assert most == 2


Step = tuple[str, list[tuple[str, str | None]], int]
STEPS: st.SearchStrategy[Step] = st.tuples(
    st.sampled_from(["edit", "edit", "edit", "key", "namespace"]),
    st.lists(
        st.tuples(st.sampled_from("jklm"), st.sampled_from([None, None, "1", "2", "1.0"])),
        min_size=1,
        max_size=3,
        unique_by=lambda each: each[0],
    ),
    st.integers(0, 20),
)


@given(st.lists(STEPS, min_size=1, max_size=10))
@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_every_read_of_the_past_agrees_with_a_model(
    subject: Subject, settings: Settings, steps: list[Step]
) -> None:
    """The model is the values by key after each change; a rollback makes those of an earlier one the present."""
    store, history, *_ = subject
    cache: Cache[Representation] = Cache(1_000_000)
    service = past(
        history, store, Entries(store, settings.database, cache, represent, Background(64)), settings.database
    )
    namespace = f"n{uuid4().hex[:12]}"  # each example has one of its own
    start = (await store.read(namespace, "j")).version
    model: dict[int, dict[str, str]] = {start.revision: {}}
    for kind, edits, chosen in steps:
        now = dict(model[max(model)])
        to = Version(start.epoch, sorted(model)[chosen % len(model)])
        then = model[to.revision]
        if kind == "namespace":
            departing, guard = await service.departures(namespace, to, None)
            rolled = await service.roll_back_namespace(replace(change(*departing), guard=guard), guard)
            assert {each.key for each in rolled.edits} == {k for k in {*now, *then} if now.get(k) != then.get(k)}
            now = dict(then)
        elif kind == "key":
            key = edits[0][0]
            if key not in now and key not in then:
                continue
            conditions = ANYTHING if key in now else None
            await service.roll_back(
                namespace,
                key,
                to,
                lambda value: change(edit(namespace, key, value, conditions)),  # noqa: B023
            )
            now = {**now, key: then[key]} if key in then else {k: v for k, v in now.items() if k != key}
        else:
            made = [edit(namespace, k, v, ANYTHING if k in now else None) for k, v in edits if v or k in now]
            if not made:
                continue
            await make(store, *made)
            for k, v in edits:
                now = {**now, k: v} if v else {other: each for other, each in now.items() if other != k}
        model[(await store.read(namespace, "j")).version.revision] = now
    await _agree(history, namespace, start.epoch, model)


async def _agree(history: HistoryStore, namespace: str, epoch: str, model: dict[int, dict[str, str]]) -> None:
    revisions = sorted(model)
    for revision in revisions:
        at = Version(epoch, revision)
        assert await _values(history, at, namespace) == model[revision]
        past = await history.read(namespace, list("jklm"), at)
        assert [entry and entry.value for entry in past.entries] == [model[revision].get(key) for key in "jklm"]
    for start, end in ((a, b) for a in revisions for b in revisions if a <= b):
        found = await _differences(history, namespace, Version(epoch, start), Version(epoch, end))
        told = {each.key: each.kind for each in found}
        assert len(told) == len(found)
        assert told == {
            key: Kind.ADDED if key not in model[start] else Kind.REMOVED if key not in model[end] else Kind.CHANGED
            for key in {*model[start], *model[end]}
            if model[start].get(key) != model[end].get(key)
        }
    for key in "jklm":
        versions = (await history.versions(namespace, key, None, 50)).versions
        assert all(each.version.revision in model for each in versions)
        for each in versions:
            value = (await history.version(namespace, key, each.version)).value
            assert value == model[each.version.revision].get(key)
    changes = (await history.changes(namespace, None, 50)).changes
    assert [each.version.revision for each in changes] == [r for r in reversed(revisions) if r > revisions[0]][
        : len(changes)
    ]
