"""Projects of any number of environments, copied from the real ones."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
_NAME = re.compile(r"^  name: (?P<name>\S+)$", re.MULTILINE)
_HOST = re.compile(r"^( +(?:host|kubernetes_host|database): \S*?)(?=bank\.example)", re.MULTILINE)
_PLACE = re.compile(r"^ +(?:location|identity): \S+$", re.MULTILINE)


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
