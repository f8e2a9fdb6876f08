"""What the commands about lineage print for the frozen project, whole.

A file of ``commands/`` holds command lines, each with its output below it, and its exit code where that is not 0.
Rewrite them with ``CBP_UPDATE_GOLDEN=1``, and read every one as somebody who asked that.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.compiler.cli.running import cbp
from tests.compiler.project import copy

_COMMANDS = Path(__file__).parent / "commands"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frozen project."""
    return copy(tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize("file", sorted(_COMMANDS.glob("*.txt")), ids=lambda file: file.stem)
def test_a_command_prints_what_is_recorded(file: Path, root: Path) -> None:
    recorded = file.read_text(encoding="utf-8")
    commands = re.findall(r"^\$ cbp (.*)$", recorded, re.MULTILINE)
    assert commands
    printed = "\n".join(_run(command, root) for command in commands)
    if "CBP_UPDATE_GOLDEN" in os.environ:
        file.write_text(printed, encoding="utf-8")
    assert printed == file.read_text(encoding="utf-8")


def _run(command: str, root: Path) -> str:
    name, *arguments = shlex.split(command)
    judged = ("--as-of", "2026-01-15") if name == "impact" else ()
    result = cbp(name, "--root", str(root), *judged, *arguments)
    failed = f"exit {result.exit_code}\n" if result.exit_code else ""
    output = re.sub(r"(compiler/emit/\S+\.py):\d+", r"\1", result.output)  # not on which line an emitter stands
    return f"$ cbp {command}\n{output}{failed}"
