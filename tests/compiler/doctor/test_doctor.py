"""``cbp doctor``: every probe leads to an answer, whatever it meets, and every lack to something to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from compiler.cli import main
from compiler.doctor import Check, Status, exit_code, probes
from compiler.doctor.probe import NotThereError, Probe, examined
from compiler.doctor.report import as_json, as_text
from compiler.schemas import core
from runtime.embedded.installations import installations
from tests.compiler.project import ROOT, artifacts, resolved, site

if TYPE_CHECKING:
    from pathlib import Path

NEEDED = ["Python", "packages", "policy engine", "Kubernetes schemas", "generated/", "PostgreSQL", "Valkey"]
CBP = ROOT / ".venv/bin/cbp"


def look(name: str, root: Path = ROOT) -> Check:
    """Let one probe look."""
    return next(examined(probe) for probe in probes(root) if probe.name == name)


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """A project with the real lock."""
    (tmp_path / "requirements").mkdir()
    lock = tmp_path / "requirements/embedded.txt"
    shutil.copy(ROOT / "requirements/embedded.txt", lock)
    return lock


def test_on_this_machine_nothing_that_is_needed_is_missing() -> None:
    result = CliRunner().invoke(main, ["doctor", "--root", str(ROOT), "--format", "json"])
    checks = json.loads(result.stdout)["checks"]
    assert [check["name"] for check in checks if check["status"] != "optional"][: len(NEEDED)] == NEEDED
    assert (result.exit_code, {check["name"] for check in checks if check["status"] == "missing"}) == (0, set())


def test_every_probe_has_something_to_advise_and_what_is_needed_comes_first() -> None:
    assert [probe.name for probe in probes(ROOT) if probe.needed] == NEEDED
    assert [probe.needed for probe in probes(ROOT)] == sorted((probe.needed for probe in probes(ROOT)), reverse=True)
    assert all(probe.advice for probe in probes(ROOT))


def test_a_folder_that_is_no_project_is_told_and_is_no_reason_to_stop(tmp_path: Path) -> None:
    ran = subprocess.run([CBP, "doctor", "--root", tmp_path], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert re.search(r"^missing +packages +there is no requirements/embedded\.txt: go to the", ran.stdout, re.MULTILINE)
    assert re.search(r"^optional +port +nothing is compiled yet", ran.stdout, re.MULTILINE)
    assert ran.stdout.endswith("1 of what is needed is missing\n")


def test_the_packages_are_compared_with_the_lock_one_by_one(locked: Path) -> None:
    root = locked.parents[1]
    assert look("packages", root).status is Status.OK
    text = re.sub(r"^(click)==[^ ]+", r"\1==1.2.3", locked.read_text(), flags=re.MULTILINE)
    locked.write_text(f"{text}not-installed==1.0 \\\n    --hash=sha256:00\nnot-for-here==1.0 ; python_version < '3'\n")
    check = look("packages", root)
    assert (check.status, check.advice) == (Status.MISSING, "make install")
    assert re.fullmatch(
        r"2 of \d+ are not those of requirements/embedded\.txt: "
        rf"click is {re.escape(version('click'))}, not ==1\.2\.3, not-installed is absent",
        check.found,
    )


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("packaging.requirements", "packages"),
        ("jsonschema_rs", "Kubernetes schemas"),
        ("redis", "Valkey"),
    ],
)
def test_an_environment_that_lacks_a_package_is_diagnosed_and_the_command_runs_to_its_end(
    module: str, name: str
) -> None:
    program = f"import sys; sys.modules['{module}'] = None; from compiler.cli import main; main(['doctor'])"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    assert re.search(rf"^missing +{name} +ModuleNotFoundError: .*{module}", ran.stdout, re.MULTILINE)
    assert ran.returncode == 1
    assert re.search(r"^\w+ +chromium ", ran.stdout, re.MULTILINE)


def test_a_probe_that_fails_in_a_way_that_nobody_foresaw_is_an_answer() -> None:
    def look() -> str:
        raise ZeroDivisionError("division by zero")

    check = examined(Probe("x", look, "do this"))
    assert check == Check("x", Status.MISSING, "ZeroDivisionError: division by zero", "do this")


def test_what_is_not_needed_is_optional_where_it_is_not_there() -> None:
    def look() -> str:
        raise NotThereError("not installed")

    check = examined(Probe("x", look, "not needed", needed=False))
    assert (check.status, exit_code((check,))) == (Status.OPTIONAL, 0)
    assert exit_code((check, Check("y", Status.MISSING, "?"))) == 1


def test_it_is_said_how_postgresql_would_be_run_by_this_user() -> None:
    check = look("PostgreSQL")
    first = next(iter(installations()))
    assert check.status is Status.OK
    assert str(first.package) in check.found or "nobody" in check.found
    assert (" for root, " in check.found) == (os.geteuid() == 0)


def test_the_versions_of_kubernetes_are_those_that_there_are_schemas_for() -> None:
    assert look("Kubernetes schemas").found == f"{core.versions()[0]} to {core.versions()[-1]}"


def test_generated_need_not_be_there_yet(tmp_path: Path) -> None:
    assert look("generated/", tmp_path).status is Status.OK


def test_what_stands_in_the_place_of_generated_is_told(tmp_path: Path) -> None:
    (tmp_path / "generated").write_text("")
    assert look("generated/", tmp_path).found == f"{tmp_path / 'generated'} is not writable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "generated/staging"
    folder.mkdir(parents=True)
    folder.chmod(0o555)
    assert look("generated/", tmp_path).found == f"{folder} is not writable"


def test_the_port_is_that_of_the_settings_and_one_that_is_taken_can_be_replaced(tmp_path: Path) -> None:
    development = site(resolved()["development"])
    settings = tmp_path / "generated" / development.folder / "runtime/settings.json"
    settings.parent.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        document = json.loads(artifacts(development)["runtime/settings.json"].content)
        document["process"]["port"] = port
        settings.write_text(json.dumps(document))
        taken = look("port", tmp_path)
    assert (taken.status, taken.found) == (Status.OPTIONAL, f"127.0.0.1:{port} is taken")
    assert "make up PORT=" in taken.advice
    assert look("port", tmp_path).found == f"127.0.0.1:{port} is free"


def test_a_program_is_found_on_the_path_or_beside_the_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert look("opa").found == "not installed"
    program = tmp_path / "opa"
    program.write_text("")
    program.chmod(0o755)
    assert (look("opa").status, look("opa").found) == (Status.OK, str(program))
    assert look("kubectl").found == str(ROOT / ".venv/bin/kubectl")


def test_a_report_shows_every_line_and_below_it_what_to_do() -> None:
    checks = (
        Check("Python", Status.OK, "3.11.7"),
        Check("PostgreSQL", Status.MISSING, "it failed:\nits log", "do this\nor that"),
    )
    assert as_text(checks) == (
        "ok        Python              3.11.7\n"
        "missing   PostgreSQL          it failed:\n"
        "                              its log\n"
        "                              -> do this\n"
        "                              -> or that\n"
        "1 of what is needed is missing\n"
    )
    assert json.loads(as_json(checks)) == {
        "checks": [
            {"name": "Python", "status": "ok", "found": "3.11.7", "advice": ""},
            {
                "name": "PostgreSQL",
                "status": "missing",
                "found": "it failed:\nits log",
                "advice": "do this\nor that",
            },
        ]
    }
