"""The specification is what the architecture document says, but for departures, where CBP_SEED names its folder."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compiler.diagnostics import Source
from compiler.importer.departures import DEPARTURES
from compiler.sources.nodes import MappingNode, Node, ScalarNode, leaves
from compiler.sources.yaml import parse
from tests.compiler.cli.running import cbp, compile_, contents
from tests.compiler.importer.documents import project as frozen
from tests.compiler.project import FROZEN, ROOT

if TYPE_CHECKING:
    from click.testing import Result


@pytest.fixture
def architecture() -> Path:
    """The document in the folder that CBP_SEED names; a folder that is named and holds none is an error."""
    if "CBP_SEED" not in os.environ:
        pytest.skip("not checked: CBP_SEED names no folder of the architecture document (docs/import.md)")
    (document,) = Path(ROOT / os.environ["CBP_SEED"]).glob("*.md")
    return document


def import_(document: Path, into: Path, *options: str) -> Result:
    return cbp("import", str(document), "--into", str(into), "--root", str(FROZEN), *options)


def test_its_invalid_block_is_an_error_at_its_lines_and_nothing_is_written(architecture: Path, tmp_path: Path) -> None:
    result = import_(architecture, tmp_path / "new")
    assert result.exit_code == 1
    assert not (tmp_path / "new").exists()
    lines = architecture.read_text(encoding="utf-8").splitlines()
    places = re.findall(r"^error\[DOC003\].*\n  --> .*:(\d+):(\d+)$", result.stdout, re.MULTILINE)
    shown = [lines[int(line) - 1][int(column) - 1 :] for line, column in places]
    assert shown == ["scaling:", "scaling:", "- FIS connector"]


def test_a_lenient_import_makes_every_recorded_departure_once_and_no_other(architecture: Path, tmp_path: Path) -> None:
    result = import_(architecture, tmp_path, "--lenient")
    assert result.exit_code == 0
    assert sorted(re.findall(r"help: (docs/decisions/\S+) says why$", result.stdout, re.MULTILINE)) == [
        departure.page for departure in DEPARTURES
    ]
    assert re.findall(r"^\w+\[(\w+)\]", result.stdout, re.MULTILINE).count("DOC003") == 3
    assert f"0 errors, {3 + len(DEPARTURES)} warnings" in result.stdout
    assert values(tmp_path / "spec") == {path: node.text for path, node in leaves(frozen())}


def test_what_is_imported_compiles_to_what_the_specification_compiles_to(architecture: Path, project: Path) -> None:
    before = compiled(project)
    for file in (project / "spec").iterdir():
        file.rename(project / file.name)
    assert import_(architecture, project, "--lenient").exit_code == 0
    for file in project.glob("*.md"):
        file.rename(project / "spec" / file.name)
    assert compiled(project) == before


def compiled(project: Path) -> dict[str, bytes]:
    result = compile_(project, "--environment", "staging")
    assert result.exit_code == 0, result.stdout
    return contents(project)


def values(folder: Path) -> dict[object, str]:
    found: dict[object, str] = {}
    for file in folder.iterdir():
        node: Node | None = parse(Source(file.name, file.read_text(encoding="utf-8")))[0]
        assert isinstance(node, MappingNode)
        found |= {path: leaf.text for path, leaf in leaves(node) if isinstance(leaf, ScalarNode)}
    return found
