"""The command ``cbp``, run in this process or as it is installed, and what came of it."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

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
