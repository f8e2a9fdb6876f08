"""The cases of this folder: a base project, and for each case what is replaced, removed and made in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import unquote_to_bytes

GOLDEN = Path(__file__).parent
BASE = GOLDEN / "base"
BROKEN = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir() and path.name not in ("__pycache__", BASE.name))


def base(project: Path) -> Path:
    """Copy what people write of the base project into a folder."""
    for name in ("spec", "environments"):
        shutil.copytree(BASE / name, project / name)
    return project


def apply(case: Path, project: Path) -> None:
    """Make the base project the broken one."""
    for path in words(case / "absent"):
        remove(project / path)
    for file in sorted(path for path in (case / "input").rglob("*") if path.is_file()):
        target = project / file.relative_to(case / "input")
        if target.is_dir():
            remove(target)
        make_room(project, target.parent)
        shutil.copyfile(file, target)
    if (case / "made").is_file():
        for line in (case / "made").read_text().splitlines():
            kind, path, argument = line.split()
            make(project, kind, os.fsdecode(unquote_to_bytes(path)), argument)


def make(project: Path, kind: str, path: str, argument: str) -> None:
    """Put in place of a path what no repository holds: a link, a pipe, an odd name, a file of any size."""
    target = project / path
    if target.exists():
        remove(target)
    if kind == "link":
        target.symlink_to(argument)
    elif kind == "pipe":
        os.mkfifo(target, int(argument, 8))
    elif kind == "move":
        (project / argument).rename(target)
    elif kind == "bytes":
        target.write_bytes(b"#" * int(argument))
    else:
        raise ValueError(kind)


def words(file: Path) -> list[str]:
    """Return the words in a file of a case, or none where there is no such file."""
    return file.read_text().split() if file.is_file() else []


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def make_room(project: Path, folder: Path) -> None:
    """Create a folder, also where the base has a file."""
    for parent in reversed([folder, *folder.parents]):
        if parent.is_relative_to(project) and parent.is_file():
            parent.unlink()
    folder.mkdir(parents=True, exist_ok=True)
