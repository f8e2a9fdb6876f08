"""The same specification gives the same bytes, wherever, however and by whomever it is compiled."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.compiler.project import ROOT
from tests.copying import copy_tree

if TYPE_CHECKING:
    from pathlib import Path

SURROUNDINGS = {
    "LC_ALL": "C",
    "LANG": "C",
    "PYTHONUTF8": "0",
    "TZ": "Pacific/Kiritimati",
    "SOURCE_DATE_EPOCH": "0",
    "PYTHONHASHSEED": "1",
    "PYTHONOPTIMIZE": "1",
    "HOME": "/nonexistent",
    "COLUMNS": "20",
}


def test_neither_the_surroundings_nor_the_order_of_the_files_on_disk_change_a_byte(tmp_path: Path) -> None:
    """Another language, time, hash seed, mode of Python, home, width, mask of rights, and a path that is not ASCII."""
    project = tmp_path / "elsewhere ä"
    for folder in ("spec", "environments"):
        for file in sorted((ROOT / folder).rglob("*"), reverse=True):
            if file.is_file():
                target = project / file.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
    copy_tree(ROOT / "policies", project / "policies")
    subprocess.run(
        [ROOT / ".venv/bin/cbp", "compile"],
        cwd=project,
        env={"PATH": os.environ["PATH"], **SURROUNDINGS},
        umask=0o077,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    assert contents(project / "generated") == contents(ROOT / "generated")
    assert {path.stat().st_mode & 0o777 for path in files(project / "generated")} == {0o644}


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files(folder)}
