"""The page on writing rules is carried out: its files are written, its commands print what it shows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.compiler.project import copy
from tests.e2e.test_readme import matches, tour

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs/writing-rules.md").read_text(encoding="utf-8")
_STEP = re.compile(
    r"^```console\n.*?^```$|^`(?P<file>[^`\n]+)`:\n\n```\w+\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)


def test_a_rule_is_added_by_the_commands_and_files_of_the_page_alone(tmp_path: Path) -> None:
    project = copy(tmp_path / "project")
    shutil.copytree(PROJECT / "docs/policies", project / "docs/policies")
    shutil.copytree(PROJECT / "tests", project / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", project)
    (project / ".venv").symlink_to(Path(sys.prefix))
    ran = [run(step, project) for step in _STEP.finditer(PAGE)]
    assert sum(ran) >= 8
    (folder,) = (project / "policies/integration").glob("*/")
    assert sorted(re.findall(r"^\| `(?:<rule>)?([^`]+)` \|", PAGE.partition("\n## ")[0], re.MULTILINE)) == sorted(
        file.name.removeprefix(folder.name) for file in folder.iterdir()
    )


def run(step: re.Match[str], project: Path) -> int:
    """Write the file of a step, or run its commands; return how many ran."""
    if step["file"]:
        file = project / step["file"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(step["text"], encoding="utf-8")
        return 0
    commands = list(tour(step[0]))
    for command, expected in commands:
        shown = output(command, project)
        assert matches(expected, shown), f"$ {command}\n{shown}\n-- but the page shows:\n{expected}"
    return len(commands)


def output(command: str, project: Path) -> str:
    """Return what a command prints, on both outputs."""
    ran = subprocess.run(
        ["bash", "-c", f"{{ {command}; }} 2>&1"], cwd=project, capture_output=True, text=True, timeout=300
    )
    return "\n".join(line.rstrip() for line in ran.stdout.splitlines())
