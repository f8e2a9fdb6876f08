"""The plan for Vault: what it says, and that a real server takes every document of it and reads it back."""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.compiler.project import ROOT, artifacts, changed, resolved, site
from tests.conftest import administer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from compiler.emit.artifact import Document
    from runtime.embedded.postgres import PostgresServer

READY_SECONDS = 30
ROLE = "configuration_api"


def plan(**changes: str) -> Document:
    item = changed({path.replace("__", "."): text for path, text in changes.items()})
    document = artifacts(site(item))["vault/plan.yaml"].document
    assert document
    return document


def paths(document: Document) -> list[str]:
    return [item["path"] for item in document["documents"]]


def data(document: Document, path: str) -> Mapping[str, Any]:
    return next(item["data"] for item in document["documents"] if item["path"] == path)


def test_the_database_password_changes_every_thirty_days() -> None:
    role = data(plan(), "database/static-roles/configuration-api")
    assert role == {"db_name": "configuration-db", "username": ROLE, "rotation_period": "720h"}
    role = data(
        plan(access_control__secrets__rotation__schedule="45 minutes"), "database/static-roles/configuration-api"
    )
    assert role["rotation_period"] == "2700s"


def test_without_rotation_there_is_no_role_that_rotates() -> None:
    assert "database/static-roles/configuration-api" not in paths(
        plan(access_control__secrets__rotation__enabled="false")
    )


def test_the_api_may_read_its_own_secrets_and_nothing_else() -> None:
    for name, environment in resolved().items():
        document = artifacts(site(environment))["vault/plan.yaml"].document
        assert document
        policy = data(document, "sys/policies/acl/configuration-api")["policy"]
        assert re.findall(r'path "(.+)" \{\n  capabilities = \[(.+)\]', policy) == [
            (f"cbp/data/{name}/configuration-api/*", '"read"'),
            ("database/static-creds/configuration-api", '"read"'),
        ]


def test_what_is_secret_is_named_and_has_no_value() -> None:
    for item in plan()["documents"]:
        assert not set(item["writeOnly"]) & item["data"].keys()
    assert {item["path"]: item["writeOnly"] for item in plan()["documents"] if item["writeOnly"]} == {
        "database/config/configuration-db": ["username", "password"]
    }


def test_the_flavour_is_that_of_the_cluster() -> None:
    flavours = {"environment__clusters__eu-central-1__vault__flavour": "vault"}
    assert (plan()["flavour"], plan(**flavours)["flavour"]) == ("openbao", "vault")


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a development server of OpenBao that ends with the test."""
    token = secrets.token_urlsafe()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [str(ROOT / ".venv/bin/bao"), "server", "-dev", "-dev-no-store-token", f"-dev-listen-address={address}"]
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "BAO_DEV_ROOT_TOKEN_ID": token}
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=tmp_path) as server,
    ):
        try:
            with httpx.Client(base_url=f"http://{address}/v1/", headers={"X-Vault-Token": token}) as client:
                wait(client, server)
                yield client
        finally:
            server.kill()


def wait(client: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server that answers knows our token, and so is ours."""
    deadline = time.monotonic() + READY_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            if client.get("auth/token/lookup-self").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("the server did not start")


def test_a_server_takes_the_plan_in_its_order_and_reads_back_what_was_written(
    vault: httpx.Client, postgres: PostgresServer
) -> None:
    administer(postgres, f"DROP ROLE IF EXISTS {ROLE}")
    administer(postgres, f"CREATE ROLE {ROLE} LOGIN")
    for item in plan()["documents"]:
        written = {**item["data"], **here(item, postgres)}
        answer = vault.post(item["path"], json=written)
        assert answer.is_success, (item["path"], answer.text)
        read = vault.get(item["path"]).raise_for_status().json()["data"]
        read |= read.get("connection_details", {})
        expected = {name: value for name, value in written.items() if name not in item["writeOnly"]}
        assert {name: normal(read[name]) for name in expected} == {
            name: normal(value) for name, value in expected.items()
        }
    credential = vault.get("database/static-creds/configuration-api").raise_for_status().json()["data"]
    assert credential["username"] == ROLE
    assert credential["rotation_period"] == 720 * 3600
    administer(postgres, f"DROP ROLE {ROLE}")


def here(item: Mapping[str, Any], postgres: PostgresServer) -> dict[str, str]:
    """What is given when the plan is applied: the credential, and here the address of the test's own database."""
    if not item["writeOnly"]:
        return {}
    admin = urlsplit(postgres.admin_url)
    address = f"{admin.hostname}:{admin.port}{admin.path}?sslmode=disable"
    return {
        "username": admin.username or "",
        "password": admin.password or "",
        "connection_url": f"postgresql://{{{{username}}}}:{{{{password}}}}@{address}",
    }


def normal(value: object) -> object:
    """Durations in seconds and lists in order: the two forms that the server changes."""
    if isinstance(value, list):
        return sorted(value)
    if isinstance(value, str) and (match := re.fullmatch(r"([0-9]+)([hs])", value)):
        return int(match[1]) * {"h": 3600, "s": 1}[match[2]]
    return value
