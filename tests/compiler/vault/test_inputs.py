"""What a run is given: the plan, the values and the server. A mistake in them is said in one line, without a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner, Result

from compiler.cli import main
from tests.compiler.vault.bank import CANARY

if TYPE_CHECKING:
    from pathlib import Path

ROLE = {"path": "auth/a/role/b", "data": {"token_ttl": "1h"}, "writeOnly": []}
CONFIG = {"path": "database/config/a", "data": {"name": "a"}, "writeOnly": ["password"]}
NOWHERE = "https://127.0.0.1:1"


def document(*documents: dict[str, Any]) -> dict[str, Any]:
    return {"flavour": "openbao", "address": NOWHERE, "documents": list(documents)}


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A small plan in a file."""
    file = tmp_path / "plan.yaml"
    file.write_text(yaml.safe_dump(document(ROLE, CONFIG)))
    return file


def check(plan: Path, *arguments: str, **variables: str | None) -> Result:
    environment: dict[str, str | None] = {"VAULT_TOKEN": CANARY, "VAULT_ADDR": None, "VAULT_CACERT": None, **variables}
    done = CliRunner().invoke(
        main, ["vault", "check", "--plan", str(plan), *arguments], env=environment, catch_exceptions=False
    )
    assert CANARY not in done.output
    return done


NO_PLANS: dict[str, tuple[object, str]] = {
    "no mapping": ([], "this is not a plan for Vault: wrong at the document"),
    "no documents": (document(), "wrong at documents"),
    "a field that nobody knows": ({**document(ROLE), "token": "x"}, "wrong at token"),
    "a path that leads upwards": (document({**ROLE, "path": "auth/../sys/raw"}), "wrong at documents.0.path"),
    "a path with a query": (document({**ROLE, "path": "auth/a?list=true"}), "wrong at documents.0.path"),
    "a reference to what comes later": (
        document({**ROLE, "data": {"a": {"$ref": "database/config/a#/id"}}}, CONFIG),
        "auth/a/role/b refers to database/config/a, which does not come before it",
    ),
}


@pytest.mark.parametrize("name", NO_PLANS)
def test_what_is_no_plan_is_refused_by_the_place_that_is_wrong(plan: Path, name: str) -> None:
    content, reason = NO_PLANS[name]
    plan.write_text(yaml.safe_dump(content))
    done = check(plan)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"cbp: {plan}: ")
    assert reason in done.stderr


def test_what_is_no_yaml_is_no_plan(plan: Path) -> None:
    plan.write_text("{")
    assert (check(plan).exit_code, check(plan).stderr) == (2, f"cbp: {plan}: this is not valid YAML\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"password: '{CANARY}", "this is not valid YAML"),
        (f"*{CANARY}", "this is not valid YAML"),
        (CANARY, "this is not a mapping from the paths of documents to their fields and texts"),
        (f"database/config/a: {{password: [{CANARY}]}}", "this is not a mapping from the paths"),
        ("database/config/a: {password: ''}", "this is not a mapping from the paths"),
        (f"database/config/a: {{pasword: {CANARY}}}", "the plan asks for no value pasword of database/config/a"),
        (f"database/config/b: {{password: {CANARY}}}", "the plan asks for no value password of database/config/b"),
    ],
)
def test_a_mistake_in_the_values_is_said_without_a_value(plan: Path, tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(text)
    for done, name in (
        (check(plan, "--values", str(file)), file),
        (check(plan, CBP_VAULT_VALUES=text), "CBP_VAULT_VALUES"),
    ):
        assert done.exit_code == 2
        assert done.stderr.startswith(f"cbp: {name}: {reason}")


def test_without_a_token_nothing_is_asked(plan: Path) -> None:
    done = check(plan, VAULT_TOKEN="")
    assert done.exit_code == 2
    assert "there is no token: set VAULT_TOKEN_FILE to a file that holds one, or VAULT_TOKEN" in done.stderr


def test_a_token_comes_from_a_file(plan: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{CANARY}\n")
    done = check(plan, VAULT_TOKEN=None, VAULT_TOKEN_FILE=str(tmp_path / "token"))
    assert "Connection refused" in done.stderr
    away = check(plan, VAULT_TOKEN=None, VAULT_TOKEN_FILE=str(tmp_path / "away"))
    assert (away.exit_code, away.stderr) == (2, f"cbp: {tmp_path / 'away'}: No such file or directory\n")


@pytest.mark.parametrize(
    "address", ["http://vault.bank.example:8200", "vault.bank.example", "ftp://127.0.0.1", "https://"]
)
def test_a_token_is_not_sent_in_the_clear(plan: Path, address: str) -> None:
    done = check(plan, VAULT_ADDR=address)
    assert (done.exit_code, done.stderr) == (2, f"cbp: {address} is no safe address for secrets: use https://\n")


@pytest.mark.parametrize("address", [NOWHERE, "http://127.0.0.1:1", "http://localhost:1"])
def test_a_server_that_is_away_is_an_outage(plan: Path, address: str) -> None:
    done = check(plan, VAULT_ADDR=address)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"cbp: {address}: ")


@pytest.mark.parametrize(
    ("prefixes", "reason"),
    [
        (("auth", "database"), "no document is left"),
        (
            ("sys/auth/a",),
            "the rest of the plan: auth/a/role/b refers to sys/auth/a, which does not come before it",
        ),
    ],
)
def test_what_is_left_out_leaves_a_plan(plan: Path, prefixes: tuple[str, ...], reason: str) -> None:
    if "sys/auth/a" in prefixes:
        mount = {"path": "sys/auth/a", "data": {"type": "oidc"}, "writeOnly": []}
        role = {**ROLE, "data": {"accessor": {"$ref": "sys/auth/a#/accessor"}}}
        plan.write_text(yaml.safe_dump(document(mount, role)))
    done = check(plan, *(argument for prefix in prefixes for argument in ("--without", prefix)))
    assert (done.exit_code, done.stderr) == (2, f"cbp: {reason}\n")
