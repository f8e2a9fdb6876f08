"""Projects of any number of environments, copied from the real ones."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_NAME = re.compile(r"^  name: (?P<name>\S+)$", re.MULTILINE)
_HOST = re.compile(r"^( +(?:host|kubernetes_host|database): \S*?)(?=bank\.example)", re.MULTILINE)
_PLACE = re.compile(r"^ +(?:location|identity): \S+$", re.MULTILINE)
_SECTION = "spec/compute.yaml"
_LEAST, _MOST, _CHOSEN = "min", "max", "optimal"
"""The keys of the numbers of instances; the chosen one may be anything between the others."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A number that was moved: its place (``file:line``), and its value before."""

    place: str
    before: str


def make_project(target: Path, environments: int, source: Path = ROOT) -> None:
    """Create a project from copies of a project's environments in turn, each with unique names and locations.

    The first copy of each is unchanged, so that the real number of environments gives exactly the real project.
    """
    shutil.copytree(source / "spec", target / "spec")
    shutil.copytree(ROOT / "policies", target / "policies")
    real = sorted(folder for folder in (source / "environments").iterdir() if folder.is_dir())
    for number in range(environments):
        turn, index = divmod(number, len(real))
        _copy(real[index], target / "environments", turn)


def _copy(environment: Path, environments: Path, turn: int) -> None:
    name = f"{environment.name}-{turn}" if turn else environment.name
    shutil.copytree(environment, environments / name)
    file = environments / name / "environment.yaml"
    text = file.read_text(encoding="utf-8")
    if turn:
        text, names = _NAME.subn(f"  name: {name}", text, count=1)
        text, hosts = _HOST.subn(rf"\g<1>copy-{turn}.", text)
        text, places = _PLACE.subn(rf"\g<0>-{turn}", text)
        if not (names and hosts and places):
            raise ValueError(f"{environment.name}/environment.yaml does not have its names in lines of their own")
        file.write_text(text, encoding="utf-8")


def move_number(project: Path, to: str | None = None) -> Moved:
    """Write another number into a project's specification: ``to``, or one that is as valid as the present one."""
    section = project / _SECTION
    text = section.read_text(encoding="utf-8")
    least, most, chosen = (_number(text, key) for key in (_LEAST, _MOST, _CHOSEN))
    written = to or (least[1] if chosen[1] == most[1] else most[1])
    section.write_text(f"{text[: chosen.start(1)]}{written}{text[chosen.end(1) :]}", encoding="utf-8")
    return Moved(f"{_SECTION}:{text.count(chr(10), 0, chosen.start(1)) + 1}", chosen[1])


def _number(text: str, key: str) -> re.Match[str]:
    """Return the first number of a key in a section."""
    found = re.search(rf"^ +{key}: (\d+)$", text, re.MULTILINE)
    if not found:
        raise ValueError(f"{_SECTION} has no number {key}")
    return found
