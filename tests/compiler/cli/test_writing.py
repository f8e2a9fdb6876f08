"""What ``cbp compile`` writes, prunes and leaves."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from tests.compiler.cli.running import break_, cbp, compile_, contents, last_line

if TYPE_CHECKING:
    from pathlib import Path


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
    assert " differs  generated/production/" in compile_(compiled, "--check").stdout
    assert compile_(compiled, "--check", "--environment", "staging", "--environment", "development").exit_code == 0


def test_the_schemas_for_editors_are_compiled_with_every_environment_and_with_no_single_one(compiled: Path) -> None:
    schema = compiled / "generated/schemas/compute.json"
    before = schema.read_bytes()
    schema.write_text("{}\n")
    assert compile_(compiled, "--environment", "staging").exit_code == 0
    assert compile_(compiled, "--check", "--environment", "staging").exit_code == 0
    assert schema.read_text() == "{}\n"
    assert "generated/schemas/compute.json" in compile_(compiled, "--check").stdout
    assert compile_(compiled).exit_code == 0
    assert schema.read_bytes() == before


def test_what_an_environment_that_is_gone_left_behind_is_pruned(compiled: Path) -> None:
    for file in sorted((compiled / "environments/staging").rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    (compiled / "environments/staging").rmdir()
    result = compile_(compiled)
    assert result.exit_code == 0
    assert "removed: staging, " in result.stdout
    assert "pruned  generated/argocd/staging/applicationset.yaml" in result.stdout
    assert not (compiled / "generated/staging").exists()
    assert not (compiled / "generated/argocd/staging").exists()


def test_without_policies_nothing_is_judged_and_nothing_is_written(project: Path) -> None:
    shutil.rmtree(project / "policies")
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
