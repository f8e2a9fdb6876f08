"""A database is restored from its archive or a snapshot, and the test of that finds what is wrong with the copy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from compiler.emit.kubernetes.database.postgres_cluster import QUERIES
from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_audit import PostgresAudit
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.postgres_migrations import migrate
from runtime.domain.entries import PreconditionFailedError
from runtime.embedded.cluster import ADMINISTRATOR, API, DATABASE
from runtime.environment import Address
from runtime.maintenance.audit import tell_standbys
from runtime.maintenance.integrity import verify
from runtime.maintenance.kubernetes import KubernetesApi, KubernetesError
from runtime.maintenance.restore_test import Outcome, restore
from runtime.maintenance.scratch import Scratch
from tests.archived import Archived, archived
from tests.conftest import in_database
from tests.runtime.changing import ANYTHING, at, put
from tests.runtime.external import shows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from runtime.embedded.cluster import Cluster
    from runtime.embedded.postgres import PostgresServer
    from runtime.maintenance.scratch import Access
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio

NAME = "configuration-db-restored"
MANIFEST = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "Cluster",
    "metadata": {"name": NAME, "namespace": "cbp-data"},
    "spec": {"bootstrap": {"recovery": {"source": "primary", "database": DATABASE}}},
}
LONGEST_SECONDS = 60


class Operator(KubernetesApi):
    """The part of Kubernetes and of the database's operator that a restore test uses, with real servers.

    A Cluster is a server that is restored from a base backup and the archive; its volume snapshot is another backup.
    """

    def __init__(self, primary: Archived, backup: Cluster, folder: Path) -> None:
        self.primary, self.backup, self.folder = primary, backup, folder
        self.snapshots: dict[str, Cluster] = {}
        self.requested: list[dict[str, Any]] = []
        self.restored = ""
        self.recovers = True
        self.present = False
        self._servers = ExitStack()
        superuser = {"username": ADMINISTRATOR, "password": primary.passwords[ADMINISTRATOR]}
        self._secrets = {f"{NAME}-superuser": superuser, f"{NAME}-ca": {"ca.crt": shows(folder)[1].decode()}}

    def _request(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any] | None:
        kind, _, name = path.partition("?")[0].removeprefix("/").rpartition("/")
        if (method, name) == ("GET", "backups"):
            return {"items": [self._backup(each) for each in self.snapshots], "metadata": {}}
        if name in self._secrets:
            return {"data": {key: b64encode(value.encode()) for key, value in self._secrets[name].items()}}
        if (method, name) == ("POST", "clusters") and body:
            self._make(json.loads(body))
            return {}
        assert kind == "apis/postgresql.cnpg.io/v1/namespaces/cbp-data/clusters"
        assert name == NAME
        if not self.present:
            return None
        if method == "DELETE":
            assert "propagationPolicy=Foreground" in path
            self.close()
            return {}
        ready = {"type": "Ready", "status": "True" if self.recovers else "False"}
        return {"status": {"phase": "Setting up primary", "conditions": [ready]}}

    def _make(self, manifest: dict[str, Any]) -> None:
        self.requested.append(manifest)
        snapshot = manifest["spec"]["bootstrap"]["recovery"].get("volumeSnapshots")
        backup = self.snapshots[snapshot["storage"]["name"]] if snapshot else self.backup
        self.present = True
        folder = self.folder / f"restored-{len(self.requested)}"
        server = self._servers.enter_context(self.primary.restored(backup, folder))
        self.restored = in_database(server.admin_url, DATABASE)

    def close(self) -> None:
        self._servers.close()
        self.present = False

    @staticmethod
    def _backup(name: str) -> dict[str, Any]:
        elements = [{"name": name, "type": "PG_DATA"}, {"name": f"{name}-wal", "type": "PG_WAL"}]
        return {
            "metadata": {"name": name, "creationTimestamp": f"2026-09-0{len(name)}T00:00:00Z"},
            "spec": {"cluster": {"name": "configuration-db"}, "method": "volumeSnapshot"},
            "status": {"phase": "completed", "snapshotBackupStatus": {"elements": elements}},
        }


@pytest.fixture(scope="module")
def primary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archived]:
    with archived(tmp_path_factory.mktemp("archived")) as found:
        yield found


@pytest.fixture
async def store(primary: Archived, settings: Settings) -> AsyncIterator[PostgresEntries]:
    await migrate(Address(primary.server.migration_url), settings.database, API)
    address = Address(primary.server.url)
    found = PostgresEntries(address, address, settings.database, Horizon(3600))
    await found.open()
    yield found
    await found.close()


@pytest.fixture
async def operator(primary: Archived, store: PostgresEntries, tmp_path: Path) -> AsyncIterator[Operator]:
    """An operator with a base backup; ``store`` has the schema in it."""
    await put(store, "n", tmp_path.name)
    await PostgresAudit(store).seal(1000)
    found = Operator(primary, await primary.back_up(tmp_path / "backup"), tmp_path)
    yield found
    found.close()


Run = Callable[..., Awaitable[Outcome]]


@pytest.fixture
def run(operator: Operator, primary: Archived, settings: Settings) -> Run:
    """Run the job, with statements that spoil the restored database before it is verified."""

    async def tested(*spoil: str) -> Outcome:
        async def connect(access: Access) -> asyncpg.Connection:
            assert (access.host, access.database) == (f"{NAME}-rw.cbp-data.svc", DATABASE)
            connection = await asyncpg.connect(operator.restored, user=access.user, password=access.password)
            for statement in spoil:
                await connection.execute(statement)
            return connection

        address = Address(primary.server.migration_url)
        scratch = Scratch(operator, MANIFEST, sleep=lambda _: None)
        return await restore(scratch, "configuration-db", address, settings.database, LONGEST_SECONDS, connect)

    return tested


async def recorded(primary: Archived) -> list[tuple[Any, ...]]:
    """Return the source, the revision and the faults of the tests that were made, in their order."""
    connection = await asyncpg.connect(primary.administration)
    try:
        query = "SELECT source, revision, faults, seconds, lost_seconds FROM restore_tests ORDER BY began_at"
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def test_what_was_not_archived_is_lost_and_measured(
    operator: Operator, run: Run, primary: Archived, store: PostgresEntries
) -> None:
    kept = await put(store, "n", "kept")
    await primary.archive_log()
    began = time.time()
    await put(store, "n", "lost")
    outcome = await run()
    assert (outcome.source, outcome.revision, outcome.faults) == ("archive", kept.version.revision, ())
    assert 0 < outcome.lost_seconds <= time.time() - began + 1
    assert outcome.seconds > 0
    assert (await recorded(primary))[-1] == ("archive", outcome.revision, 0, outcome.seconds, outcome.lost_seconds)
    assert operator.requested == [MANIFEST]
    assert not operator.present


async def test_nothing_is_lost_of_an_archive_that_is_complete(
    run: Run, primary: Archived, store: PostgresEntries
) -> None:
    made = await put(store, "n", "archived")
    await primary.archive_log()
    outcome = await run()
    assert (outcome.revision, outcome.lost_seconds) == (made.version.revision, 0)


async def test_the_archive_and_the_newest_snapshot_take_turns(
    operator: Operator, run: Run, primary: Archived, store: PostgresEntries, tmp_path: Path
) -> None:
    await run()
    operator.snapshots = {"a": operator.backup, "bb": await primary.back_up(tmp_path / "snapshot")}
    made = await put(store, "n", "later")
    await primary.archive_log()
    first, second = await run(), await run()
    assert [(each.source, each.revision, each.faults) for each in (first, second)] == [
        ("snapshot", made.version.revision, ()),
        ("archive", made.version.revision, ()),
    ]
    recovery = operator.requested[1]["spec"]["bootstrap"]["recovery"]
    assert {field: volume["name"] for field, volume in recovery["volumeSnapshots"].items()} == {
        "storage": "bb",
        "walStorage": "bb-wal",
    }
    assert recovery["source"] == "primary"


async def test_each_fault_of_the_copy_is_found_and_counted(run: Run, primary: Archived, store: PostgresEntries) -> None:
    made = await put(store, "n", "changed")
    await PostgresAudit(store).seal(1000)
    await primary.archive_log()
    outcome = await run(
        "SET cbp.change = 'recorded'",
        "UPDATE entries SET value = '7' WHERE key = 'changed'",
        "ALTER TABLE audit_records DISABLE TRIGGER USER",
        "UPDATE audit_records SET record = record || ' ' WHERE sequence = 1",
        "UPDATE audit_records SET link = sha256(link) WHERE sequence = (SELECT max(sequence) FROM audit_records)",
        # A row that an index does not know.
        "UPDATE pg_index SET indisready = false WHERE indexrelid = 'audit_records_of_actor'::regclass",
        "UPDATE audit_records SET actor = 'nobody' WHERE sequence = 1",
        "UPDATE pg_index SET indisready = true WHERE indexrelid = 'audit_records_of_actor'::regclass",
    )
    last = outcome.faults[-1].split()[2]
    index, *others = outcome.faults
    assert "audit_records_of_actor" in index
    assert others == [
        f"n/changed: the entry has another value than revision {made.version.revision} makes",
        "audit record 1 does not follow from the one before it",
        f"audit record {last} does not follow from the one before it",
        f"audit record {last} is another one in the primary: this is no copy of its database",
    ]
    assert (await recorded(primary))[-1][2] == len(outcome.faults)


async def test_the_exporter_reads_the_last_restore_test_without_a_fault(
    run: Run, primary: Archived, store: PostgresEntries
) -> None:
    outcome = await run()
    await run("SET cbp.change = 'recorded'; DELETE FROM entries")
    query = QUERIES["restore_test"]
    connection = await asyncpg.connect(primary.administration)
    try:
        await connection.execute("CREATE ROLE exporter IN ROLE pg_monitor; SET ROLE exporter; BEGIN READ ONLY")
        assert await connection.fetchval(query["predicate_query"]) is True
        (row,) = await connection.fetch(query["query"])
    finally:
        await connection.close()
    assert tuple(row[name] for name in ("source", "seconds", "lost_seconds")) == (
        outcome.source,
        outcome.seconds,
        outcome.lost_seconds,
    )
    assert [next(iter(metric)) for metric in query["metrics"]] == list(row.keys())
    assert row["finished_time"] == pytest.approx(time.time(), abs=3600)


async def test_a_database_that_does_not_come_up_in_time_is_a_failure_and_is_removed(
    operator: Operator, primary: Archived, settings: Settings
) -> None:
    operator.recovers = False
    clock = iter(range(0, 1000, 10))
    scratch = Scratch(operator, MANIFEST, now=lambda: next(clock), sleep=lambda _: None)
    address = Address(primary.server.migration_url)
    with pytest.raises(KubernetesError, match="not restored within 60 seconds, it is at: Setting up primary"):
        await restore(scratch, "configuration-db", address, settings.database, LONGEST_SECONDS)
    assert not operator.present
    assert (await recorded(primary))[-1] == ("archive", None, None, None, None)


@asynccontextmanager
async def served(server: PostgresServer, settings: Settings) -> AsyncIterator[PostgresEntries]:
    """Provide a store on a restored database, in which a new history was begun as the runbook says."""
    connection = await asyncpg.connect(in_database(server.admin_url, DATABASE))
    await connection.execute("SELECT confirm_history(NULL, NULL, NULL, false, 'a restore')")
    assert await verify(connection) == []
    await connection.close()
    store = PostgresEntries(Address(server.url), Address(server.url), settings.database, Horizon(3600))
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def test_a_mistake_is_undone_by_a_restore_to_the_moment_before_it(
    operator: Operator, primary: Archived, store: PostgresEntries, settings: Settings, tmp_path: Path
) -> None:
    right = await put(store, "n", "rate", "7")
    moment = datetime.now(UTC)
    await put(store, "n", "rate", "70", ANYTHING)
    await primary.archive_log()
    with primary.restored(operator.backup, tmp_path / "then", recovery_target_time=moment.isoformat()) as server:
        async with served(server, settings) as restored:
            entry = (await restored.read("n", "rate")).entry
            assert entry is not None
            assert (entry.value, entry.version.revision) == ("7", right.version.revision)
            assert entry.version.epoch != right.version.epoch
            with pytest.raises(PreconditionFailedError):
                await put(restored, "n", "rate", "8", at(right.version))
            again = await put(restored, "n", "rate", "8", at(entry.version))
            assert again.version.revision == right.version.revision + 1


async def test_a_standby_that_follows_the_archive_is_promoted_with_all_that_was_archived(
    operator: Operator, primary: Archived, store: PostgresEntries, settings: Settings, tmp_path: Path
) -> None:
    kept = await put(store, "n", "followed")
    await primary.archive_log()
    await put(store, "n", "not followed")
    standing = {"signal": "standby.signal", "hot_standby": "on"}
    with primary.restored(operator.backup, tmp_path / "standby", **standing) as server:
        connection = await asyncpg.connect(in_database(server.admin_url, DATABASE))
        while await connection.fetchval("SELECT last_revision()") < kept.version.revision:
            await connection.execute("SELECT pg_sleep(0.01)")
        assert await connection.fetchval("SELECT pg_promote()")
        await connection.close()
        async with served(server, settings) as promoted:
            made = await put(promoted, "n", "after")
            assert made.version.revision == kept.version.revision + 1
            assert made.version.epoch != kept.version.epoch


async def test_the_exporter_tells_what_a_standby_has_replayed_also_while_nobody_changes_anything(
    operator: Operator, primary: Archived, tmp_path: Path
) -> None:
    query = QUERIES["standby"]
    standing = {"signal": "standby.signal", "hot_standby": "on"}
    folder = tmp_path / "standby"
    with primary.restored(operator.backup, folder, **standing) as server:
        standby = await asyncpg.connect(in_database(server.admin_url, DATABASE))
        await standby.execute("SET ROLE pg_monitor")
        (before,) = await standby.fetch(query["query"])
        assert [next(iter(metric)) for metric in query["metrics"]] == list(before.keys())
        alive = await asyncpg.connect(primary.server.migration_url)
        assert await alive.fetch(query["query"]) == []
        told = await alive.fetchval("SELECT extract(epoch FROM clock_timestamp())::float")
        assert before["replayed_time"] < told
        await tell_standbys(alive)
        await alive.close()
        await primary.archive_log()
        primary.deliver(folder)
        while await standby.fetchval(query["query"]) < told:
            await standby.execute("SELECT pg_sleep(0.01)")
        await standby.close()


ENDED = """
import sys
from runtime.maintenance import __main__ as program
from runtime.maintenance.kubernetes import KubernetesApi

class Api(KubernetesApi):
    made = False

    def _request(self, method, path, body=None):
        if method != "GET":
            print(method, flush=True)
            self.made = method == "POST"
        return {"items": [], "metadata": {}} if path.split("?")[0].endswith("backups") else {} if self.made else None

program.in_cluster = lambda *_: Api(None, None)
sys.exit(program.main())
"""


async def test_a_run_that_is_ended_deletes_its_copy(
    primary: Archived, store: PostgresEntries, document: dict[str, Any], tmp_path: Path
) -> None:
    """As at the Job's deadline, or when its node is drained."""
    for name, content in (("settings", document), ("manifest", MANIFEST)):
        (tmp_path / name).write_text(json.dumps(content))
    arguments = ("--settings", "settings", "--manifest", "manifest", "--cluster", "a", "--longest-seconds", "60")
    variables = {"CBP_DATABASE_MIGRATION_URL": primary.server.migration_url, "CBP_DATABASE_SERVING_ROLE": API}
    with subprocess.Popen(
        [sys.executable, "-c", ENDED, "test-restore", *arguments],
        cwd=tmp_path,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        text=True,
    ) as job:
        assert job.stdout is not None
        told = [next(job.stdout).split()[0] for _ in range(3)]
        job.send_signal(signal.SIGTERM)
        told += [line.split()[0] for line in job.stdout]
    assert job.returncode == 1
    assert [line for line in told if line in ("POST", "DELETE")] == ["DELETE", "POST", "DELETE"]
