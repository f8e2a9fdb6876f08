"""Whatever instant an import is killed at, there are all files, none, or a journal that the next one finishes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from compiler.importer.files import write
from compiler.write import journal
from tests.compiler.importer.crash import CONTENTS
from tests.compiler.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_MOST_STEPS = 100


def test_a_kill_at_any_step_leaves_all_files_none_or_a_journal(tmp_path: Path) -> None:
    for step in range(1, _MOST_STEPS):
        folder = tmp_path / f"killed at {step}"
        program = [sys.executable, "-m", "tests.compiler.importer.crash", str(folder), str(step)]
        ended = subprocess.run(program, cwd=ROOT, check=False).returncode
        assert ended in (0, -9)
        assert journal.pending(folder / "spec") or contents(folder / "spec") in ({}, CONTENTS)
        write(folder, CONTENTS)
        assert contents(folder / "spec") == CONTENTS
        assert {path.name for path in (folder / "spec").iterdir()} == CONTENTS.keys()
        if not ended:
            break
    assert 10 < step < _MOST_STEPS - 1


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*")}
