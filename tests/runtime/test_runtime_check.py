"""``--check``: what works is said for each thing, nothing is changed, and no password is shown."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from redis import Redis

from runtime.check import check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REFUSED = "Redis cannot count requests (access denied): invalid username-password pair or user is disabled."
ALL = ("settings", "variables", "CBP_DATABASE_URL", "CBP_DATABASE_DIRECT_URL", "CBP_REDIS_URL")


@pytest.fixture
def variables(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Where the real servers are; whatever else of ours was set is not."""
    for name in tuple(os.environ):
        if name.startswith("CBP_"):
            monkeypatch.delenv(name)
    return {"CBP_DATABASE_URL": database_url, "CBP_REDIS_URL": redis_url}


@pytest.fixture
def file(tmp_path: Path, document: dict[str, Any]) -> Path:
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
async def test_a_check_as_a_process_neither_migrates_nor_listens(file: Path, variables: dict[str, str]) -> None:
    command = [sys.executable, "-m", "runtime", "--settings", str(file), "--check"]
    ended = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(ended.stdout.splitlines()) == len(ALL)
    connection = await asyncpg.connect(variables["CBP_DATABASE_URL"])
    tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    assert tables == 0


def test_wrong_passwords_are_unreachable_servers_and_each_is_named(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = with_password(variables["CBP_DATABASE_URL"], "hidden")
    redis = variables["CBP_REDIS_URL"].replace(_password(variables["CBP_REDIS_URL"]), "hidden")
    status, said, working = checked(file, variables, monkeypatch, CBP_DATABASE_DIRECT_URL=database, CBP_REDIS_URL=redis)
    assert (status, working) == (1, ["settings", "variables", "CBP_DATABASE_URL"])
    assert said["CBP_DATABASE_DIRECT_URL"] == 'password authentication failed for user "configuration"'
    assert said["CBP_REDIS_URL"] == REFUSED


def test_a_wrong_password_file_is_a_wrong_password(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("hidden", encoding="utf-8")
    secret = str(tmp_path / "password")
    status, said, working = checked(file, variables, monkeypatch, CBP_DATABASE_PASSWORD_FILE=secret)
    assert (status, working) == (1, ["settings", "variables", "CBP_REDIS_URL"])
    assert said["CBP_DATABASE_URL"].endswith('password authentication failed for user "configuration"')


def test_a_host_that_is_not_there_is_unreachable(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {name: with_host(url, "127.0.0.1:1") for name, url in variables.items()}
    status, said, working = checked(file, variables, monkeypatch, **changes)
    assert (status, working) == (1, ["settings", "variables"])
    assert said["CBP_DATABASE_URL"].startswith("the database cannot be reached: ")
    assert said["CBP_REDIS_URL"].startswith("Redis cannot count requests (away): ")


def test_a_server_that_says_nothing_is_given_up_after_the_compiled_timeout(
    file: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    changes = {name: with_host(url, silent) for name, url in variables.items()}
    status, said, working = checked(file, variables, monkeypatch, **changes)
    assert (status, working) == (1, ["settings", "variables"])
    assert said["CBP_DATABASE_DIRECT_URL"] == "it did not answer in time"


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
    assert (status, working) == (1, ["settings", "variables"])
    assert said["CBP_DATABASE_DIRECT_URL"] == 'database "nothing" does not exist'
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
