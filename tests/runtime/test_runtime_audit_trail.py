"""The contract of an audit trail, on the fake and on PostgreSQL; and the changes, which PostgreSQL alone has."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import pytest

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_audit import PostgresAudit
from runtime.adapters.postgres_horizon import Horizon
from runtime.domain.audit import GENESIS, READ, REFUSAL, Note, next_link, record_hash, written
from runtime.domain.entries import Context
from runtime.environment import Address
from runtime.ports.audit import AuditFilter
from runtime.ports.availability import UnavailableError
from tests.conftest import in_database
from tests.runtime.changing import ANYTHING, change, edit, put
from tests.runtime.fakes import MemoryAudit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from runtime.embedded.postgres import PostgresServer
    from runtime.ports.audit import AuditTrail, SealedPage
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
EVERYTHING = AuditFilter(0, 1000)


@pytest.fixture
async def store(migrated_url: str, settings: Settings) -> AsyncIterator[PostgresEntries]:
    store = PostgresEntries(Address(migrated_url), None, settings.database, Horizon(3))
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def postgres_trail(store: PostgresEntries) -> PostgresAudit:
    return PostgresAudit(store)


@pytest.fixture(params=["memory", "postgres"])
def trail(request: pytest.FixtureRequest) -> AuditTrail:
    if request.param == "memory":
        return MemoryAudit()
    found: AuditTrail = request.getfixturevalue("postgres_trail")
    return found


def note(**members: Any) -> Note:
    given = {"kind": REFUSAL, "outcome": "412", "actor": "anonymous", "client": "10.0.0.1", "endpoint": "PUT /v1/x"}
    return Note(**{**given, **members})


async def sealed(trail: AuditTrail, wanted: AuditFilter = EVERYTHING) -> list[dict[str, Any]]:
    """Seal everything, and return the records that are asked for but for the beginning of the database's history."""
    while await trail.seal(100):
        pass
    return [record for record in records(await trail.page(wanted)) if record["kind"] != "history"]


def records(page: SealedPage) -> list[dict[str, Any]]:
    return [json.loads(each.record) for each in page.records]


def assert_linked(page: SealedPage) -> None:
    link = bytes.fromhex(page.previous)
    for place, each in enumerate(page.records, page.first):
        link = next_link(link, record_hash(json.loads(each.record)))
        assert (each.sequence, each.link) == (place, link.hex())


async def test_a_note_becomes_a_record_with_its_members_and_its_time(trail: AuditTrail) -> None:
    before = datetime.now(UTC)
    made = note(namespace="payments", key="limits", request_id="r-1")
    await trail.note([(made, 30.0)])
    (record,) = await sealed(trail)
    at = datetime.fromisoformat(record.pop("at"))
    assert before - timedelta(seconds=31) < at < datetime.now(UTC) - timedelta(seconds=29)
    assert record == made.members()
    assert record["note"] == str(made.note)


async def test_a_note_that_is_sent_again_is_recorded_once(trail: AuditTrail) -> None:
    made = note()
    await trail.note([(made, 0.0)])
    await trail.note([(made, 0.0), (note(key="other"), 0.0)])
    assert len(await sealed(trail)) == 2
    await trail.note([(made, 0.0)])
    assert len(await sealed(trail)) == 2, "the note was sealed already"


async def test_every_record_is_linked_to_the_one_before(trail: AuditTrail) -> None:
    for number in range(5):
        await trail.note([(note(key=f"k{number}"), 0.0), (note(kind=READ, outcome="200", query="limit=1"), 0.0)])
        await trail.seal(3)
    await sealed(trail)
    page = await trail.page(EVERYTHING)
    assert page.previous == GENESIS.hex()
    assert_linked(page)


async def test_records_are_found_by_each_of_their_members(trail: AuditTrail) -> None:
    names = ("a", "b", "b")
    await trail.note([(note(namespace=name, actor=f"of-{name}", outcome="428"), 60.0) for name in names])
    await trail.note([(note(kind=READ, outcome="200", namespace="a", actor="auditor"), 0.0)])
    assert len(await sealed(trail)) == 4

    async def count(**asked: Any) -> int:
        return len(await sealed(trail, AuditFilter(0, 100, **asked)))

    assert (await count(namespace="a"), await count(namespace="b"), await count(namespace="c")) == (2, 2, 0)
    assert (await count(actor="of-b"), await count(kind=REFUSAL), await count(outcome="200")) == (2, 3, 1)
    assert await count(namespace="a", kind=REFUSAL) == 1
    recent = written(datetime.now(UTC) - timedelta(seconds=30))
    assert (await count(since=recent, kind=READ), await count(since=recent, kind=REFUSAL)) == (1, 0)
    assert (await count(until=recent, kind=READ), await count(until=recent, kind=REFUSAL)) == (0, 3)


async def test_pages_follow_one_another_without_gaps(trail: AuditTrail) -> None:
    await trail.note([(note(key=f"k{number}"), 0.0) for number in range(7)])
    await sealed(trail)
    found: list[int] = []
    more = True
    while more:
        page = await trail.page(AuditFilter(found[-1] if found else 0, 3, kind=REFUSAL))
        found += [each.sequence for each in page.records]
        more = page.more
    assert len(found) == 7
    assert found == sorted(set(found))


async def test_the_state_tells_the_length_and_how_long_others_wait(trail: AuditTrail) -> None:
    await sealed(trail)
    before = await trail.state()
    assert before.unsealed_seconds == 0
    await trail.note([(note(), 5.0)])
    waiting = await trail.state()
    assert waiting.length == before.length
    assert 5 <= waiting.unsealed_seconds < 60
    await sealed(trail)
    after = await trail.state()
    assert (after.length, after.unsealed_seconds) == (before.length + 1, 0)
    assert after.unanchored_seconds > 0


async def test_every_change_becomes_a_record_with_hashes_of_the_value_before_and_after(
    store: PostgresEntries, postgres_trail: PostgresAudit
) -> None:
    context = Context("somebody", "request-1", "a reason — with ümlauts", "10.1.2.3")
    first = change(edit("a", "k", '{"limit":1.10}'), context=context)
    await store.change([first])
    await put(store, "a", "k", "[2]", ANYTHING)
    await put(store, "a", "k", None, ANYTHING)
    await put(store, "a", "k", "3")
    made = await sealed(postgres_trail)
    hashes = {text: hashlib.sha256(text.encode()).hexdigest() for text in ('{"limit":1.10}', "[2]", "3")}
    of = [(each["outcome"], each.get("before"), each.get("after"), each["revision"]) for each in made]
    assert of == [
        ("create", None, hashes['{"limit":1.10}'], 1),
        ("replace", hashes['{"limit":1.10}'], hashes["[2]"], 2),
        ("delete", hashes["[2]"], None, 3),
        ("create", None, hashes["3"], 4),
    ]
    created = {name: value for name, value in made[0].items() if name not in ("at", "after")}
    assert created == {
        "kind": "change",
        "outcome": "create",
        "actor": "somebody",
        "client": "10.1.2.3",
        "request_id": "request-1",
        "reason": "a reason — with ümlauts",
        "namespace": "a",
        "key": "k",
        "revision": 1,
        "ordinal": 0,
        "change": str(first.id),
    }
    assert "client" not in made[1]


async def test_each_change_of_a_group_has_its_own_client_and_each_edit_its_own_record(
    store: PostgresEntries, postgres_trail: PostgresAudit
) -> None:
    clients = [f"10.0.0.{number}" for number in range(5)]
    group = [change(edit(f"n{c[-1]}", "j"), edit(f"n{c[-1]}", "k"), context=Context(client=c)) for c in clients]
    await store.change(group)
    made = await sealed(postgres_trail)
    assert [(each["client"], each["revision"], each["ordinal"]) for each in made] == [
        (client, revision, ordinal) for revision, client in enumerate(clients, 1) for ordinal in (0, 1)
    ]


async def test_a_dry_run_is_recorded_nowhere_and_a_definition_has_the_empty_key(
    store: PostgresEntries, postgres_trail: PostgresAudit, owner: asyncpg.Connection
) -> None:
    defined = change(edit("n", "", '{"owner": "me"}'), context=Context(client="10.0.0.1"))
    trial = replace(change(edit("n", "k"), context=Context(client="10.0.0.2")), trial=True)
    for group in ([trial], [trial, defined, trial], [trial]):
        assert all(isinstance(result, tuple) for result in await store.change(group))
    (record,) = await sealed(postgres_trail)
    assert (record["namespace"], record["key"], record["client"]) == ("n", "", "10.0.0.1")
    noted = await owner.fetch("SELECT revisions, clients FROM audit_origins")
    assert [tuple(row) for row in noted] == [([1], ["10.0.0.1"])]


async def test_sealers_at_the_same_time_leave_nothing_out_and_nothing_twice(
    store: PostgresEntries, postgres_trail: PostgresAudit, migrated_url: str, settings: Settings
) -> None:
    other = PostgresEntries(Address(migrated_url), None, settings.database, Horizon(3))
    await other.open()
    trails = (postgres_trail, PostgresAudit(other))
    running = True

    async def seal(trail: PostgresAudit) -> int:
        total = 0
        while running or await trail.seal(7):
            total += await trail.seal(7)
        return total

    sealers = [asyncio.create_task(seal(trail)) for trail in trails]
    for number in range(40):
        await store.change([change(edit("a", f"k{number}-{n}")) for n in range(5)])
        await postgres_trail.note([(note(key=f"k{number}"), 0.0)])
    running = False
    await asyncio.gather(*sealers)
    made = await sealed(postgres_trail)
    await other.close()
    assert [each["revision"] for each in made if each["kind"] == "change"] == list(range(1, 201))
    assert sorted(each["key"] for each in made if each["kind"] == REFUSAL) == sorted(f"k{n}" for n in range(40))
    assert_linked(await postgres_trail.page(EVERYTHING))


async def test_a_sealer_that_is_killed_at_any_step_loses_nothing_and_seals_nothing_twice(
    store: PostgresEntries, postgres_trail: PostgresAudit, postgres: PostgresServer, migrated_url: str
) -> None:
    administrator = await asyncpg.connect(in_database(postgres.admin_url, migrated_url.rpartition("/")[2]))
    for number in range(8):
        made, noted = change(edit("a", f"k{number}")), (note(key=f"k{number}"), 0.0)
        await persistently(partial(store.change, [made]))
        await persistently(partial(postgres_trail.note, [noted]))
        task = asyncio.create_task(postgres_trail.seal(100))
        for _ in range(number):
            await asyncio.sleep(0.001)
        await administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'cbp-runtime' AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        await asyncio.gather(task, return_exceptions=True)
    await administrator.close()
    await persistently(partial(sealed, postgres_trail))
    found = await sealed(postgres_trail)
    assert [each["revision"] for each in found if each["kind"] == "change"] == list(range(1, 9))
    assert sorted(each["key"] for each in found if each["kind"] == REFUSAL) == [f"k{n}" for n in range(8)]
    assert_linked(await postgres_trail.page(EVERYTHING))


async def persistently(call: Callable[[], Awaitable[object]]) -> None:
    """Do what may meet a connection that was ended, until it is done."""
    async with asyncio.timeout(30):
        while True:
            try:
                await call()
            except UnavailableError:
                await asyncio.sleep(0.01)
            else:
                return


async def test_sealing_waits_for_no_change_and_no_change_for_sealing(
    store: PostgresEntries, postgres_trail: PostgresAudit, owner: asyncpg.Connection
) -> None:
    await put(store, "a", "j")
    async with owner.transaction():
        await owner.execute("SELECT pg_advisory_xact_lock(x'636270'::integer, 6)")
        await put(store, "a", "k")
        assert await postgres_trail.seal(10) == 0, "another one is sealing"
    async with owner.transaction():
        await owner.execute("SELECT pg_advisory_xact_lock(x'636270'::integer, 1)")
        assert await postgres_trail.seal(10) == 3


async def test_a_history_that_begins_is_recorded_with_its_reason(
    store: PostgresEntries, postgres_trail: PostgresAudit, owner: asyncpg.Connection
) -> None:
    await put(store, "a", "k")
    await owner.execute("SELECT confirm_history(NULL, NULL, NULL, false, 'a restore')")
    await put(store, "a", "j")
    await sealed(postgres_trail)
    made = records(await postgres_trail.page(EVERYTHING))
    assert [(each["kind"], each.get("reason"), each.get("revision")) for each in made] == [
        ("history", "the database was made", None),
        ("change", None, 1),
        ("history", "a restore", None),
        ("change", None, 2),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_records SET record = '{}'",
        "DELETE FROM audit_records",
        "TRUNCATE audit_records",
        "INSERT INTO audit_records (sequence, record) VALUES (9, '{}')",
        "DELETE FROM audit_notes",
        "INSERT INTO audit_anchors (sequence, statement, signature) VALUES (1, '{}', '')",
        "SELECT drop_expired_audit('0', 1)",
        "SELECT append_audit(7, ARRAY['{}'], ARRAY[]::bigint[])",
    ],
)
async def test_the_role_that_serves_cannot_change_the_trail(
    store: PostgresEntries, postgres_trail: PostgresAudit, statement: str
) -> None:
    await put(store, "a", "k")
    await sealed(postgres_trail)
    async with store.reading() as connection:
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.SerializationError)):
            await connection.execute(statement)


async def test_the_owner_cannot_change_the_trail_by_mistake(
    store: PostgresEntries, postgres_trail: PostgresAudit, owner: asyncpg.Connection
) -> None:
    await put(store, "a", "k")
    await sealed(postgres_trail)
    for statement in ("UPDATE audit_records SET record = '{}'", "DELETE FROM audit_records", "TRUNCATE audit_records"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)


async def anchor(owner: asyncpg.Connection, page: SealedPage, place: int, link: str | None = None) -> None:
    """Record an anchor of a place, as the job that signs does."""
    statement = json.dumps({"sequence": place, "link": link or page.records[place - page.first].link})
    await owner.execute(
        "INSERT INTO audit_anchors (sequence, statement, signature) VALUES ($1, $2, '')", place, statement
    )


async def test_records_past_their_retention_are_dropped_up_to_an_anchor_and_the_chain_goes_on(
    store: PostgresEntries, postgres_trail: PostgresAudit, owner: asyncpg.Connection
) -> None:
    for number in range(6):
        await put(store, "a", f"k{number}")
    await sealed(postgres_trail)
    before = await postgres_trail.page(EVERYTHING)
    assert await owner.fetchval("SELECT drop_expired_audit('0', 100)") == 0, "nothing is anchored"
    await anchor(owner, before, 4)
    assert await owner.fetchval("SELECT drop_expired_audit('1 day', 100)") == 0, "nothing is as old"
    assert await owner.fetchval("SELECT drop_expired_audit('0', 3)") == 0, "no anchor is that near"
    assert await owner.fetchval("SELECT drop_expired_audit('0', 100)") == 4
    await put(store, "a", "another")
    await sealed(postgres_trail)
    after = await postgres_trail.page(EVERYTHING)
    assert (after.first, after.previous) == (5, before.records[3].link)
    assert after.records[:3] == before.records[4:]
    assert_linked(after)
    assert [each["revision"] for each in records(after)] == [4, 5, 6, 7]


async def test_a_retention_of_every_change_leaves_no_event_to_be_sealed_again(
    store: PostgresEntries, postgres_trail: PostgresAudit, owner: asyncpg.Connection
) -> None:
    await put(store, "a", "k")
    await postgres_trail.note([(note(), 0.0), (note(), 0.0)])
    await sealed(postgres_trail)
    await anchor(owner, await postgres_trail.page(EVERYTHING), 3)
    assert await owner.fetchval("SELECT drop_expired_audit('0', 100)") == 3
    assert await postgres_trail.seal(10) == 0
    assert (await postgres_trail.state()).unsealed_seconds == 0


@pytest.mark.parametrize("tampering", ["record", "link", "row", "anchor"])
async def test_nothing_is_dropped_of_a_chain_that_was_changed(
    store: PostgresEntries, postgres_trail: PostgresAudit, owner: asyncpg.Connection, tampering: str
) -> None:
    for number in range(4):
        await put(store, "a", f"k{number}")
    await sealed(postgres_trail)
    page = await postgres_trail.page(EVERYTHING)
    await anchor(owner, page, 4, GENESIS.hex() if tampering == "anchor" else None)
    await owner.execute("ALTER TABLE audit_records DISABLE TRIGGER USER")
    await owner.execute(
        {
            "record": "UPDATE audit_records SET record = replace(record, 'k1', 'k9') WHERE sequence = 3",
            "link": "UPDATE audit_records SET link = sha256('') WHERE sequence = 2",
            "row": "DELETE FROM audit_records WHERE sequence = 2",
            "anchor": "SELECT",
        }[tampering]
    )
    await owner.execute("ALTER TABLE audit_records ENABLE TRIGGER USER")
    with pytest.raises(asyncpg.RaiseError, match="nothing is dropped"):
        await owner.fetchval("SELECT drop_expired_audit('0', 100)")


async def test_events_of_a_release_that_names_no_client_are_recorded_without_one(
    store: PostgresEntries, postgres_trail: PostgresAudit
) -> None:
    """Pods of the release before call the function alone."""
    async with store.reading() as connection:
        await connection.fetch(
            "SELECT * FROM change_entries(NULL, NULL, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            *([uuid4()], ["anonymous"], [None], [None], [None], [1], ["a"], ["k"], ["1"], [None], [None]),
        )
    (record,) = await sealed(postgres_trail)
    assert "client" not in record
