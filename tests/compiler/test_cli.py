"""The command ``cbp`` from end to end: what it says, what it writes, and its exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from compiler.cli import main
from tests.compiler.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CBP = ROOT / ".venv/bin/cbp"


def cbp(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def compile_(project: Path, *arguments: str) -> Result:
    return cbp("compile", "--root", str(project), *arguments)


def break_(project: Path) -> None:
    file = project / "spec/limits.yaml"
    file.write_text(file.read_text().replace("80% maximum", "80 maximum"))


def last_line(result: Result) -> str:
    return result.stdout.splitlines()[-1]


def contents(project: Path) -> dict[str, bytes]:
    folder = project / "generated"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def document(result: Result) -> dict[str, object]:
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


@pytest.fixture
def compiled(project: Path) -> Path:
    """A project that was just compiled."""
    assert compile_(project).exit_code == 0
    return project


def test_the_committed_output_is_what_the_project_says() -> None:
    result = cbp("verify", "--root", str(ROOT))
    assert result.exit_code == 0, result.stdout
    assert compile_(ROOT, "--check").exit_code == 0


def test_a_compilation_tells_what_it_wrote_and_a_second_one_writes_nothing(project: Path) -> None:
    first = compile_(project)
    assert first.exit_code == 0
    assert "wrote  generated/production/eu-west-1/runtime/settings.json" in first.stdout
    before = contents(project)
    second = compile_(project)
    assert second.exit_code == 0
    assert "wrote" not in second.stdout
    assert re.match(r"development, production, staging: \d+ files, none changed; 0 errors", last_line(second))
    assert contents(project) == before


def test_an_interrupted_compilation_is_finished_by_the_next_and_checked_by_none(compiled: Path) -> None:
    settings = "development/eu-central-1/runtime/settings.json"
    before = contents(compiled)
    (compiled / "generated/.cbp").mkdir()
    (compiled / "generated/.cbp/journal.json").write_text(json.dumps([{"path": settings, "staged": None}]))
    for command in (["compile", "--check"], ["verify"]):
        result = cbp(*command, "--root", str(compiled))
        assert result.exit_code == 2
        assert (
            result.stderr == "cbp: a compilation was interrupted while it was written: run cbp compile to finish it\n"
        )
    assert f"wrote  generated/{settings} (missing)" in compile_(compiled).stdout
    assert contents(compiled) == before


def test_nothing_is_written_while_anything_is_an_error(compiled: Path) -> None:
    before = contents(compiled)
    break_(compiled)
    (compiled / "spec/backup.yaml").write_text(
        (compiled / "spec/backup.yaml").read_text().replace("90 days", "91 days")
    )
    result = compile_(compiled)
    assert result.exit_code == 1
    assert last_line(result) == "refused: 1 error, 0 warnings; nothing was written"
    assert contents(compiled) == before


def test_check_and_verify_write_nothing_and_name_each_difference_with_its_reason(compiled: Path) -> None:
    folder = compiled / "generated/staging/eu-central-1"
    (folder / "runtime/settings.json").unlink()
    (folder / "vault/plan.yaml").write_text("edited: true\n")
    (folder / "notes.txt").write_text("x")
    tuning = compiled / "environments/development/overlays/tuning.yaml"
    tuning.write_text(tuning.read_text().replace("worker: 16", "worker: 17"))
    before = contents(compiled)
    for arguments in (("compile", "--check"), ("verify",)):
        result = cbp(*arguments, "--root", str(compiled), "--format", "json")
        assert result.exit_code == 1
        findings = document(result)["findings"]
        assert isinstance(findings, list)
        assert {item["path"]: item["code"] for item in findings if item["severity"] == "error"} == {
            "generated/development/eu-central-1/kubernetes/cbp-application/configmap-configuration-api.yaml": "GEN001",
            "generated/development/eu-central-1/kubernetes/cbp-application/deployment-configuration-api.yaml": "GEN001",
            "generated/development/eu-central-1/runtime/settings.json": "GEN001",
            "generated/manifest.json": "GEN001",
            "generated/staging/eu-central-1/notes.txt": "GEN004",
            "generated/staging/eu-central-1/runtime/settings.json": "GEN003",
            "generated/staging/eu-central-1/vault/plan.yaml": "GEN002",
        }
    assert contents(compiled) == before


def test_an_orphan_is_a_warning_to_a_compilation_which_leaves_it(compiled: Path) -> None:
    (compiled / "generated/notes.txt").write_text("x")
    result = compile_(compiled)
    assert result.exit_code == 0
    assert "warning[GEN004]" in result.stdout
    assert (compiled / "generated/notes.txt").exists()


def test_a_link_under_generated_refuses_the_compilation(compiled: Path, tmp_path: Path) -> None:
    (compiled / "generated/staging").rename(tmp_path / "elsewhere")
    (compiled / "generated/staging").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/eu-central-1/vault/plan.yaml").write_text("x")
    for arguments in (("compile",), ("verify",)):
        result = cbp(*arguments, "--root", str(compiled))
        assert result.exit_code == 1
        assert "error[GEN005]" in result.stdout
        assert "nothing was written" in result.stdout
    assert (tmp_path / "elsewhere/eu-central-1/vault/plan.yaml").read_text() == "x"


def test_one_environment_is_compiled_alone(compiled: Path) -> None:
    for name in ("staging", "production"):
        tuning = compiled / f"environments/{name}/overlays/tuning.yaml"
        tuning.write_text(tuning.read_text().replace("worker: 40", "worker: 41"))
    before = contents(compiled)
    result = compile_(compiled, "--environment", "staging")
    assert result.exit_code == 0
    changed = {path for path, content in contents(compiled).items() if before[path] != content}
    assert {path.split("/")[0] for path in changed} == {"staging", "manifest.json"}
    assert "error[GEN001]" in compile_(compiled, "--check").stdout
    assert compile_(compiled, "--check", "--environment", "staging", "--environment", "development").exit_code == 0


def test_the_schemas_for_editors_are_compiled_with_every_environment_and_with_no_single_one(compiled: Path) -> None:
    schema = compiled / "generated/schemas/compute.json"
    before = schema.read_bytes()
    schema.write_text("{}\n")
    assert compile_(compiled, "--environment", "staging").exit_code == 0
    assert compile_(compiled, "--check", "--environment", "staging").exit_code == 0
    assert schema.read_text() == "{}\n"
    assert "  --> generated/schemas/compute.json\n" in compile_(compiled, "--check").stdout
    assert compile_(compiled).exit_code == 0
    assert schema.read_bytes() == before


def test_a_schema_is_printed_as_it_is_compiled(compiled: Path) -> None:
    names = cbp("schema").stdout.split()
    assert sorted(names) == sorted(file.stem for file in (compiled / "generated/schemas").iterdir())
    for name in names:
        assert cbp("schema", name).stdout == (compiled / f"generated/schemas/{name}.json").read_text()


def test_a_schema_that_there_is_not_is_answered_with_those_that_there_are() -> None:
    result = cbp("schema", "computer")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("cbp: there is no schema 'computer': use one of components, compute, ")


def test_what_an_environment_that_is_gone_left_behind_is_pruned(compiled: Path) -> None:
    for file in sorted((compiled / "environments/staging").rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    (compiled / "environments/staging").rmdir()
    result = compile_(compiled)
    assert result.exit_code == 0
    assert "pruned  generated/staging/eu-central-1/vault/plan.yaml" in result.stdout
    assert not (compiled / "generated/staging").exists()
    assert not (compiled / "generated/argocd/staging").exists()


def test_the_json_report_holds_what_the_text_says(project: Path) -> None:
    found = document(compile_(project, "--format", "json"))
    assert found["environments"] == ["development", "production", "staging"]
    assert found["exit_code"] == 0
    changes, files = found["changes"], found["files"]
    assert isinstance(changes, list)
    assert isinstance(files, int)
    assert len(changes) == files + 1
    assert {"path": "generated/manifest.json", "reason": "missing", "pruned": False} in changes
    break_(project)
    result = compile_(project, "--format", "json")
    found = document(result)
    assert (result.exit_code, found["exit_code"], found["changes"], found["policy"]) == (1, 1, [], None)
    findings = found["findings"]
    assert isinstance(findings, list)
    assert findings[0] == {
        "code": "SPEC015",
        "severity": "error",
        "message": "'80 maximum' is not a percentage",
        "help": "write a whole number and a percent sign, as 70%",
        "notes": [],
        "path": "spec/limits.yaml",
        "line": 5,
        "column": 11,
    }


def test_a_report_names_the_engine_and_every_rule_that_judged(project: Path) -> None:
    policy = document(compile_(project, "--format", "json"))["policy"]
    assert isinstance(policy, dict)
    assert policy["engine"] == "regorus"
    assert "SPC001" in policy["rules"]
    assert f"judged by {len(policy['rules'])} rules on regorus {policy['version']}" in compile_(project).stdout


@pytest.mark.parametrize("arguments", [["compile"], ["verify"], ["up"]])
def test_a_folder_without_a_specification_cannot_be_compiled(arguments: list[str], tmp_path: Path) -> None:
    result = cbp(*arguments, "--root", str(tmp_path))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert (
        result.stderr == f"cbp: there is no specification in {tmp_path}: go to the project's folder, or give --root\n"
    )


def test_without_policies_nothing_is_judged_and_nothing_is_written(project: Path) -> None:
    (project / "policies").unlink()
    result = compile_(project)
    assert result.exit_code == 2
    assert result.stderr.startswith("cbp: the policies could not judge: ")
    assert not (project / "generated").exists()


def test_a_file_that_cannot_be_written_is_named_and_the_manifest_stays_old(compiled: Path) -> None:
    before = contents(compiled)["manifest.json"]
    settings = compiled / "generated/staging/eu-central-1/runtime/settings.json"
    settings.unlink()
    settings.mkdir()
    (settings / "in the way").write_text("x")
    result = compile_(compiled)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"cbp: {settings}: ")
    assert contents(compiled)["manifest.json"] == before


@pytest.mark.parametrize("arguments", [["--format", "xml"], ["--root", "nowhere"], ["--colour"], ["extra"]])
def test_a_wrong_option_is_a_matter_of_usage(arguments: list[str]) -> None:
    result = cbp("compile", *arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr


def test_an_environment_that_there_is_not_is_a_finding(project: Path) -> None:
    result = compile_(project, "--environment", "../spec")
    assert result.exit_code == 1
    assert "error[FILE005]: there is no environment '../spec'" in result.stdout
    assert "use one of: development, production, staging" in result.stdout


@pytest.mark.parametrize("command", [[], ["compile"], ["verify"], ["serve"], ["up"], ["schema"], ["doctor"]])
def test_the_help_of_a_command_shows_examples_that_can_be_typed(command: list[str]) -> None:
    result = cbp(*command, "--help")
    assert result.exit_code == 0
    examples = result.stdout.split("Examples:\n")[1].splitlines()
    assert all(line.strip().startswith("cbp ") for line in examples)
    assert cbp(*command, "-h").stdout == result.stdout


def test_every_command_is_listed_and_the_version_is_told() -> None:
    listed = cbp("--help").stdout
    assert all(f"  {name} " in listed for name in main.commands)
    assert "0.1.0" in cbp("--version").stdout


def run(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CBP, *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_installed_command_compiles_the_folder_that_it_is_run_in(project: Path) -> None:
    break_(project)
    result = run("compile", cwd=project)
    assert (result.returncode, result.stderr) == (1, "")
    assert "\x1b" not in result.stdout
    assert "  --> spec/limits.yaml:5:11\n" in result.stdout


def test_serve_hands_a_check_to_the_runtime_and_its_exit_code_back(tmp_path: Path) -> None:
    result = run("serve", "--settings", str(tmp_path / "none.json"), "--check")
    assert result.returncode == 2
    assert result.stdout.startswith(f"failed  settings: the settings file {tmp_path / 'none.json'} cannot be used:\n")
    assert "\nfailed  variables: the environment variables cannot be used:\n  CBP_DATABASE_URL is not" in result.stdout


def test_colour_is_for_terminals_that_want_it(project: Path) -> None:
    break_(project)
    assert "\x1b[1;31merror" in on_a_terminal(project)
    assert "\x1b" not in on_a_terminal(project, NO_COLOR="1")


def on_a_terminal(project: Path, **environment: str) -> str:
    """Run ``cbp compile`` with a terminal for its output."""
    leader, follower = os.openpty()
    with subprocess.Popen([CBP, "compile"], cwd=project, env={**os.environ, **environment}, stdout=follower) as child:
        os.close(follower)
        shown = b""
        try:
            while part := os.read(leader, 65536):
                shown += part
        except OSError:  # Linux says so at the end of a terminal's output
            pass
        child.wait()
    os.close(leader)
    return shown.decode()
