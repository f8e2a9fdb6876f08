"""The same specification gives the same bytes, wherever, however and by whomever it is compiled."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.compiler.project import ROOT
from tests.copying import copy_tree

if TYPE_CHECKING:
    from pathlib import Path

SURROUNDINGS = {
    "another language": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONHASHSEED": "1"},
    "another time": {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "2", "SOURCE_DATE_EPOCH": "0"},
    "another mode": {"PYTHONOPTIMIZE": "1", "PYTHONHASHSEED": "3", "HOME": "/nonexistent", "COLUMNS": "20"},
}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_the_surroundings_change_no_byte(name: str, tmp_path: Path) -> None:
    project = tmp_path / f"{name} ä"
    for folder in ("spec", "environments", "policies"):
        copy_tree(ROOT / folder, project / folder)
    subprocess.run(
        [ROOT / ".venv/bin/cbp", "compile"],
        cwd=project,
        env={"PATH": os.environ["PATH"], **SURROUNDINGS[name]},
        umask=0o077,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    assert contents(project / "generated") == contents(ROOT / "generated")
    assert {path.stat().st_mode & 0o777 for path in files(project / "generated")} == {0o644}


def test_the_order_of_the_files_on_disk_changes_no_byte(tmp_path: Path) -> None:
    for folder in ("spec", "environments"):
        for file in sorted((ROOT / folder).rglob("*"), reverse=True):
            if file.is_file():
                target = tmp_path / file.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
    copy_tree(ROOT / "policies", tmp_path / "policies")
    subprocess.run(
        [ROOT / ".venv/bin/cbp", "compile", "--root", tmp_path], cwd="/", stdout=subprocess.DEVNULL, check=True
    )
    assert contents(tmp_path / "generated") == contents(ROOT / "generated")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files(folder)}
