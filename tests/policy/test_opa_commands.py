"""The options that choose an OPA server, of every command that judges, on a small set of policies."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.compiler.cli.running import cbp, document, run
from tests.compiler.project import copy
from tests.policy.policies import FIXTURE, changed, write
from tests.policy.servers import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.policy.servers import OpaProcess


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The real specification with one small rule."""
    root = copy(tmp_path / "a project")
    shutil.rmtree(root / "policies")
    write(root / "policies", changed("memory.heap > 50", "memory.heap > 90"), FIXTURE.replace("51", "91"))
    return root


@pytest.fixture
def options(library: OpaProcess) -> tuple[str, ...]:
    """The options that choose a server with nothing on it."""
    return ("--opa-url", library.url, "--opa-token-file", str(library.token_file), "--opa-timeout", "60")


def test_the_engine_is_the_embedded_one_unless_a_server_is_named(project: Path, options: tuple[str, ...]) -> None:
    for engine, chosen in {"regorus": (), "opa": options}.items():
        policy = document(cbp("compile", "--root", str(project), "--format", "json", *chosen))["policy"]
        assert isinstance(policy, dict)
        assert policy["engine"] == engine
        assert policy["version"]


def test_a_compilation_that_nothing_changed_since_is_judged_by_the_server_all_the_same(
    project: Path, options: tuple[str, ...]
) -> None:
    assert cbp("compile", "--root", str(project)).exit_code == 0
    assert " on opa 1." in cbp("compile", "--root", str(project), *options).stdout
    down = f"http://127.0.0.1:{free_port()}"
    result = cbp("compile", "--root", str(project), "--opa-url", down)
    assert result.exit_code == 2
    assert " on regorus " in cbp("compile", "--root", str(project)).stdout


def test_the_service_is_not_started_on_the_word_of_another_engine_than_the_one_that_was_chosen(project: Path) -> None:
    down = f"http://127.0.0.1:{free_port()}"
    result = cbp("up", "--root", str(project), "--opa-url", down)
    assert result.exit_code == 2
    assert down in result.stderr


def test_the_environment_chooses_a_server_too(project: Path, library: OpaProcess) -> None:
    token_file = str(library.token_file)
    result = run(
        "compile",
        "--root",
        str(project),
        CBP_OPA_URL=library.url,
        CBP_OPA_TOKEN_FILE=token_file,
        CBP_OPA_TIMEOUT="60",
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "judged by 1 rule on opa 1." in result.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--opa-url", "http://127.0.0.1:1"),
            "cbp: the policies could not judge: the OPA server at http://127.0.0.1:1 failed about its version: "
            "the connection failed: Connection refused\n",
        ),
        (
            ("--opa-url", ""),
            "cbp: the policies could not judge: the URL of an OPA server is http:// or https://, a host and a port, "
            "and nothing else\n",
        ),
        (
            ("--opa-timeout", "5"),
            "cbp: there are settings for an OPA server, but --opa-url (CBP_OPA_URL) names none\n",
        ),
    ],
)
@pytest.mark.parametrize("command", ["compile", "verify"])
def test_a_server_that_cannot_judge_ends_the_command(
    project: Path, command: str, options: tuple[str, ...], said: str
) -> None:
    result = run(command, "--root", str(project), *options)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", said)
    assert not list(project.glob("generated/*"))
