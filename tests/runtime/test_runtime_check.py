"""``--check``: what works is said for each thing, nothing is changed, and no password is shown."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from redis import Redis

from runtime import check as check_module
from runtime.adapters import postgres_migrations
from runtime.adapters.postgres_migrations import Migration, migrate, migrations
from runtime.check import check
from runtime.embedded.loopback import free_ports
from runtime.environment import Address
from tests.conftest import in_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runtime.embedded.postgres import PostgresServer
    from runtime.settings import Settings

REFUSED = "Redis cannot count requests (access denied): invalid username-password pair or user is disabled."
LOCAL = ["settings", "variables", "ports"]
ADDRESSES = ["CBP_DATABASE_URL", "CBP_DATABASE_DIRECT_URL"]
SCHEMA = ["migrations", "partitions", "rights"]
ALL = (*LOCAL, *ADDRESSES, *SCHEMA, "CBP_REDIS_URL")
DENIED = (
    "the database refuses the service: its password, its database or its permissions:"
    ' password authentication failed for user "configuration"'
)


@pytest.fixture
def variables(migrated_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Where the real servers are; whatever else of ours was set is not."""
    for name in tuple(os.environ):
        if name.startswith("CBP_"):
            monkeypatch.delenv(name)
    return {"CBP_DATABASE_URL": migrated_url, "CBP_REDIS_URL": redis_url}


@pytest.fixture
def file(tmp_path: Path, document: dict[str, Any]) -> Path:
    document["process"]["port"], document["process"]["management_port"] = islice(free_ports(), 2)
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts connections and never says a word: its host and port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def checked(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, **changes: str
) -> tuple[int, dict[str, str], list[str]]:
    """Return the status, what is said of each thing (without its name), and the names of those that work."""
    for name, value in (variables | changes).items():
        monkeypatch.setenv(name, value)
    said: list[str] = []
    status = check(file, said.append)
    shown = "\n".join(said)
    assert "hidden" not in shown
    assert not any(password in shown for password in map(_password, variables.values()))
    names = {line[8:].partition(": ")[0]: line for line in said}
    return status, {name: line.partition(": ")[2] for name, line in names.items()}, _working(names)


def _password(url: str) -> str:
    return urlsplit(url).password or "no password at all"


def _working(lines: dict[str, str]) -> list[str]:
    return [name for name, line in lines.items() if line.startswith("ok ")]


def with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username}:{password}@{parts.hostname}:{parts.port}").geturl()


def with_host(url: str, host: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username}:{parts.password}@{host}").geturl()


def test_where_everything_is_right_everything_answers(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said, working = checked(file, variables, monkeypatch)
    assert (status, tuple(working)) == (0, ALL)
    assert said["settings"] == "of test, one"
    assert said["CBP_REDIS_URL"] == "answers"


@pytest.mark.anyio
async def test_a_check_as_a_process_neither_migrates_nor_listens(
    file: Path, variables: dict[str, str], database_url: str
) -> None:
    command = [sys.executable, "-m", "runtime", "--settings", str(file), "--check"]
    changed = os.environ | variables | {"CBP_DATABASE_URL": database_url}
    ended = subprocess.run(command, env=changed, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (2, "")
    (line,) = (line for line in ended.stdout.splitlines() if line.startswith("failed"))
    assert line.startswith("failed  migrations: missing: 0001 (entries), ")
    assert line.endswith("; run python -m runtime.migrate")
    connection = await asyncpg.connect(database_url)
    tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    assert tables == 0


def test_wrong_passwords_are_unreachable_servers_and_each_is_named(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = with_password(variables["CBP_DATABASE_URL"], "hidden")
    redis = variables["CBP_REDIS_URL"].replace(_password(variables["CBP_REDIS_URL"]), "hidden")
    status, said, working = checked(file, variables, monkeypatch, CBP_DATABASE_DIRECT_URL=database, CBP_REDIS_URL=redis)
    assert (status, working) == (1, [*LOCAL, "CBP_DATABASE_URL", *SCHEMA])
    assert said["CBP_DATABASE_DIRECT_URL"] == DENIED
    assert said["CBP_REDIS_URL"] == REFUSED


def test_a_wrong_password_file_is_a_wrong_password(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("hidden", encoding="utf-8")
    secret = str(tmp_path / "password")
    status, said, working = checked(file, variables, monkeypatch, CBP_DATABASE_PASSWORD_FILE=secret)
    assert (status, working) == (1, [*LOCAL, "CBP_REDIS_URL"])
    assert said["CBP_DATABASE_URL"] == DENIED


def test_a_host_that_is_not_there_is_unreachable(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {name: with_host(url, "127.0.0.1:1") for name, url in variables.items()}
    status, said, working = checked(file, variables, monkeypatch, **changes)
    assert (status, working) == (1, LOCAL)
    assert said["CBP_DATABASE_URL"].startswith("the database cannot be reached: ")
    assert said["CBP_REDIS_URL"].startswith("Redis cannot count requests (away): ")


def test_a_server_that_says_nothing_is_given_up_after_the_compiled_timeout(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    changes = {name: with_host(url, silent) for name, url in variables.items()}
    status, said, working = checked(file, variables, monkeypatch, **changes)
    assert (status, working) == (1, LOCAL)
    assert said["CBP_DATABASE_DIRECT_URL"] == "the database did not answer in time: it did not answer in time"


def test_a_redis_that_answers_and_refuses_writes_is_not_usable(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Redis.from_url(variables["CBP_REDIS_URL"]) as server:
        server.config_set("min-replicas-to-write", 1)
        try:
            status, said, working = checked(file, variables, monkeypatch)
        finally:
            server.config_set("min-replicas-to-write", 0)
    assert (status, working) == (1, [name for name in ALL if name != "CBP_REDIS_URL"])
    assert said["CBP_REDIS_URL"].startswith("Redis cannot count requests (too few replicas): NOREPLICAS")


def test_sentinels_that_do_not_answer_are_named_and_the_server_of_the_url_is_used(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"CBP_REDIS_SENTINELS": "127.0.0.1:1", "CBP_REDIS_MASTER_NAME": "configuration"}
    status, said, working = checked(file, variables, monkeypatch, **changes)
    assert (status, working) == (1, list(ALL))
    assert "no sentinel names the master" in said["CBP_REDIS_SENTINELS"]


def test_a_database_that_there_is_not_is_named(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = urlsplit(variables["CBP_DATABASE_URL"])._replace(path="/nothing").geturl()
    redis = variables["CBP_REDIS_URL"].removesuffix("/0") + "/99"
    status, said, working = checked(file, variables, monkeypatch, CBP_DATABASE_URL=database, CBP_REDIS_URL=redis)
    assert (status, working) == (1, LOCAL)
    assert said["CBP_DATABASE_DIRECT_URL"].endswith(': database "nothing" does not exist')
    assert said["CBP_REDIS_URL"] == "Redis cannot count requests (refused): DB index is out of range"


@pytest.mark.parametrize(
    ("name", "parameter"), [("CBP_DATABASE_URL", "sslmode=perhaps"), ("CBP_REDIS_URL", "socket_timeout=long")]
)
def test_an_address_that_the_client_refuses_is_a_misconfiguration(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str, parameter: str
) -> None:
    status, said, working = checked(file, variables, monkeypatch, **{name: f"{variables[name]}?{parameter}"})
    assert status == 2
    assert name not in working
    assert parameter.partition("=")[0] in said[name]


def test_faults_of_the_settings_do_not_hide_those_of_the_variables_and_no_server_is_asked(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("{", encoding="utf-8")
    status, said, working = checked(file, variables, monkeypatch, CBP_TRUSTED_PROXIES="everyone")
    assert (status, working, tuple(said)) == (2, [], ("settings", "variables"))
    assert "Invalid JSON" in said["settings"]
    assert "CBP_TRUSTED_PROXIES is a list" in said["variables"]


def test_a_port_that_another_program_has_is_named(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]
) -> None:
    port = document["process"]["management_port"]
    with socket.create_server(("127.0.0.1", port)):
        status, said, working = checked(file, variables, monkeypatch)
    assert (status, working) == (1, [name for name in ALL if name != "ports"])
    assert said["ports"] == f"127.0.0.1:{port}: Address already in use"


def execute(server: PostgresServer, url: str, statement: str) -> None:
    """Execute a statement as the superuser in the database of ``url``."""

    async def run() -> None:
        connection = await asyncpg.connect(in_database(server.admin_url, url.rpartition("/")[2]))
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def test_other_partitions_than_those_of_the_settings_are_a_misconfiguration(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]
) -> None:
    document["database"]["partitions"] = 5
    file.write_text(json.dumps(document), encoding="utf-8")
    status, said, working = checked(file, variables, monkeypatch)
    assert (status, working) == (2, [name for name in ALL if name != "partitions"])
    assert said["partitions"].startswith("the entries table has 3 hash partitions and the settings ask for 5")


def test_a_migration_that_is_missing_is_named(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = len(migrations()) + 1
    known = (*migrations(), Migration(number, "later", "SELECT 1"))
    for module in (postgres_migrations, check_module):
        monkeypatch.setattr(module, "migrations", lambda: known)
    status, said, _ = checked(file, variables, monkeypatch)
    assert (status, said["migrations"]) == (2, f"missing: {number:04} (later); run python -m runtime.migrate")


def test_a_migration_that_was_applied_with_another_text_is_named(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    execute(postgres, variables["CBP_DATABASE_URL"], "UPDATE schema_migrations SET checksum = 'x' WHERE version = 2")
    status, said, _ = checked(file, variables, monkeypatch)
    assert status == 2
    assert said["migrations"].startswith("migration 0002 (announced_changes) was applied with another text")


def test_a_migration_of_a_later_release_is_right_and_said(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    later = "INSERT INTO schema_migrations (version, name, checksum) VALUES (77, 'later', 'x')"
    execute(postgres, variables["CBP_DATABASE_URL"], later)
    status, said, working = checked(file, variables, monkeypatch)
    assert (status, tuple(working)) == (0, ALL)
    assert said["migrations"].endswith(", and 0077 of a later release")


@pytest.mark.parametrize("name", ["CBP_DATABASE_DIRECT_URL", "CBP_DATABASE_READ_URL"])
def test_addresses_of_two_databases_are_a_misconfiguration(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, database_url: str, name: str
) -> None:
    status, said, working = checked(file, variables, monkeypatch, **{name: database_url})
    assert (status, name in working) == (2, False)
    other = database_url.rpartition("/")[2]
    assert said[name] == f"it is another database ({other}) than that of CBP_DATABASE_URL"


def test_the_address_of_standbys_is_checked_too(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    same = variables["CBP_DATABASE_URL"]
    assert checked(file, variables, monkeypatch, CBP_DATABASE_READ_URL=same)[0] == 0
    status, said, _ = checked(file, variables, monkeypatch, CBP_DATABASE_READ_URL=with_host(same, "127.0.0.1:1"))
    assert (status, said["CBP_DATABASE_READ_URL"].partition(":")[0]) == (1, "the database cannot be reached")


@contextmanager
def pooling(url: str) -> Iterator[str]:
    """Answer as a pooler does, which gives its client a process that is none of the server's."""
    parts = urlsplit(url)
    server = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket, key: bytes | None) -> None:
        with suppress(OSError):  # the other direction closed it
            while data := source.recv(65536):
                if key and key in data:
                    at = data.index(key) + len(key)
                    data, key = data[:at] + b"\0\0\0\1" + data[at + 4 :], None
                target.sendall(data)
        target.close()

    def accept() -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            far = socket.create_connection((parts.hostname or "", parts.port or 0))
            threading.Thread(target=pump, args=(near, far, None), daemon=True).start()
            threading.Thread(target=pump, args=(far, near, b"K\0\0\0\x0c"), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield with_host(url, f"127.0.0.1:{server.getsockname()[1]}")
    server.close()


def test_a_pooler_at_the_direct_address_is_a_misconfiguration(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pooling(variables["CBP_DATABASE_URL"]) as pooler:
        changes = {"CBP_DATABASE_URL": pooler, "CBP_DATABASE_DIRECT_URL": pooler}
        status, said, working = checked(file, variables, monkeypatch, **changes)
    assert (status, working) == (2, [name for name in ALL if name != "CBP_DATABASE_DIRECT_URL"])
    assert said["CBP_DATABASE_DIRECT_URL"].startswith("a pooler answers")


def test_a_role_that_lacks_a_right_is_named(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    revoke = "REVOKE EXECUTE ON FUNCTION commit_changes FROM configuration; REVOKE SELECT ON events FROM configuration"
    execute(postgres, variables["CBP_DATABASE_URL"], revoke)
    status, said, _ = checked(file, variables, monkeypatch)
    assert status == 2
    assert said["rights"].startswith("the role lacks EXECUTE on commit_changes, SELECT on events: migrate with")


def test_a_role_that_owns_the_tables_may_do_too_much(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, database_url: str, settings: Settings
) -> None:
    asyncio.run(migrate(Address(database_url), settings.database))
    status, said, _ = checked(file, variables, monkeypatch, CBP_DATABASE_URL=database_url)
    assert status == 2
    assert said["rights"].startswith("the role owns or may change access_position, audit_anchors, ")
