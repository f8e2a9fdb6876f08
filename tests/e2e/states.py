"""A small project, and two states of one that differ in many files: one environment has another name."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

from compiler import pipeline
from tests.compiler.project import FROZEN
from tests.copying import copy_tree
from tests.e2e.service import CBP
from tests.policy import policies

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMES = ("staging", "rehearsal")


def small(target: Path) -> Path:
    """Write two environments of the frozen project into a folder, and one rule that judges them.

    What reads and writes files does so whatever the rules are.
    """
    copy_tree(FROZEN / "spec", target / "spec")
    for name in ("development", NAMES[0]):
        copy_tree(FROZEN / "environments" / name, target / "environments" / name)
    policies.write(target / "policies", policies.RULE.replace("50", "90"), policies.FIXTURE.replace("51", "91"))
    return target


def chance(seed: object) -> random.Random:
    """Return a source of instants, the same for every run of the tests."""
    return random.Random(f"{seed}")  # noqa: S311 - instants are no secrets


def rename(project: Path) -> str:
    """Give the environment its other name, which moves a third of what is compiled, and return it."""
    before, after = NAMES if (project / "environments" / NAMES[0]).exists() else reversed(NAMES)
    folder = (project / "environments" / before).rename(project / "environments" / after)
    file = folder / "environment.yaml"
    text = file.read_text()
    assert text.count(f"  name: {before}\n") == 1
    file.write_text(text.replace(f"  name: {before}\n", f"  name: {after}\n"))
    return after


def compiled(project: Path) -> Mapping[str, bytes]:
    """Compile in this process, and return what is then below generated/."""
    compilation = pipeline.compile_project(project)
    assert not compilation.refused, compilation.findings
    pipeline.write(compilation)
    return contents(project)


def contents(project: Path) -> Mapping[str, bytes]:
    """Return every file below generated/, what a writer that was killed left in .cbp/ aside."""
    generated = project / "generated"
    files = (path for path in generated.rglob("*") if path.is_file())
    found = {path.relative_to(generated).as_posix(): path.read_bytes() for path in files}
    return {path: content for path, content in found.items() if not path.startswith(".cbp/")}


def cbp(*arguments: str, project: Path, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run the installed command on a project, by way of another program where that is needed."""
    command = (*prefix, str(CBP), *arguments, "--root", str(project))
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
