"""What ``cbp compile --check`` and ``cbp verify`` say of generated/, and that they write nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from compiler.write.lock import locked
from tests.compiler.cli.running import cbp, compile_, contents, document
from tests.compiler.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from click.testing import Result


def test_the_committed_output_is_what_the_project_says() -> None:
    result = cbp("verify", "--root", str(ROOT))
    assert result.exit_code == 0, result.stdout
    assert compile_(ROOT, "--check").exit_code == 0


def test_an_interrupted_compilation_is_finished_by_the_next_and_checked_by_none(compiled: Path) -> None:
    settings = "development/eu-central-1/runtime/settings.json"
    before = contents(compiled)
    (compiled / "generated/.cbp").mkdir()
    (compiled / "generated/.cbp/journal.json").write_text(json.dumps([{"path": settings, "staged": None}]))
    for command in (["compile", "--check"], ["verify"]):
        result = cbp(*command, "--root", str(compiled))
        assert result.exit_code == 2
        assert (
            result.stderr == "cbp: a compilation was interrupted while it was written: run make compile to finish it\n"
        )
    assert f"wrote  generated/{settings} (missing)" in compile_(compiled).stdout
    assert contents(compiled) == before


def test_check_and_verify_write_nothing_and_name_each_difference_with_its_reason(compiled: Path) -> None:
    folder = compiled / "generated/staging/eu-central-1"
    (folder / "runtime/settings.json").unlink()
    (folder / "vault/plan.yaml").write_text("edited: true\n")
    (folder / "notes.txt").write_text("x")
    tuning = compiled / "environments/development/overlays/tuning.yaml"
    tuning.write_text(tuning.read_text().replace("worker: 16", "worker: 17"))
    before = contents(compiled)
    stale = {
        "generated/development/eu-central-1/kubernetes/cbp-application/configmap-configuration-api.yaml": "GEN001",
        "generated/development/eu-central-1/kubernetes/cbp-application/deployment-configuration-api.yaml": "GEN001",
        "generated/development/eu-central-1/kubernetes/cbp-data/configmap-configuration-migration.yaml": "GEN001",
        "generated/development/eu-central-1/runtime/settings.json": "GEN001",
        "generated/manifest.json": "GEN001",
        "generated/staging/eu-central-1/runtime/settings.json": "GEN003",
    }
    by_hand = {
        "generated/staging/eu-central-1/notes.txt": "GEN004",
        "generated/staging/eu-central-1/vault/plan.yaml": "GEN002",
    }
    verified = cbp("verify", "--root", str(compiled), "--format", "json")
    assert (verified.exit_code, _errors(verified)) == (1, stale | by_hand)
    checked = cbp("compile", "--check", "--root", str(compiled), "--format", "json")
    assert (checked.exit_code, _errors(checked)) == (1, by_hand)
    pending = document(checked)["pending"]
    assert isinstance(pending, list)
    words = {"stale": "GEN001", "missing": "GEN003"}
    assert {item["path"]: words[item["reason"]] for item in pending} == stale
    assert contents(compiled) == before


def test_a_checkout_in_crlf_is_one_mistake_which_a_compilation_mends(compiled: Path) -> None:
    before = contents(compiled)
    for file in (path for path in compiled.rglob("*") if path.is_file()):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert _errors(cbp("verify", "--root", str(compiled), "--format", "json")) == {"generated": "GEN006"}
    assert compile_(compiled).exit_code == 0
    assert contents(compiled) == before


def test_a_conflict_in_the_output_is_named_and_resolved_by_compiling(compiled: Path) -> None:
    before = contents(compiled)
    for name in ("manifest.json", "staging/eu-central-1/vault/plan.yaml"):
        file = compiled / "generated" / name
        file.write_text(f"<<<<<<< HEAD\n{file.read_text()}=======\n>>>>>>> feature\n")
    assert _errors(compile_(compiled, "--check", "--format", "json")) == {
        "generated/manifest.json": "GEN007",
        "generated/staging/eu-central-1/vault/plan.yaml": "GEN007",
    }
    assert compile_(compiled).exit_code == 0
    assert contents(compiled) == before


def _errors(result: Result) -> dict[str, str]:
    """Return the path and the code of each error in a report."""
    findings = document(result)["findings"]
    assert isinstance(findings, list)
    return {item["path"]: item["code"] for item in findings if item["severity"] == "error"}


def test_a_compilation_that_is_kept_out_for_too_long_is_refused(
    compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("compiler.write.lock.PATIENCE_SECONDS", 0.0)
    (compiled / "generated/manifest.json").unlink()
    for command, others in ((["compile"], False), (["compile", "--check"], True), (["verify"], True)):
        with locked(compiled / "generated", exclusive=others):
            result = cbp(*command, "--root", str(compiled))
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == "cbp: generated/ is in use by another cbp: try again when that has ended\n"
    with locked(compiled / "generated", exclusive=False):
        assert "error[GEN003]" in cbp("verify", "--root", str(compiled)).stdout
