"""A compilation that writes remembers the schemas for editors, which this very compiler made; no other command does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from compiler.cli import main
from compiler.compile_cache import fingerprint
from compiler.compile_cache.editor import editor_artifacts
from compiler.emit import editor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from compiler.emit.artifact import Artifact

_MADE = editor.editor_artifacts()
COMPUTE = "schemas/compute.json"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An entry for each time that the schemas were made."""
    found: list[int] = []

    def making() -> tuple[Artifact, ...]:
        found.append(1)
        return _MADE

    monkeypatch.setattr(editor, "editor_artifacts", making)
    return found


def test_they_are_made_once(tmp_path: Path, made: list[int]) -> None:
    assert editor_artifacts(tmp_path) == editor_artifacts(tmp_path) == _MADE
    assert len(made) == 1


def test_another_compiler_makes_them(tmp_path: Path, made: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    editor_artifacts(tmp_path)
    monkeypatch.setattr(fingerprint, "program", lambda **_: "another")
    assert editor_artifacts(tmp_path) == _MADE
    assert len(made) == 2


def test_a_compiler_whose_source_is_uncertain_makes_them_each_time(
    tmp_path: Path, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "program", lambda **_: None)
    for _ in range(2):
        assert editor_artifacts(tmp_path) == _MADE
    assert len(made) == 2


def test_a_compiler_whose_source_changes_while_it_makes_them_records_nothing(
    tmp_path: Path, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "program", lambda *, anew=False: str(anew))
    for _ in range(2):
        assert editor_artifacts(tmp_path) == _MADE
    assert len(made) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda record: [],
        lambda record: {**record, "files": None},
        lambda record: {**record, "files": {}},
        lambda record: {**record, "files": {COMPUTE: 5}},
        lambda record: {**record, "files": {**record["files"], COMPUTE: "\ud800"}},
        lambda record: {**record, "files": {path: text for path, text in record["files"].items() if path != COMPUTE}},
        lambda record: {"files": record["files"]},
        lambda record: {"program": record["program"]},
        lambda record: {**record, "files": {**record["files"], "../spec/compute.yaml": ""}},
    ],
)
def test_a_record_of_another_shape_is_none(
    tmp_path: Path, made: list[int], change: Callable[[dict[str, Any]], object]
) -> None:
    editor_artifacts(tmp_path)
    file = tmp_path / ".cbp/editor.json"
    file.write_text(json.dumps(change(json.loads(file.read_bytes()))))
    assert editor_artifacts(tmp_path) == _MADE
    assert len(made) == 2


def cbp(project: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--root", str(project)], catch_exceptions=False)


def test_forged_schemas_pass_no_check(project: Path) -> None:
    """Whoever may write to the project's folder may write any schema, and verify says which."""
    cbp(project, "compile")
    file = project / ".cbp/editor.json"
    record = json.loads(file.read_bytes())
    file.write_text(json.dumps({**record, "files": {**record["files"], COMPUTE: "{}"}}))
    (project / "generated/schemas/compute.json").unlink()
    assert cbp(project, "compile").exit_code == 0
    assert (project / "generated/schemas/compute.json").read_text() == "{}"
    for command in (("compile", "--check"), ("verify",)):
        found = cbp(project, *command)
        assert found.exit_code == 1
        assert COMPUTE in found.output
