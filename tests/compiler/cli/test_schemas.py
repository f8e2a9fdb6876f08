"""``cbp schemas add``, and the schema path of ``cbp compile`` and ``cbp verify``, from end to end."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from compiler.cli import main
from tests.compiler.schemas.crd import FILE, as_yaml, crd

if TYPE_CHECKING:
    from pathlib import Path

ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
ARGO_CD = (("argoproj.io", "AppProject"), ("argoproj.io", "Application"), ("argoproj.io", "ApplicationSet"))


def cbp(*arguments: str, stdin: bytes = b"", **environment: str) -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin, env=environment, catch_exceptions=False)


def add(folder: Path, *files: Path) -> Result:
    return cbp("schemas", "add", "--to", str(folder), *map(str, files))


def written(file: Path, *documents: object) -> Path:
    file.write_bytes(as_yaml(*documents))
    return file


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_schemas_are_written_once_and_then_kept(tmp_path: Path) -> None:
    folder, file = tmp_path / "new" / "my schemas", written(tmp_path / "a.yaml", crd(ANYTHING))
    first = add(folder, file)
    assert (first.exit_code, first.stdout) == (0, f"   wrote  {FILE}\n")
    before = contents(folder)
    assert list(before) == [FILE]
    second = add(folder, file, file)
    assert (second.exit_code, second.stdout) == (0, f"    kept  {FILE}\n")
    assert contents(folder) == before


def test_a_newer_definition_replaces_a_schema_and_leaves_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "schemas"
    add(folder, written(tmp_path / "a.yaml", crd(ANYTHING), crd(ANYTHING, kind="Gadget")))
    assert add(folder, written(tmp_path / "b.yaml", crd({"type": "string"}))).stdout == f"   wrote  {FILE}\n"
    assert sorted(contents(folder)) == ["example.com/gadget_v1.json", FILE]
    assert json.loads(contents(folder)[FILE])["properties"]["spec"] == {"type": "string"}


def test_definitions_are_read_from_standard_input_and_the_folder_from_the_environment(tmp_path: Path) -> None:
    result = cbp("schemas", "add", "-", stdin=as_yaml(crd(ANYTHING)), CBP_SCHEMAS=str(tmp_path))
    assert (result.exit_code, list(contents(tmp_path))) == (0, [FILE])
    failed = cbp("schemas", "add", "-", stdin=b"[", CBP_SCHEMAS=str(tmp_path))
    assert failed.exit_code == 2
    assert failed.stderr.startswith("cbp: standard input: this is not YAML: ")


def test_nothing_is_written_where_one_of_several_files_cannot_be_used(tmp_path: Path) -> None:
    good, bad = written(tmp_path / "good.yaml", crd(ANYTHING)), written(tmp_path / "bad.yaml", {"kind": "Pod"})
    other = written(tmp_path / "other.yaml", crd({"type": "string"}))
    for files, why in (
        ((good, bad), f"{bad}: there is no"),
        ((good, tmp_path / "none"), "none: "),
        ((good, other), "two"),
    ):
        result = add(tmp_path / "schemas", *files)
        assert result.exit_code == 2
        assert why in result.stderr
        assert not (tmp_path / "schemas").exists()


def test_what_a_killed_process_left_is_no_obstacle_and_does_not_stay(tmp_path: Path) -> None:
    (tmp_path / "example.com").mkdir()
    (tmp_path / "example.com/.widget_v1.json.new").write_text("hal")
    assert add(tmp_path, written(tmp_path / "a.yaml", crd(ANYTHING))).exit_code == 0
    assert sorted(contents(tmp_path)) == ["a.yaml", FILE]


def test_kinds_without_a_schema_are_counted_and_refused_where_schemas_are_required(project: Path) -> None:
    at = ("--root", str(project))
    listed = cbp("compile", *at)
    assert listed.exit_code == 0
    assert re.search(
        r"^no schema for \d+ kinds: make them with cbp schemas add \(docs/schemas\.md\)$", listed.stdout, re.MULTILINE
    )
    named = cbp("verify", *at, "--all").stdout
    assert "no schema for: argoproj.io/v1alpha1/AppProject, argoproj.io/v1alpha1/Application, " in named
    for result in (cbp("verify", *at, "--require-schemas"), cbp("compile", *at, CBP_REQUIRE_SCHEMAS="true")):
        assert result.exit_code == 1
        assert "error[SCHEMA003]: there is no schema for argoproj.io/v1alpha1/AppProject" in result.stdout


def test_the_documents_of_every_environment_are_judged_by_the_schemas_of_the_folder(
    project: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "schemas"
    file = tmp_path / "crds.yaml"
    add(folder, written(file, *(crd(ANYTHING, group=group, kind=kind, v1alpha1=True) for group, kind in ARGO_CD)))
    at = ("--root", str(project), "--schemas", str(folder))
    assert "argoproj.io" not in cbp("compile", *at, "--all").stdout
    add(folder, written(file, crd({"type": "object"}, group="argoproj.io", kind="AppProject", v1alpha1=True)))
    report = json.loads(cbp("verify", *at, "--format", "json").stdout)
    refused = {finding["path"] for finding in report["findings"] if finding["code"] == "SCHEMA001"}
    assert refused == {
        f"generated/argocd/{name}/{place}appproject.yaml"
        for name in ("development", "production", "staging")
        for place in ("", "delivery/")
    }


@pytest.mark.parametrize("broken", ["absent", "a file", "a schema"])
def test_a_schema_path_that_cannot_be_used_ends_the_command_and_is_never_a_pass(
    broken: str, project: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "schemas"
    if broken == "a file":
        folder.write_text("")
    elif broken == "a schema":
        (folder / "argoproj.io").mkdir(parents=True)
        (folder / "argoproj.io/appproject_v1alpha1.json").write_text("{}")
    for command in ("compile", "verify"):
        result = cbp(command, "--root", str(project), CBP_SCHEMAS=str(folder))
        assert result.exit_code == 2
        assert str(folder) in result.stderr
        assert not (project / "generated").exists()
