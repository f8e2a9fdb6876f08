"""The cases of this folder: the frozen project's staging, and for each case the few words that break it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from tests.compiler.project import FROZEN
from tests.copying import copy_tree

GOLDEN = Path(__file__).parent
COMMANDS = GOLDEN / "commands"
BROKEN = sorted(file.parent.name for file in GOLDEN.glob("*/case.yaml"))

_ENVIRONMENT = "environments/staging"
_WAIVERS = f"{_ENVIRONMENT}/waivers.yaml"


class Case(BaseModel):
    """What is done to the project, in the order of the fields; paths are below its folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    waiver: bool = False
    """Staging is given the waiver of ``waivers.yaml``."""
    edit: Mapping[str, Mapping[str, str]] = {}
    """For each file, a text that stands in it once, and what takes its place."""
    write: Mapping[str, str] = {}
    """Whole files; one may stand in the place of a folder, or in a folder in the place of a file."""
    remove: tuple[str, ...] = ()
    move: Mapping[str, str] = {}
    link: Mapping[str, str] = {}
    """Symbolic links, by the path that each takes the place of."""
    pipe: str | None = None
    size: Mapping[str, int] = {}
    """Files that are replaced by so many bytes of comment."""
    arguments: tuple[str, ...] = ()
    """What is added to the command line."""
    exit: int = 1


class CommandCase(Case):
    """What is done to the whole frozen project, and the command that is run in it."""

    command: str
    """Its words behind ``cbp``, as a shell reads them."""
    exit: int = 0


def command_case(name: str) -> CommandCase:
    """Read a case of a command."""
    return CommandCase.model_validate(yaml.safe_load((COMMANDS / name / "case.yaml").read_text(encoding="utf-8")))


def case(name: str) -> Case:
    """Read a case."""
    return Case.model_validate(yaml.safe_load((GOLDEN / name / "case.yaml").read_text(encoding="utf-8")))


def base(project: Path) -> Path:
    """Copy the specification and staging of the frozen project into a folder."""
    for part in ("spec", _ENVIRONMENT):
        copy_tree(FROZEN / part, project / part)
    return project


def apply(broken: Case, project: Path) -> None:
    """Break the project as the case says."""
    if broken.waiver:
        shutil.copyfile(GOLDEN / "waivers.yaml", project / _WAIVERS)
    for path, edits in broken.edit.items():
        for old, new in edits.items():
            _replace(project / path, old, new)
    for path, text in broken.write.items():
        _make_room(project, project / path)
        (project / path).write_bytes(_bytes(text))
    for path in (*broken.remove, *broken.link, *([broken.pipe] if broken.pipe else ())):
        _remove(project / path)
    for path, target in broken.move.items():
        (project / path).rename(project / os.fsdecode(_bytes(target)))
    for path, target in broken.link.items():
        (project / path).symlink_to(target)
    if broken.pipe:
        os.mkfifo(project / broken.pipe)
    for path, size in broken.size.items():
        (project / path).write_bytes(b"#" * size)


def _replace(file: Path, old: str, new: str) -> None:
    content = file.read_bytes()
    assert content.count(_bytes(old)) == 1, f"{file} has {old!r} {content.count(_bytes(old))} times"
    file.write_bytes(content.replace(_bytes(old), _bytes(new)))


def _bytes(text: str) -> bytes:
    """Encode a text; a lone surrogate, as U+DCFC, stands for a byte that is no UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _make_room(project: Path, target: Path) -> None:
    """Remove a folder in the place of a file, and create its own folder, also where the project has a file."""
    if target.is_dir():
        _remove(target)
    for parent in target.parents:
        if parent.is_relative_to(project) and parent.is_file():
            parent.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
