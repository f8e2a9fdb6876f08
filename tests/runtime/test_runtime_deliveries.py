"""The queue of deliveries on PostgreSQL, and the event bus that fills it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from runtime.adapters.http_receiver import HttpReceiver
from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_deliveries import PostgresDeliveries
from runtime.adapters.postgres_horizon import Horizon
from runtime.domain.audit import QUEUE, Note
from runtime.domain.deliveries import DeliveryError, Priority, Subscription
from runtime.embedded.loopback import LOOPBACK
from runtime.environment import Address
from runtime.ports import CircuitState, UnavailableError
from runtime.services.deliveries import Deliveries
from runtime.services.external_services import ExternalServices
from runtime.telemetry import Telemetry
from tests.runtime import delivering
from tests.runtime.changing import ANYTHING, change, edit, put
from tests.runtime.external import CALLS, CircuitClock, answers, calls_with_circuit, external, hangs_up, http_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from runtime.domain.deliveries import Subscriber
    from runtime.settings import Queue, Settings

pytestmark = pytest.mark.anyio
FIS, LEDGER = Subscription("fis"), Subscription("ledger", "pay*", Priority.LOW)


class Receiver:
    """A receiver that keeps the events it takes; the faults in ``faults`` are raised first, in order."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.faults: list[str] = []

    async def deliver(self, event: bytes) -> None:
        if self.faults:
            raise DeliveryError(self.faults.pop(0))
        self.events.append(json.loads(event))

    @property
    def subjects(self) -> list[str]:
        return [each["subject"] for each in self.events]


@pytest.fixture
async def store(migrated_url: str, settings: Settings) -> AsyncIterator[PostgresEntries]:
    store = PostgresEntries(Address(migrated_url), None, settings.database, Horizon(3))
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def queue(store: PostgresEntries) -> PostgresDeliveries:
    return PostgresDeliveries(store, 4)


class Bus:
    """The deliveries of one worker to one or two receivers, turn by turn."""

    def __init__(self, queue: PostgresDeliveries, settings: Queue) -> None:
        self.fis, self.ledger, self.telemetry, self.queue = Receiver(), Receiver(), Telemetry(), queue
        receivers = {FIS: self.fis, LEDGER: self.ledger}
        self.deliveries = Deliveries(queue, settings, "urn:cbp:test", receivers, self.telemetry)

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
async def bus(queue: PostgresDeliveries, settings: Settings) -> Bus:
    """A worker whose subscribers follow from now on."""
    found = Bus(queue, settings.queue)
    await found.settle()
    return found


def changed(settings: Settings, **members: Any) -> Queue:
    return settings.queue.model_copy(update=members)


async def test_a_change_is_delivered_as_a_cloud_event(store: PostgresEntries, bus: Bus) -> None:
    made = await put(store, "payments", "limits", '{"daily": 1e20}')
    await bus.settle()
    (event,) = bus.fis.events
    assert event.pop("id").endswith(".0")
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


async def test_a_refused_change_is_not_delivered(store: PostgresEntries, bus: Bus) -> None:
    await put(store, "payments", "limits")
    await store.change([change(edit("payments", "other"), edit("payments", "limits"))])
    await bus.settle()
    assert bus.fis.subjects == ["payments/limits"]


async def test_a_subscriber_receives_its_namespaces_alone_and_from_when_it_came(
    store: PostgresEntries, queue: PostgresDeliveries, settings: Settings
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
    store: PostgresEntries, bus: Bus
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


async def test_an_exhausted_delivery_becomes_a_dead_letter_with_its_reason_and_is_replayed(
    store: PostgresEntries, queue: PostgresDeliveries, settings: Settings
) -> None:
    bus = Bus(queue, changed(settings, retry=settings.queue.retry.model_copy(update={"attempts": 1})))
    await bus.settle()
    bus.fis.faults = ["answered 500"]
    for key in ("a", "b"):
        await put(store, "payments", key)
    await bus.settle()
    assert bus.fis.subjects == ["payments/b"]
    (letter,) = await queue.dead_letters(0, 10)
    assert (letter.reason, letter.attempts, letter.place.revision) == ("answered 500", 1, 1)
    await bus.deliveries.sample()
    assert 'queue_dead_letters{subscriber="fis"} 1.0' in bus.metrics()

    found = await queue.dead_letter(letter.number)
    assert found is not None
    assert found.event is not None
    assert found.event.key == "a"
    note = Note(QUEUE, "replay", "people:ada", "10.0.0.1", "POST /v1/x")
    assert await queue.settle(letter.number, note, replay=True)
    assert not await queue.settle(letter.number, note, replay=True)
    await bus.settle()
    assert bus.fis.subjects == ["payments/b", "payments/a"]
    async with store.reading() as connection:
        members = json.loads(await connection.fetchval("SELECT members FROM audit_notes"))
    assert members["delivery"] == {"number": letter.number, "subscriber": "fis", "revision": 1, "ordinal": 0}


async def test_a_discarded_dead_letter_is_delivered_no_more(
    store: PostgresEntries, queue: PostgresDeliveries, settings: Settings
) -> None:
    bus = Bus(queue, changed(settings, retry=settings.queue.retry.model_copy(update={"attempts": 1})))
    await bus.settle()
    bus.fis.faults = ["answered 500"]
    await put(store, "other", "a")
    await bus.settle()
    (letter,) = await queue.dead_letters(0, 10)
    assert await queue.settle(letter.number, Note(QUEUE, "discard", "a", "c", "DELETE /v1/x"), replay=False)
    await bus.settle()
    assert bus.fis.events == []
    assert (await bus.state()).dead_letters == 0


async def test_without_dead_letters_an_exhausted_delivery_is_dropped_and_counted(
    store: PostgresEntries, queue: PostgresDeliveries, settings: Settings
) -> None:
    once = settings.queue.retry.model_copy(update={"attempts": 1})
    bus = Bus(queue, changed(settings, retry=once, dead_letters=False))
    await bus.settle()
    bus.fis.faults = ["answered 500"]
    await put(store, "other", "a")
    await bus.settle()
    assert await queue.dead_letters(0, 10) == []
    assert bus.fis.events == []
    assert 'queue_deliveries_total{outcome="dropped"} 1.0' in bus.metrics()


@pytest.mark.parametrize(("priorities", "first"), [(True, "fis"), (False, "ledger")])
async def test_a_higher_priority_comes_first_and_without_priorities_the_older_change(
    store: PostgresEntries, queue: PostgresDeliveries, settings: Settings, *, priorities: bool, first: str
) -> None:
    assert await ranked(store, queue, changed(settings, priorities=priorities)) == first


async def test_the_lowest_priority_comes_first_once_it_has_waited_long_enough(
    store: PostgresEntries, queue: PostgresDeliveries, settings: Settings, owner: asyncpg.Connection
) -> None:
    found = await ranked(store, queue, settings.queue, owner)
    assert found == "ledger"


async def ranked(
    store: PostgresEntries, queue: PostgresDeliveries, settings: Queue, owner: asyncpg.Connection | None = None
) -> str:
    """Return the subscriber served first: the change of the low priority is older, and with ``owner`` much."""
    high = Subscription("fis", "other", Priority.HIGH)
    delay = 2 * settings.ageing_seconds if settings.priorities else 0
    for repeated in (False, True):
        await queue.fan_out(high, 0, 10, 10)
        await queue.fan_out(LEDGER, delay, 10, 10)
        await put(store, "payments", "k", "1", ANYTHING if repeated else None)
        await put(store, "other", "k", "1", ANYTHING if repeated else None)
    await queue.fan_out(LEDGER, delay, 10, 10)
    await queue.fan_out(high, 0, 10, 10)
    if owner is not None:
        await owner.execute("UPDATE deliveries SET rank = rank - interval '121 s' WHERE subscriber = 'ledger'")
    (served,) = await queue.claim(["fis", "ledger"], 1, 1, 60)
    return served.place.subscriber


async def test_a_claim_belongs_to_one_worker_until_it_runs_out(store: PostgresEntries, bus: Bus) -> None:
    for key in ("a", "b"):
        await put(store, "payments", key)
    await bus.queue.fan_out(FIS, 0, 10, 10)
    first = await bus.queue.claim(["fis"], 8, 1, 0.05)
    assert [each.event.key for each in first if each.event] == ["a"]
    assert await bus.queue.claim(["fis"], 8, 1, 60) == []
    await asyncio.sleep(0.06)
    second = await bus.queue.claim(["fis"], 8, 1, 60)
    assert [each.place for each in second] == [each.place for each in first]
    assert not await bus.queue.done(first[0])
    assert await bus.queue.give_back(first[0], "answered 500", 1, bury=True) == "lost"
    assert await bus.queue.done(second[0])


async def test_a_subscriber_that_is_away_is_bounded_and_its_lag_is_seen(
    store: PostgresEntries, queue: PostgresDeliveries, settings: Settings
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


async def test_what_retention_dropped_is_counted_as_missed(
    store: PostgresEntries, bus: Bus, owner: asyncpg.Connection
) -> None:
    for key in ("a", "b", "c"):
        await put(store, "other", key)
    await owner.execute("INSERT INTO checkpoints (revision) VALUES (2)")
    await bus.settle()
    assert bus.fis.subjects == ["other/c"]
    assert (await bus.state()).missed == 2


async def test_without_the_event_bus_nothing_is_published(
    store: PostgresEntries, queue: PostgresDeliveries, settings: Settings
) -> None:
    bus = Bus(queue, changed(settings, events=False))
    await bus.deliveries.repeat()
    await put(store, "other", "a")
    assert await queue.states() == []


async def test_the_serving_role_changes_the_queue_by_its_functions_alone(store: PostgresEntries) -> None:
    async with store.changing() as connection:
        for statement in ("DELETE FROM deliveries", "UPDATE subscribers SET revision = 0", "DELETE FROM dead_letters"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


async def test_processes_that_are_killed_lose_nothing_and_repeat_only_what_its_id_shows(
    store: PostgresEntries, queue: PostgresDeliveries, settings: Settings, migrated_url: str, tmp_path: Path
) -> None:
    """Two processes deliver 600 changes of 12 namespaces; one after the other is killed, and replaced."""
    await queue.fan_out(delivering.SUBSCRIPTION, 0, 1, 1)
    await store.change([change(edit(f"n{number % 12}", f"k{number}")) for number in range(600)])
    quick = changed(settings, visibility_seconds=2, timeout_seconds=1, waiting=200)
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


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (204, None),
        (307, DeliveryError("answered 307")),
        (400, DeliveryError("answered 400")),
        (500, UnavailableError("answered 500")),
    ],
)
async def test_a_receiver_over_http_takes_an_event_by_a_status_of_success_alone(
    status: int, fault: Exception | None
) -> None:
    async with external(answers(status, b"", "Location: /elsewhere")) as server, http_client() as client:
        receiver = HttpReceiver(client, server.url)
        if fault is None:
            await receiver.deliver(b"{}")
        else:
            with pytest.raises(type(fault), match=f"^{fault}$"):
                await receiver.deliver(b"{}")
        (request,) = server.requests
    assert request.startswith(b"POST /path HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\n{}")
    assert b"\r\nContent-Type: application/cloudevents+json; charset=utf-8\r\n" in request


async def test_a_receiver_that_is_away_is_a_fault_without_its_address() -> None:
    async with http_client() as client:
        with pytest.raises(UnavailableError, match=r"^no answer \(\w+\)$"):
            await HttpReceiver(client, f"http://{LOOPBACK}:1/secret").deliver(b"{}")


async def test_a_receiver_behind_an_open_circuit_is_not_asked_and_its_deliveries_lose_no_attempt(
    store: PostgresEntries, queue: PostgresDeliveries, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two receivers hangs up, comes back, and gets every change."""
    clock = CircuitClock(monkeypatch)
    telemetry = Telemetry()
    services = ExternalServices(CALLS.model_copy(update={"integrations": calls_with_circuit(2)}), telemetry)
    async with external(hangs_up) as fis, external(answers(204)) as ledger, http_client() as client:
        receivers = {
            FIS: services.receiver("fis", HttpReceiver(client, fis.url)),
            LEDGER: services.receiver("ledger", HttpReceiver(client, ledger.url)),
        }
        circuits = {each.name: receiver.circuit for each, receiver in receivers.items()}
        deliveries = Deliveries(queue, settings.queue, "urn:cbp:test", receivers, telemetry, circuits=circuits)
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
