"""Every command of the README's tour does what the README shows, in a checkout whose numbers nobody has changed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.compiler.project import ROOT
from tests.e2e.service import up

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_every_command_of_the_tour_prints_what_the_readme_shows(project: Path) -> None:
    (project / ".venv").symlink_to(Path(sys.prefix))
    _commit(project)
    steps = list(tour((ROOT / "README.md").read_text()))
    assert len(steps) >= 10
    with up(project) as service:
        for command, expected in steps:
            ran = subprocess.run(
                ["bash", "-c", command.replace("127.0.0.1:8080", f"127.0.0.1:{service.port}")],
                cwd=project,
                capture_output=True,
                text=True,
                timeout=60,
            )
            shown = "\n".join(line.rstrip() for line in ran.stdout.splitlines())
            assert matches(expected, shown), f"$ {command}\n{shown}\n{ran.stderr}\n-- but the README shows:\n{expected}"


def tour(readme: str) -> Iterator[tuple[str, str]]:
    """Yield each command of the console blocks with the output that is shown below it."""
    for block in _BLOCK.findall(readme):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            yield command, output.strip()


def matches(expected: str, shown: str) -> bool:
    """Compare an output with what is shown, where an ellipsis stands for anything."""
    pattern = "(?:.*)".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, shown.strip(), re.DOTALL) is not None


def _commit(project: Path) -> None:
    """The tour ends with taking an edit back by Git."""
    (project / ".gitignore").write_text(".venv\n")
    for command in ("init", "add .", "-c user.name=t -c user.email=t@t commit -m t"):
        subprocess.run(["git", *command.split()], cwd=project, check=True, capture_output=True)
