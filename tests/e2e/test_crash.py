"""Whatever instant a compilation is killed at, the tree is the old one or the new one, and nobody mistakes it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.compiler.project import ROOT
from tests.copying import copy_tree
from tests.e2e.service import CBP
from tests.e2e.states import NAMES, cbp, chance, compiled, contents, rename, small

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SEED = 20
_INTERRUPTED = "cbp: a compilation was interrupted while it was written: "


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project in one of its two states, whichever, compiled."""
    return small(tmp_path_factory.mktemp("crash") / "a checkout")


@pytest.fixture(scope="module")
def trees(project: Path) -> Mapping[str, Mapping[str, bytes]]:
    """What each state of the project compiles to, by the name that its environment has in it."""
    return {rename(project): compiled(project) for _ in NAMES}


def test_a_writer_that_is_killed_at_any_instant_leaves_the_old_tree_or_the_new_one(
    project: Path, tmp_path: Path, trees: Mapping[str, object]
) -> None:
    copy_tree(project, tmp_path / "other")
    assert rename(tmp_path / "other") in trees
    command = [sys.executable, "-m", "tests.e2e.killing", str(project), str(tmp_path / "other"), str(_SEED)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    found = json.loads(ran.stdout)
    assert {left["state"] for left in found} == {"old", "new"}
    assert {left["state"] for left in found if left["pending"]} == {"new"}
    assert sum(left["killed"] for left in found) > len(found) // 3
    assert not (project / "generated/.cbp").exists()


@pytest.mark.parametrize("instant", ["at any instant", "while it stages", "while it writes"])
def test_the_command_that_is_killed_is_made_good_by_the_next(
    project: Path, trees: Mapping[str, Mapping[str, bytes]], instant: str
) -> None:
    assert cbp("compile", project=project).returncode == 0
    new = trees[rename(project)]
    _kill(project, instant, chance(instant).random())
    found, pending = contents(project), (project / "generated/.cbp/journal.json").exists()
    check = cbp("compile", "--check", project=project)
    if pending:
        assert (check.returncode, check.stderr[: len(_INTERRUPTED)]) == (2, _INTERRUPTED)
    else:
        assert found in trees.values()
        assert check.returncode == (0 if found == new else 1)
    assert cbp("compile", project=project).returncode == 0
    assert contents(project) == new
    assert not (project / "generated/.cbp").exists()


def test_of_two_compilations_at_once_both_succeed_and_one_of_them_writes(
    project: Path, trees: Mapping[str, Mapping[str, bytes]]
) -> None:
    assert cbp("compile", project=project).returncode == 0
    new = trees[rename(project)]
    both = [_compile(project) for _ in range(2)]
    ended = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert [errors for _, errors in ended] == ["", ""]
    assert sum(" none changed;" in output for output, _ in ended) == 1
    assert contents(project) == new
    assert not (project / "generated/.cbp").exists()


def test_an_interrupt_has_the_status_that_shells_expect_and_the_next_compilation_makes_it_good(
    project: Path, trees: Mapping[str, Mapping[str, bytes]]
) -> None:
    assert cbp("compile", project=project).returncode == 0
    new = trees[rename(project)]
    process = _compile(project)
    _wait(project / "generated/.cbp", process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (130, 0)  # 0: it had ended by then
    assert errors == ""
    assert cbp("compile", project=project).returncode == 0
    assert contents(project) == new


def _kill(project: Path, instant: str, fraction: float) -> None:
    """Kill the command: some time after its start, or after the folder or the journal appears in which it writes."""
    process = _compile(project)
    marks = {"while it stages": ".cbp", "while it writes": ".cbp/journal.json"}
    if mark := marks.get(instant):
        _wait(project / "generated" / mark, process)
        time.sleep(fraction / 100)
    else:
        time.sleep(fraction)
    process.kill()
    process.communicate(timeout=60)


def _wait(path: Path, process: subprocess.Popen[str]) -> None:
    """Look for a path without a pause: what is waited for lasts milliseconds."""
    while not path.exists() and process.poll() is None:
        pass


def _compile(project: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([CBP, "compile"], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
