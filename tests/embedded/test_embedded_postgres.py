"""The embedded PostgreSQL: reachable on loopback with its password, by an unprivileged role, and by nobody else."""

from __future__ import annotations

import os
import socket
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import asyncpg
import pytest

from runtime.embedded.installations import Installation, installations
from runtime.embedded.loopback import LOOPBACK, free_ports
from runtime.embedded.postgres import PostgresServer
from runtime.embedded.postgres import postgres as run_postgres
from runtime.embedded.process import ServerError
from runtime.embedded.program import RunAs

if TYPE_CHECKING:
    from tests.embedded.conftest import Processes


async def fetch(url: str, query: str) -> object:
    """One value."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.mark.anyio
async def test_every_permitted_way_serves_from_a_folder_that_others_cannot_enter(
    way: Installation, folder: Path, processes: Processes
) -> None:
    folder.chmod(0o700)
    with run_postgres(folder, ways=[way]) as server:
        assert await fetch(server.url, "SELECT current_user") == "configuration"
        assert (folder / "data").stat().st_mode & 0o777 == 0o700
        assert len(processes.below(folder)) > 1
    assert processes.below(folder) == set()


def test_this_machine_has_a_way() -> None:
    first = next(iter(installations()))
    assert first.run_as is (RunAs.SAME if os.geteuid() else RunAs.NAMESPACE)
    assert first.program("postgres").is_file()


@pytest.mark.anyio
async def test_the_owner_cannot_log_in_and_no_role_of_ours_has_a_privilege(postgres: PostgresServer) -> None:
    role = "SELECT (rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls)::text FROM pg_roles "
    for url in (postgres.url, postgres.migration_url):
        assert await fetch(url, role + "WHERE rolname = current_user") == "(f,f,f,f,f)"
    owner = "SELECT (rolname, rolcanlogin)::text FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba "
    assert await fetch(postgres.url, owner + "WHERE datname = current_database()") == "(owner,f)"
    assert await fetch(postgres.admin_url, role + "WHERE rolname = current_user") == "(t,t,t,t,t)"


@pytest.mark.anyio
@pytest.mark.parametrize("statement", ["CREATE TABLE mine ()", "SET ROLE owner"])
async def test_the_role_that_serves_owns_nothing(postgres: PostgresServer, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetch(postgres.url, statement)


@pytest.mark.anyio
@pytest.mark.parametrize("role", ["configuration", "migrator", "postgres"])
async def test_a_password_is_needed(postgres: PostgresServer, role: str) -> None:
    port = urlsplit(postgres.url).port
    with pytest.raises(asyncpg.InvalidPasswordError):
        await fetch(f"postgresql://{role}:guess@{LOOPBACK}:{port}/configuration", "SELECT 1")


@pytest.mark.anyio
async def test_it_listens_on_loopback_alone(postgres: PostgresServer) -> None:
    assert await fetch(postgres.admin_url, "SHOW listen_addresses") == LOOPBACK
    assert await fetch(postgres.admin_url, "SHOW unix_socket_directories") == ""


def test_no_password_is_in_the_arguments_the_log_or_the_printed_value(folder: Path) -> None:
    with run_postgres(folder) as server:
        arguments = Path(f"/proc/{server.child.pid}/cmdline").read_text()
        seen = (folder / "postgres.log").read_text() + repr(server) + arguments
        assert "fsync=off" in arguments
        for url in (server.url, server.migration_url, server.admin_url):
            assert str(urlsplit(url).password) not in seen


@pytest.mark.anyio
async def test_two_at_once_do_not_meet(postgres: PostgresServer, folder: Path) -> None:
    with run_postgres(folder) as other:
        theirs = urlsplit(other.url)
        ours = urlsplit(postgres.url)
        assert theirs.port != ours.port
        with pytest.raises(asyncpg.InvalidPasswordError):
            await fetch(postgres.url.replace(str(ours.password), str(theirs.password)), "SELECT 1")


@pytest.mark.anyio
async def test_a_taken_port_is_passed_over(folder: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as stranger:
        taken = stranger.getsockname()[1]
        with run_postgres(folder, ports=chain([taken], free_ports())) as server:
            assert urlsplit(server.url).port != taken
            assert await fetch(server.url, "SELECT 1") == 1


def test_a_server_that_does_not_start_shows_its_log(folder: Path) -> None:
    with (
        pytest.raises(ServerError, match="65536 is outside the valid range"),
        run_postgres(folder, ports=[1 << 16]),
    ):
        pytest.fail("there is no such port")


def test_a_machine_without_a_way_is_told_the_reason_of_each(folder: Path) -> None:
    ways = [Installation(folder / name, RunAs.SAME) for name in ("one", "two")]
    with pytest.raises(ServerError) as raised, run_postgres(folder, ways=ways):
        pytest.fail("there is nothing to run")
    assert str(raised.value).startswith("PostgreSQL cannot run on this machine\nas same: initdb is not installed")
    assert str(raised.value).count("CBP_DATABASE_URL") == len(ways)


@pytest.mark.anyio
async def test_a_way_that_fails_gives_way_to_the_next(folder: Path) -> None:
    ways = chain([Installation(folder, RunAs.SAME)], installations())
    with run_postgres(folder, ways=ways) as server:
        assert await fetch(server.url, "SELECT 1") == 1
