"""PostgreSQL's parameters are right for a real server, and follow from the specification."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from compiler.emit.kubernetes.database.parameters import parameters, postgresql
from tests.compiler.project import changed, listing, site

if TYPE_CHECKING:
    from runtime.embedded.postgres import PostgresServer


def emitted(**changes: str) -> dict[str, str]:
    at = site(changed({path.replace("__", "."): text for path, text in changes.items()}))
    return parameters(at)


@pytest.mark.anyio
async def test_a_server_accepts_every_parameter(postgres: PostgresServer) -> None:
    connection = await asyncpg.connect(postgres.admin_url)
    try:
        for name, value in emitted().items():
            await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        with pytest.raises(asyncpg.PostgresError):  # it does look at them
            await connection.execute("ALTER SYSTEM SET max_conections = '1'")
    finally:
        await connection.execute("ALTER SYSTEM RESET ALL")
        await connection.close()


@pytest.mark.anyio
async def test_a_server_understands_the_rule_that_refuses_plain_text(postgres: PostgresServer) -> None:
    """The server of the tests is built without TLS, and knows no other rule."""
    connection = await asyncpg.connect(postgres.admin_url)
    file = Path(await connection.fetchval("SHOW hba_file"))
    before = file.read_text()
    try:
        file.write_text(f"{postgresql(site())['pg_hba'][0]}\n")
        rules = await connection.fetch("SELECT type, auth_method, error FROM pg_hba_file_rules")
        assert [tuple(rule) for rule in rules] == [("hostnossl", "reject", None)]
    finally:
        file.write_text(before)
        await connection.close()


def test_memory_is_shared_out_in_whole_megabytes() -> None:
    found = emitted()
    assert found["shared_buffers"] == "4096MB"
    assert found["effective_cache_size"] == "12288MB"
    assert found["maintenance_work_mem"] == "1024MB"
    assert found["work_mem"] == f"{4096 // int(found['max_connections'])}MB"


@pytest.mark.parametrize(
    ("target", "seconds"), [("15 minutes", "300s"), ("1 hour", "300s"), ("6 minutes", "120s"), ("1 second", "1s")]
)
def test_the_log_is_archived_thrice_within_the_recovery_point(target: str, seconds: str) -> None:
    assert emitted(recovery__rpo__target=target)["archive_timeout"] == seconds


def test_neither_checkpoints_nor_a_lost_replica_fill_the_volume_of_the_log() -> None:
    found = emitted()
    kept = [int(found[name].removesuffix("MB")) for name in ("max_wal_size", "max_slot_wal_keep_size")]
    assert sum(kept) < 102 * 1024


def test_statements_are_measured_where_the_specification_asks_for_it() -> None:
    at = site(listing("connections.database.monitoring", "Connection count"))
    assert "pg_stat_statements.max" in emitted()
    assert "pg_stat_statements.max" not in parameters(at)


def test_changes_of_roles_and_tables_are_logged_where_the_data_layer_has_audit_logs() -> None:
    at = site(listing("components.data_layer.features", "PostgreSQL database", "Redis cache", "Event store"))
    assert emitted()["pgaudit.log"] == "role, ddl"
    assert not [name for name in parameters(at) if name.startswith("pgaudit.")]


def test_a_commit_waits_for_a_standby_where_the_specification_asks_for_it() -> None:
    at = site(listing("redundancy.data.replication", "Point-in-time recovery"))
    assert "synchronous" not in postgresql(at)
    assert postgresql(site())["synchronous"] == {
        "method": "any",
        "number": 1,
        "dataDurability": "required",
        "failoverQuorum": True,
        "maxStandbyNamesFromCluster": 2,
    }
