"""The contract of the queue of deliveries, for the fake and for PostgreSQL, and the event bus that fills it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import defaultdict
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg
import pytest

from runtime.adapters.http_receiver import HttpReceiver
from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_audit import PostgresAudit
from runtime.adapters.postgres_deliveries import PostgresDeliveries
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.signing_keys import SigningKeys
from runtime.domain.audit import DISCARD, QUEUE, REPLAY, RESUME, Note
from runtime.domain.deliveries import DeliveryError, DeliveryState, Priority, Subscription
from runtime.domain.namespaces import EVERY_NAME, covered
from runtime.embedded.cluster import OWNER
from runtime.environment import Address
from runtime.maintenance.events import keep_events
from runtime.ports.audit import AuditFilter
from runtime.ports.availability import CircuitState
from runtime.services.deliveries import NOT_KEPT, Deliveries
from runtime.services.external_services import ExternalServices
from runtime.telemetry import Telemetry
from tests.runtime import delivering
from tests.runtime.changing import ANYTHING, change, edit, put
from tests.runtime.external import CALLS, CircuitClock, answers, calls_with_circuit, external, hangs_up, http_client
from tests.runtime.fakes import MemoryAudit, MemoryEntries
from tests.runtime.memory_deliveries import MemoryDeliveries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

    from runtime.domain.deliveries import Place, Subscriber
    from runtime.domain.namespaces import Names
    from runtime.ports.audit import AuditTrail
    from runtime.ports.entries import EntryStore
    from runtime.ports.queue import DeliveryQueue
    from runtime.settings import Queue, Settings

pytestmark = pytest.mark.anyio
FIS, LEDGER = Subscription("fis"), Subscription("ledger", "pay*", Priority.LOW)


class Receiver:
    """A receiver that keeps the events it takes; the faults in ``faults`` are raised first, in order."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.faults: list[str] = []

    async def deliver(self, id_: str, event: bytes) -> None:
        if self.faults:
            raise DeliveryError(self.faults.pop(0))
        self.events.append(json.loads(event))
        assert id_ == self.events[-1]["id"]

    @property
    def subjects(self) -> list[str]:
        return [each["subject"] for each in self.events]


class Stores(NamedTuple):
    """The queue and what it reads and writes; ``age`` moves ranks into the past, ``forget`` drops events."""

    entries: EntryStore
    queue: DeliveryQueue
    audit: AuditTrail
    age: Callable[[str, float], Awaitable[object]]
    forget: Callable[[int], Awaitable[object]]


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.slow)])
def urls(request: pytest.FixtureRequest) -> tuple[str, str] | None:
    if request.param == "memory":
        return None
    return request.getfixturevalue("migrated_url"), request.getfixturevalue("owner_url")


@pytest.fixture
async def stores(urls: tuple[str, str] | None, settings: Settings) -> AsyncIterator[Stores]:
    if urls is None:
        yield memory_stores()
        return
    async with postgres_stores(*urls, settings) as real:
        yield real


def memory_stores() -> Stores:
    entries, audit = MemoryEntries(), MemoryAudit()
    queue = MemoryDeliveries(entries, audit)

    async def age(subscriber: str, seconds: float) -> None:
        queue.age(subscriber, seconds)

    async def forget(revision: int) -> None:
        entries.history.forget(revision)

    return Stores(entries, queue, audit, age, forget)


@asynccontextmanager
async def postgres_stores(url: str, owner_url: str, settings: Settings) -> AsyncIterator[Stores]:
    entries = PostgresEntries(Address(url), None, settings.database, Horizon(3))
    await entries.open()

    async def owner(statement: str, *arguments: object) -> None:
        connection = await asyncpg.connect(owner_url)
        try:
            await connection.execute(f"SET ROLE {OWNER}")
            await connection.execute(statement, *arguments)
        finally:
            await connection.close()

    def age(subscriber: str, seconds: float) -> Awaitable[None]:
        earlier = "UPDATE deliveries SET rank = rank - $1::interval WHERE subscriber = $2"
        return owner(earlier, timedelta(seconds=seconds), subscriber)

    async def forget(revision: int) -> None:
        await owner("INSERT INTO checkpoints (revision) VALUES ($1)", revision)
        await owner("ALTER TABLE events DISABLE TRIGGER USER")  # they are append-only
        await owner("DELETE FROM events WHERE revision <= $1", revision)

    try:
        yield Stores(entries, PostgresDeliveries(entries, 4), PostgresAudit(entries), age, forget)
    finally:
        await entries.close()


@pytest.fixture
def store(stores: Stores) -> EntryStore:
    return stores.entries


@pytest.fixture
def queue(stores: Stores) -> DeliveryQueue:
    return stores.queue


class Bus:
    """The deliveries of one worker to one or two receivers, turn by turn."""

    def __init__(self, queue: DeliveryQueue, settings: Queue) -> None:
        self.fis, self.ledger, self.telemetry, self.queue = Receiver(), Receiver(), Telemetry(), queue
        receivers = {FIS: self.fis, LEDGER: self.ledger}
        self.deliveries = Deliveries(queue, settings, 1, "urn:cbp:test", receivers, self.telemetry)

    async def settle(self) -> None:
        """Deliver everything that is due."""
        while await self.deliveries.turn():
            await self.deliveries.drain()

    def metrics(self) -> str:
        self.telemetry.write()
        return self.telemetry.exposition().decode()

    async def state(self, name: str = "fis") -> Subscriber:
        return next(each for each in await self.queue.states() if each.name == name)


@pytest.fixture
async def bus(queue: DeliveryQueue, settings: Settings) -> Bus:
    """A worker whose subscribers follow from now on."""
    found = Bus(queue, settings.queue)
    await found.settle()
    return found


def changed(settings: Settings, **members: Any) -> Queue:
    return settings.queue.model_copy(update=members)


async def test_a_change_is_delivered_as_a_cloud_event(store: EntryStore, bus: Bus) -> None:
    made = await put(store, "payments", "limits", '{"daily": 1e20}')
    await bus.settle()
    (event,) = bus.fis.events
    assert event.pop("id").endswith("-0")
    assert event == {
        "specversion": "1.0",
        "source": "urn:cbp:test",
        "type": "cbp.entry.create",
        "subject": "payments/limits",
        "time": made.at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "partitionkey": "payments",
        "sequence": "0000000000000000001-000000",
        "data": {
            "namespace": "payments",
            "key": "limits",
            "revision": 1,
            "actor": "anonymous",
            "value": {"daily": 1e20},
        },
    }
    assert (await bus.state()).lag == 0


async def test_a_refused_change_is_not_delivered(store: EntryStore, bus: Bus) -> None:
    await put(store, "payments", "limits")
    await store.change([change(edit("payments", "other"), edit("payments", "limits"))])
    await bus.settle()
    assert bus.fis.subjects == ["payments/limits"]


async def test_a_subscriber_receives_its_namespaces_alone_and_from_when_it_came(
    store: EntryStore, queue: DeliveryQueue, settings: Settings
) -> None:
    await put(store, "payments", "before")
    bus = Bus(queue, settings.queue)
    await bus.settle()
    for name in ("payments", "pay", "other"):
        await put(store, name, "k")
    await bus.settle()
    assert sorted(bus.fis.subjects) == ["other/k", "pay/k", "payments/k"]
    assert sorted(bus.ledger.subjects) == ["pay/k", "payments/k"]


async def test_deliveries_of_a_namespace_keep_the_order_of_its_changes_while_one_fails(
    store: EntryStore, bus: Bus
) -> None:
    await put(store, "payments", "k", "0")
    for value in "12345":
        await put(store, "payments", "k", value, ANYTHING)
    bus.fis.faults = ["answered 500", "answered 503"]
    for _ in range(200):
        await bus.settle()
        if len(bus.fis.events) == 6:
            break
        await asyncio.sleep(0.005)  # the pause of a retry is at most 10 ms
    assert [each["data"]["value"] for each in bus.fis.events] == [0, 1, 2, 3, 4, 5]
    assert 'queue_deliveries_total{outcome="retried"} 2.0' in bus.metrics()


async def buried(stores: Stores, settings: Settings, *names: str) -> Bus:
    """Return a worker whose deliveries to one subscriber, a change for each namespace, are dead letters."""
    bus = Bus(stores.queue, changed(settings, retry=settings.queue.retry.model_copy(update={"attempts": 1})))
    await bus.settle()
    bus.fis.faults = ["answered 500"] * len(names)
    for name in names:
        await put(stores.entries, name, "a", '{"daily": 1.10}')
    await bus.settle()
    return bus


def note(step: str, place: Place) -> Note:
    about = {"subscriber": place.subscriber, "revision": place.revision, "ordinal": place.ordinal}
    return Note(QUEUE, step, "people:ada", "10.0.0.1", "POST /v1/x", namespace=place.namespace, delivery=about)


async def records(stores: Stores) -> list[dict[str, Any]]:
    """Return the records of the queue in the audit trail."""
    await stores.audit.seal(100)
    page = await stores.audit.page(AuditFilter(after=0, limit=100, kind=QUEUE))
    return [json.loads(each.record) for each in page.records]


async def test_an_exhausted_delivery_becomes_a_dead_letter_with_its_reason_and_is_replayed(
    stores: Stores, settings: Settings
) -> None:
    bus, queue = await buried(stores, settings, "payments"), stores.queue
    await put(stores.entries, "payments", "b")
    await bus.settle()
    assert bus.fis.subjects == ["payments/b"]
    (letter,) = await queue.page("fis", DeliveryState.DEAD, EVERY_NAME, (0, 0), 10)
    assert (letter.reason, letter.attempts, letter.place.revision) == ("answered 500", 1, 1)
    assert (letter.due_at, letter.buried_at is None, letter.event) == (None, False, None)
    await bus.deliveries.sample()
    assert 'queue_dead_letters{subscriber="fis"} 1.0' in bus.metrics()

    found = await queue.find("fis", 1, 0)
    assert found is not None
    assert found.event is not None
    assert (found.event.key, found.event.value) == ("a", '{"daily": 1.10}')
    noted = note(REPLAY, letter.place)
    assert await queue.settle({letter.place: noted}, replay=True) == 1
    assert await queue.settle({letter.place: note(REPLAY, letter.place)}, replay=True) == 0
    await bus.settle()
    assert bus.fis.subjects == ["payments/b", "payments/a"]
    (record,) = await records(stores)
    assert (record["outcome"], record["namespace"], record["note"]) == ("replay", "payments", str(noted.note))
    assert record["delivery"] == {"subscriber": "fis", "revision": 1, "ordinal": 0}


async def test_discarded_dead_letters_are_delivered_no_more_and_each_is_recorded(
    stores: Stores, settings: Settings
) -> None:
    bus = await buried(stores, settings, "other", "payments")
    letters = await stores.queue.page("fis", None, EVERY_NAME, (0, 0), 10)
    settled = {letter.place: note(DISCARD, letter.place) for letter in letters}
    assert await stores.queue.settle(settled, replay=False) == 2
    await bus.settle()
    assert bus.fis.events == []
    assert (await bus.state()).dead_letters == 0
    assert [each["namespace"] for each in await records(stores)] == ["other", "payments"]


async def test_a_page_of_deliveries_has_those_of_a_state_and_of_names_in_the_order_of_changes(
    stores: Stores, settings: Settings
) -> None:
    await buried(stores, settings, "other", "payments")
    queue = stores.queue
    await stores.entries.change([change(edit("payments", "b"), edit("payments", "c"))])
    await put(stores.entries, "other", "d")
    await queue.fan_out(FIS, 0, 10, 10)
    (claimed,) = await queue.claim(["fis"], 1, 1, 60)
    assert await queue.give_back(claimed, "answered 503", 60, bury=True) == "retried"
    (claimed,) = await queue.claim(["fis"], 1, 1, 60)

    async def listed(
        state: DeliveryState | None = None, names: Sequence[Names] = EVERY_NAME, after: tuple[int, int] = (0, 0)
    ) -> list[tuple[int, int, str, int]]:
        page = await queue.page("fis", state, names, after, 10)
        return [(each.place.revision, each.place.ordinal, each.state.value, each.attempts) for each in page]

    whole = [(1, 0, "dead", 1), (2, 0, "dead", 1), (3, 0, "waiting", 1), (3, 1, "waiting", 0), (4, 0, "claimed", 0)]
    assert await listed() == whole
    assert await listed(DeliveryState.DEAD) == whole[:2]
    assert await listed(DeliveryState.WAITING) == whole[2:4]
    assert await listed(DeliveryState.CLAIMED) == whole[4:]
    assert await listed(names=covered(["pay*"])) == whole[1:4]
    assert await listed(names=()) == []
    assert await listed(after=(3, 0)) == whole[3:]
    assert len(await queue.page("fis", None, EVERY_NAME, (0, 0), 2)) == 2
    assert await queue.page("ledger", None, covered(["other"]), (0, 0), 10) == []
    retried = await queue.find("fis", 3, 0)
    assert retried is not None
    assert (retried.reason, retried.due_at is None, retried.buried_at) == ("answered 503", False, None)
    assert await queue.find("fis", 9, 0) is None


async def test_a_dead_letter_whose_event_is_no_longer_kept_is_shown_without_it(
    stores: Stores, settings: Settings
) -> None:
    bus = await buried(stores, settings, "other")
    assert await stores.queue.settle({}, replay=True) == 0
    await stores.forget(1)
    found = await stores.queue.find("fis", 1, 0)
    assert found is not None
    assert found.event is None
    await stores.queue.settle({found.place: note(REPLAY, found.place)}, replay=True)
    await bus.settle()
    (letter,) = await stores.queue.page("fis", None, EVERY_NAME, (0, 0), 10)
    assert letter.reason == NOT_KEPT


@pytest.mark.slow
async def test_dead_letters_end_with_the_retention_of_events(
    migrated_url: str, owner_url: str, owner: asyncpg.Connection, settings: Settings
) -> None:
    """The job that drops events drops what was given up longer ago, and keeps the others."""
    async with postgres_stores(migrated_url, owner_url, settings) as stores:
        await buried(stores, settings, "other", "payments")
        await owner.execute("UPDATE dead_letters SET buried_at = buried_at - interval '91 days' WHERE revision = 1")
        await keep_events(Address(owner_url), settings.database)
        (letter,) = await stores.queue.page("fis", None, EVERY_NAME, (0, 0), 10)
        assert letter.place.revision == 2


async def test_without_dead_letters_an_exhausted_delivery_is_dropped_and_counted(
    store: EntryStore, queue: DeliveryQueue, settings: Settings
) -> None:
    once = settings.queue.retry.model_copy(update={"attempts": 1})
    bus = Bus(queue, changed(settings, retry=once, dead_letters=False))
    await bus.settle()
    bus.fis.faults = ["answered 500"]
    await put(store, "other", "a")
    await bus.settle()
    assert await queue.page("fis", None, EVERY_NAME, (0, 0), 10) == []
    assert bus.fis.events == []
    assert 'queue_deliveries_total{outcome="dropped"} 1.0' in bus.metrics()


@pytest.mark.parametrize(("priorities", "first"), [(True, "fis"), (False, "ledger")])
async def test_a_higher_priority_comes_first_and_without_priorities_the_older_change(
    stores: Stores, settings: Settings, *, priorities: bool, first: str
) -> None:
    assert await ranked(stores, changed(settings, priorities=priorities)) == first


async def test_the_lowest_priority_comes_first_once_it_has_waited_long_enough(
    stores: Stores, settings: Settings
) -> None:
    assert await ranked(stores, settings.queue, waited=121) == "ledger"


async def ranked(stores: Stores, settings: Queue, waited: float = 0) -> str:
    """Return the subscriber served first: the change of the low priority is older, by some seconds more."""
    high, queue = Subscription("fis", "other", Priority.HIGH), stores.queue
    delay = 2 * settings.ageing_seconds if settings.priorities else 0
    for repeated in (False, True):
        await queue.fan_out(high, 0, 10, 10)
        await queue.fan_out(LEDGER, delay, 10, 10)
        await put(stores.entries, "payments", "k", "1", ANYTHING if repeated else None)
        await put(stores.entries, "other", "k", "1", ANYTHING if repeated else None)
    await queue.fan_out(LEDGER, delay, 10, 10)
    await queue.fan_out(high, 0, 10, 10)
    await stores.age("ledger", waited)
    (served,) = await queue.claim(["fis", "ledger"], 1, 1, 60)
    return served.place.subscriber


async def test_a_claim_belongs_to_one_worker_until_it_runs_out(store: EntryStore, bus: Bus) -> None:
    for key in ("a", "b"):
        await put(store, "payments", key)
    await bus.queue.fan_out(FIS, 0, 10, 10)
    first = await bus.queue.claim(["fis"], 8, 1, 0.05)
    assert [each.event.key for each in first if each.event] == ["a"]
    assert await bus.queue.claim(["fis"], 8, 1, 60) == []
    await asyncio.sleep(0.06)
    second = await bus.queue.claim(["fis"], 8, 1, 60)
    assert [each.place for each in second] == [each.place for each in first]
    assert await bus.queue.done(first) == [False]
    assert await bus.queue.give_back(first[0], "answered 500", 1, bury=True) == "lost"
    assert await bus.queue.done([*first, *second]) == [False, True]


async def test_a_subscriber_that_is_away_is_bounded_and_its_lag_is_seen(
    store: EntryStore, queue: DeliveryQueue, settings: Settings
) -> None:
    bus = Bus(queue, changed(settings, waiting=3))
    await bus.settle()
    await store.change([change(edit("other", f"k{number}")) for number in range(10)])
    bus.fis.faults = ["no answer (ConnectionRefusedError)"] * 100
    await bus.deliveries.turn()
    await bus.deliveries.drain()
    state = await bus.state()
    assert (state.waiting, state.behind, state.lag) == (3, 7, 10)
    await bus.deliveries.sample()
    assert 'queue_lag{subscriber="fis"} 10.0' in bus.metrics()
    bus.fis.faults.clear()
    for _ in range(200):
        await bus.settle()
        if len(bus.fis.events) == 10:
            break
        await asyncio.sleep(0.005)
    assert bus.fis.subjects == [f"other/k{number}" for number in range(10)]


async def test_a_receiver_behind_an_open_circuit_is_not_asked_and_its_deliveries_lose_no_attempt(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two receivers hangs up, comes back, and gets every change."""
    clock, stores = CircuitClock(monkeypatch), memory_stores()
    store, queue = stores.entries, stores.queue
    keys = tmp_path / "keys"
    keys.write_text("whsec_" + "A" * 32)
    telemetry = Telemetry()
    services = ExternalServices(CALLS.model_copy(update={"integrations": calls_with_circuit(2)}), telemetry)
    async with external(hangs_up) as fis, external(answers(204)) as ledger, http_client() as client:
        receivers = {
            FIS: services.receiver("fis", HttpReceiver(client, fis.url, SigningKeys(keys))),
            LEDGER: services.receiver("ledger", HttpReceiver(client, ledger.url, SigningKeys(keys))),
        }
        circuits = {each.name: receiver.circuit for each, receiver in receivers.items()}
        deliveries = Deliveries(queue, settings.queue, 1, "urn:cbp:test", receivers, telemetry, circuits=circuits)
        await deliveries.turn()
        for number in range(4):
            await store.change([change(edit(f"pay{number}", "limits"))])

        async def deliver_until(state: CircuitState) -> None:
            async with asyncio.timeout(20):
                while circuits["fis"].state is not state or (await lag("ledger")):
                    await deliveries.turn()
                    await deliveries.drain()
                    await asyncio.sleep(0.002)

        async def lag(name: str) -> int:
            return next(each.lag for each in await queue.states() if each.name == name)

        await deliver_until(CircuitState.OPEN)
        asked = len(fis.requests)
        await deliveries.turn()
        await deliveries.drain()
        assert (len(fis.requests), len(ledger.requests)) == (asked, 4)
        fis.behave = answers(204)
        clock.pass_reset()
        await deliver_until(CircuitState.CLOSED)
        async with asyncio.timeout(20):
            while await lag("fis"):
                await deliveries.turn()
                await deliveries.drain()
                await asyncio.sleep(0.002)
        assert {each.dead_letters for each in await queue.states()} == {0}


async def test_a_subscriber_is_paused_with_a_reason_until_it_is_resumed_with_a_record(stores: Stores, bus: Bus) -> None:
    assert [await stores.queue.pause(name, "answered 410") for name in ("fis", "fis", "nobody")] == [True, False, False]
    paused = await bus.state()
    assert (paused.pause_reason, paused.paused_at is not None) == ("answered 410", True)
    note = Note(QUEUE, RESUME, "people:ada", "10.0.0.1", "POST /v1/x", subscriber="fis", reason="OPS-6")
    assert [await stores.queue.resume(name, note) for name in ("fis", "fis", "ledger")] == [True, False, False]
    assert (await bus.state()).paused_at is None
    (record,) = await records(stores)
    assert (record["outcome"], record["subscriber"], record["reason"]) == ("resume", "fis", "OPS-6")


async def test_what_retention_dropped_is_counted_as_missed(stores: Stores, bus: Bus) -> None:
    for key in ("a", "b", "c"):
        await put(stores.entries, "other", key)
    await stores.forget(2)
    await bus.settle()
    assert bus.fis.subjects == ["other/c"]
    assert (await bus.state()).missed == 2


async def test_without_the_event_bus_nothing_is_published(
    store: EntryStore, queue: DeliveryQueue, settings: Settings
) -> None:
    bus = Bus(queue, changed(settings, events=False))
    await bus.deliveries.repeat()
    await put(store, "other", "a")
    assert await queue.states() == []


@pytest.mark.slow
async def test_the_serving_role_changes_the_queue_by_its_functions_alone(migrated_url: str) -> None:
    connection = await asyncpg.connect(migrated_url)
    try:
        for statement in ("DELETE FROM deliveries", "UPDATE subscribers SET revision = 0", "DELETE FROM dead_letters"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.slow
async def test_processes_that_are_killed_lose_nothing_and_repeat_only_what_its_id_shows(
    settings: Settings, migrated_url: str, owner_url: str, tmp_path: Path
) -> None:
    """Two processes deliver 600 changes of 12 namespaces; one after the other is killed, and replaced."""
    async with postgres_stores(migrated_url, owner_url, settings) as stores:
        await stores.queue.fan_out(delivering.SUBSCRIPTION, 0, 1, 1)
        await stores.entries.change([change(edit(f"n{number % 12}", f"k{number}")) for number in range(600)])
    quick = changed(settings, visibility_seconds=2, waiting=200)
    document = settings.model_copy(update={"queue": quick}).model_dump_json()
    file = tmp_path / "received"
    file.touch()
    command = [sys.executable, "-m", delivering.__name__, migrated_url, str(file), document]
    running = [subprocess.Popen(command) for _ in range(2)]
    try:
        for killed in (50, 200, 350):
            await arrived(file, killed)
            running[0].kill()
            running.append(subprocess.Popen(command))
            running.pop(0).wait()
        await arrived(file, 600)
    finally:
        for process in running:
            process.kill()
            process.wait()
    events = [json.loads(line) for line in file.read_text().splitlines()]
    seen: defaultdict[str, list[str]] = defaultdict(list)
    for event in events:
        if event["sequence"] not in seen[event["partitionkey"]]:
            seen[event["partitionkey"]].append(event["sequence"])
    assert len({event["id"] for event in events}) == sum(map(len, seen.values())) == 600
    assert all(sequences == sorted(sequences) for sequences in seen.values())


async def arrived(file: Path, number: int) -> None:
    async with asyncio.timeout(30):
        while len(set(file.read_text().splitlines())) < number:
            await asyncio.sleep(0.02)
