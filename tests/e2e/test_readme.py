"""Every command of the README's tour does what the README shows, in a checkout whose numbers nobody has changed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tests.compiler.project import ROOT
from tests.e2e.service import Service, up
from tests.e2e.states import small

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

README = (ROOT / "README.md").read_text()
_DEMONSTRATION = re.compile(r"^## (?=Edit a number, and see|All or nothing)", re.MULTILINE)
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_every_command_of_the_tour_prints_what_the_readme_shows(project: Path) -> None:
    _begin(project)
    steps = list(tour("".join(_DEMONSTRATION.split(README)[::2])))
    assert len(steps) >= 10
    with up(project) as service:
        _carry_out(steps, project, service)


def test_a_number_that_is_edited_is_enforced_by_the_api_that_runs_as_the_readme_shows(project: Path) -> None:
    _begin(project)
    with up(project, "--watch") as service:
        entry = f"{service.url}/v1/namespaces/payments/entries/limits"
        signed_in = service.signed_in()
        assert httpx.put(entry, json={"value": 5000}, headers=signed_in).status_code == 201
        _carry_out(list(tour(_DEMONSTRATION.split(README)[1])), project, service)
        taken_back = [number for number, line in enumerate(service.output) if line.startswith("changed: ")][-1]
        service.wait_for("serves under the new settings", taken_back)
        assert httpx.get(entry, headers=signed_in).json()["value"] == 5000, (
            "the data that was written before both restarts"
        )


def test_an_edit_with_an_error_leaves_the_api_as_it_is(tmp_path: Path) -> None:
    project = small(tmp_path / "a checkout")
    _begin(project)
    file = project / "environments/development/environment.yaml"
    before = file.read_text()
    with up(project, "--watch") as service:
        for text in (before.replace("burst: 40 req/min", "burst: forty"), before):
            reported = len(service.output)
            file.write_text(text)
            service.wait_for("nothing was written" if text != before else "0 errors", reported)
        assert not any("serves under the new settings" in line for line in service.output)
        assert any("'forty' is not a rate" in line for line in service.output)


def _carry_out(steps: Iterable[tuple[str, str]], project: Path, service: Service) -> None:
    for command, expected in steps:
        ran = subprocess.run(
            ["bash", "-c", _at(service, command)],
            cwd=project,
            env=os.environ | {"CBP_API_URL": service.url},
            capture_output=True,
            text=True,
            timeout=120,
        )
        shown = "\n".join(line.rstrip() for line in ran.stdout.splitlines())
        assert matches(expected, shown), f"$ {command}\n{shown}\n{ran.stderr}\n-- but the README shows:\n{expected}"


def _at(service: Service, command: str) -> str:
    """Return a command for a service on another port, beside others."""
    elsewhere = command.replace("127.0.0.1:8080", f"127.0.0.1:{service.port}")
    return elsewhere.replace("cbp token", f"cbp token --port {service.port}")


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


def _begin(project: Path) -> None:
    """Give the project the command, and commit it: edits are taken back by Git."""
    (project / ".venv").symlink_to(Path(sys.prefix))
    (project / ".gitignore").write_text(".venv\n")
    for command in ("init", "add .", "-c user.name=t -c user.email=t@t commit -m t"):
        subprocess.run(["git", *command.split()], cwd=project, check=True, capture_output=True)
