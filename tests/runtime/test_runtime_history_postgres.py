"""The history in PostgreSQL: how much a question reads, and what holds while others change and connections are lent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import pytest

from runtime.adapters import postgres_history as queries
from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_history import EXAMINED_EVENTS, EXAMINED_KEYS, PAGE_BYTES
from runtime.adapters.postgres_horizon import Horizon
from runtime.domain.entries import Version
from runtime.embedded.cluster import API
from runtime.environment import Address
from tests.runtime.changing import ANYTHING, change, edit, put

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from runtime.settings import Settings

pytestmark = pytest.mark.anyio

LAST = 20_000
HORIZON = 2_000


@pytest.fixture
async def store(migrated_url: str, settings: Settings) -> AsyncIterator[PostgresEntries]:
    store = PostgresEntries(Address(migrated_url), None, settings.database, Horizon(3))
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def large(owner: asyncpg.Connection) -> asyncpg.Connection:
    """A long history in four partitions: 18,000 revisions of 1,200 keys in 3 namespaces behind a checkpoint.

    One key of the namespace n has 6,000 versions.
    """
    await owner.execute("DROP TABLE events_1, events_1000001")
    await owner.execute("SELECT make_event_partitions(5000, 15000)")
    await owner.execute("INSERT INTO checkpoints (revision) VALUES ($1)", HORIZON)
    await owner.execute(
        "INSERT INTO events SELECT r, 0, gen_random_uuid(), CASE r % 3 WHEN 0 THEN 'n' ELSE 'o' || r % 3 END,"
        " CASE WHEN r % 9 = 0 THEN 'busy' ELSE 'k' || r % 1200 END, 'replace', to_json(r),"
        " '2026-01-01'::timestamptz + r * interval '1 minute', 'anonymous' FROM generate_series($1::int, $2::int) AS r",
        HORIZON + 1,
        LAST,
    )
    await owner.execute(
        "INSERT INTO checkpoint_entries SELECT 'n', 'old' || n, '1', n, '2026-01-01' FROM generate_series(1, 2000) AS n"
    )
    await owner.execute(
        "INSERT INTO events SELECT 3001, 1, gen_random_uuid(), 'rare', 'k', 'create', '1', '2026-01-03', 'anonymous'"
    )
    await owner.execute("ANALYZE events; ANALYZE checkpoint_entries; ANALYZE checkpoints")
    return owner


QUESTIONS = {
    # The query, its arguments, and the most rows that it may read of 20,000.
    "a time": (queries.AT, "'2026-01-09', 3.0", 20),
    "entries": (queries.READ, "'n', '{busy,k3,old7}', 19000", 15),
    "a list": (queries.SCAN, f"'n', '', 19000, 100, {PAGE_BYTES}, {EXAMINED_KEYS}", 1200),
    "versions": (queries.VERSIONS, f"'n', 'busy', 19000, 20, {PAGE_BYTES}", 100),
    "a version": (queries.VERSION, "'n', 'busy', 9000", 2),
    "changes": (queries.CHANGES, "'n', 19000, 20", 60),
    "changes of a namespace that changed once": (queries.CHANGES, "'rare', 19000, 20", 10),
    "differences": (queries.DIFFERENCES, f"'n', 2010, 19000, 19000, 20, {EXAMINED_EVENTS}", EXAMINED_EVENTS + 300),
    "differences of a namespace that changed once": (
        queries.DIFFERENCES,
        f"'rare', 2010, 19000, NULL, 20, {EXAMINED_EVENTS}",
        10,
    ),
}


@pytest.mark.parametrize("plan_mode", ["force_custom_plan", "force_generic_plan"])
async def test_a_question_reads_rows_by_an_index_and_no_more_than_its_page_needs(
    large: asyncpg.Connection, plan_mode: str
) -> None:
    await large.execute(f"SET plan_cache_mode = {plan_mode}")
    for name, (query, arguments, most) in QUESTIONS.items():
        await large.execute(f"PREPARE question AS {query}")
        explained = await large.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE question ({arguments})")
        await large.execute("DEALLOCATE question")
        scans = list(_scans(json.loads(explained)[0]["Plan"]))
        # Were a function not part of the statement, its scans would not be in the plan.
        assert scans, name
        assert {scan["Node Type"] for scan in scans} <= {"Index Scan", "Index Only Scan"}, name
        read = sum(
            scan["Actual Loops"] * (scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)) for scan in scans
        )
        assert read <= most, (name, read)


@pytest.mark.parametrize("plan_mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("namespace", ["rare", "none"])
async def test_the_revision_of_a_namespace_is_looked_up(
    large: asyncpg.Connection, plan_mode: str, namespace: str
) -> None:
    await large.execute(f"SET plan_cache_mode = {plan_mode}")
    body = await large.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'namespace_revision'")
    query = re.sub(r"\bname\b", "$1", body)
    await large.execute(f"PREPARE revision (text) AS {query}")
    explained = await large.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE revision ('{namespace}')")
    await large.execute("DEALLOCATE revision")
    scans = list(_scans(json.loads(explained)[0]["Plan"]))
    assert {scan["Node Type"] for scan in scans} <= {"Index Scan", "Index Only Scan"}
    assert sum(scan["Actual Loops"] * scan["Actual Rows"] for scan in scans) <= 10
    assert not any(scan.get("Rows Removed by Filter") for scan in scans)


def _scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the nodes of a plan that read the events or the entries of the checkpoint."""
    if plan.get("Relation Name", "").startswith(("events", "checkpoint_entries")):
        yield plan
    for below in plan.get("Plans", ()):
        yield from _scans(below)


async def test_a_time_that_came_twice_stands_for_a_state_of_then(
    store: PostgresEntries, owner: asyncpg.Connection
) -> None:
    """The server's clock was set back by five minutes between the revisions 2 and 3."""
    minutes = (0, 5, 1, 6)
    await owner.execute(
        "INSERT INTO events SELECT place, 0, gen_random_uuid(), 'n', 'k', 'replace', to_json(place),"
        " '2026-01-01T10:00Z'::timestamptz + minute * interval '1 minute', 'anonymous'"
        " FROM unnest($1::int[]) WITH ORDINALITY AS made (minute, place)",
        minutes,
    )
    start = datetime(2026, 1, 1, 10, tzinfo=UTC)
    told = [(await store.history.at(start + timedelta(minutes=minute))).revision for minute in (-1, 0, 3, 6, 7)]
    assert told[:2] + told[3:] == [0, 1, 4, 4]
    assert told[2] in {1, 3}


async def test_a_page_ends_once_its_values_fill_it(store: PostgresEntries, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE_BYTES", 1000)
    value = f'"{uuid4().hex * 20}"'  # 642 bytes
    for key in "abc":
        await put(store, "n", key, value)
    last = (await put(store, "n", "a", value, ANYTHING)).version
    pages = [await store.history.scan("n", after, 9, last) for after in ("", "b")]
    assert [([entry.key for entry in page.entries], page.next) for page in pages] == [(["a", "b"], "b"), (["c"], None)]
    for _ in range(2):
        await put(store, "n", "a", value, ANYTHING)
    versions = await store.history.versions("n", "a", None, 9)
    assert ([each.version.revision for each in versions.versions], versions.next) == (
        [6, 5],
        Version(last.epoch, 5),
    )
    further = await store.history.versions("n", "a", versions.next, 9)
    assert ([each.version.revision for each in further.versions], further.next) == ([4, 1], None)


async def test_a_page_ends_where_it_has_examined_enough(
    store: PostgresEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = (await store.read("n", "a")).version
    for key in "abcdefg":
        await put(store, "n", key)
    for key in "abcdef":
        last = (await put(store, "n", key, None, ANYTHING)).version
    monkeypatch.setattr(queries, "EXAMINED_KEYS", 3)
    monkeypatch.setattr(queries, "EXAMINED_EVENTS", 4)
    pages = [await store.history.scan("n", after, 9, last) for after in ("", "c", "f")]
    assert [([entry.key for entry in page.entries], page.next) for page in pages] == [
        ([], "c"),
        ([], "f"),
        (["g"], None),
    ]
    seen, before = [], None
    while True:
        page = await store.history.differences("n", start, last, before, 9)
        seen.append([each.key for each in page.differences])
        if (before := page.next) is None:
            break
    assert [key for keys in seen for key in keys] == ["g"]
    assert len(seen) > 2


async def test_the_role_that_serves_reads_the_history_and_changes_nothing_of_it(
    store: PostgresEntries, migrated_url: str
) -> None:
    await put(store, "n", "k")
    connection = await asyncpg.connect(migrated_url)
    assert await connection.fetchval("SELECT count(*) FROM checkpoint_entries") == 0
    for statement in ("DELETE FROM checkpoint_entries", "INSERT INTO checkpoints (revision) VALUES (1)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


@pytest.fixture
def verified(tmp_path: Path, document: dict[str, Any], owner_url: str) -> Callable[[], tuple[int, list[str]]]:
    """Run the command as a person or a Job does; return its exit status and its lines."""
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-m", "runtime.maintenance", "verify-history", "--settings", str(settings)]
    variables = {"CBP_DATABASE_MIGRATION_URL": owner_url, "CBP_DATABASE_SERVING_ROLE": API}

    def run() -> tuple[int, list[str]]:
        ended = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, timeout=60)
        assert ended.stderr == ""
        return ended.returncode, ended.stdout.splitlines()

    return run


async def test_the_state_that_is_rebuilt_from_events_is_compared_with_the_entries(
    store: PostgresEntries, owner: asyncpg.Connection, verified: Callable[[], tuple[int, list[str]]]
) -> None:
    await owner.execute("DROP TABLE events_1, events_1000001; SELECT make_event_partitions(3, 6)")
    for key in "abcde":
        await put(store, "n", key)
    for key in "ab":
        await put(store, "n", key, "2", ANYTHING)
    await put(store, "n", "e", None, ANYTHING)
    assert await owner.fetchval("SELECT drop_expired_events($1)", timedelta(0)) == "events_1"
    assert verified() == (
        0,
        ["the entries are as the checkpoint at revision 3 and the 5 events up to revision 8 make them"],
    )
    await owner.execute(
        "SET cbp.change = 'recorded';"
        "UPDATE entries SET value = '7' WHERE key = 'a';"
        "UPDATE entries SET revision = 2 WHERE key = 'b';"
        "UPDATE entries SET updated_at = '2026-01-01' WHERE key = 'c';"
        "DELETE FROM entries WHERE key = 'd';"
        "INSERT INTO entries VALUES ('n', 'x', '1', 8, now(), 1)"
    )
    assert verified() == (
        1,
        [
            "n/a: the entry has another value than revision 6 makes",
            "n/b: the entry is at revision 2, and its events make revision 7",
            "n/c: the entry has another time than revision 3 makes",
            "n/d: the entry is missing, which revision 4 makes",
            "n/x: the entry is at revision 8, and no event makes it",
            "differences from the checkpoint at revision 3 and the 5 events up to revision 8: 5",
        ],
    )


async def test_an_event_that_was_removed_by_hand_is_missed(
    store: PostgresEntries, owner: asyncpg.Connection, verified: Callable[[], tuple[int, list[str]]]
) -> None:
    await put(store, "n", "a")
    await store.change([change(edit("n", "b"), edit("n", "c"))])
    await put(store, "n", "a", "2", ANYTHING)
    await put(store, "n", "a", "3", ANYTHING)
    await owner.execute(
        "ALTER TABLE events DISABLE TRIGGER USER; DELETE FROM events WHERE revision IN (1, 3) OR key = 'b';"
        "ALTER TABLE events ENABLE TRIGGER USER"
    )
    assert verified() == (
        1,
        [
            "n/b: the entry is at revision 2, and no event makes it",
            "revision 1 has no event",
            "revision 3 has no event",
            "revision 2 has 1 of its 2 events",
            "n/a: revision 4 is a replace, and there was no entry",
            "differences from the checkpoint at revision 0 and the 2 events up to revision 4: 5",
        ],
    )
