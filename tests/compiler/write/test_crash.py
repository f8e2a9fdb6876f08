"""Whatever instant the writer is killed at, the finished tree is the old one or the new one."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from compiler.write import journal
from compiler.write.journal import JournalError
from compiler.write.lock import BusyError, locked
from compiler.write.staging import Step
from tests.compiler.project import ROOT
from tests.compiler.write import crash
from tests.copying import copy_tree

if TYPE_CHECKING:
    from pathlib import Path

_MOST_STEPS = 200


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def killed_at(step: int, generated: Path) -> bool:
    program = [sys.executable, "-m", "tests.compiler.write.crash", str(generated), str(step)]
    ended = subprocess.run(program, cwd=ROOT, check=False)
    assert ended.returncode in (0, -9)
    return ended.returncode == -9


def test_a_kill_at_any_step_leaves_the_old_tree_or_the_new_one(tmp_path: Path) -> None:
    for name, files in (("old", crash.OLD), ("new", crash.OLD), ("new", crash.NEW)):
        (tmp_path / name).mkdir(exist_ok=True)
        crash.compile_(tmp_path / name, files)
    old, new = contents(tmp_path / "old"), contents(tmp_path / "new")
    seen = []
    for step in range(1, _MOST_STEPS):
        generated = tmp_path / f"killed at {step}"
        copy_tree(tmp_path / "old", generated)
        killed = killed_at(step, generated)
        pending = journal.pending(generated)
        journal.finish(generated)
        seen.append(contents(generated))
        assert seen[-1] in ((new,) if pending or not killed else (old, new))
        assert not (generated / journal.FOLDER).exists()
        if not killed:
            break
    assert seen[0] == old
    assert seen[-1] == new
    assert len(seen) > 15


def test_an_interrupted_finish_is_finished_by_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    (tmp_path / journal.FOLDER / "staged").mkdir(parents=True)
    (tmp_path / journal.FOLDER / "journal.json").write_text(
        '[{"path": "a", "staged": null}, {"path": "b", "staged": "1"}]'
    )
    journal.finish(tmp_path)  # what was staged for b is in place already: its copy is gone
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    "text", ["", "[1]", '[{"path": "a"}]', '[{"path": "../a", "staged": null}]', '[{"path": "a", "staged": "../../b"}]']
)
def test_a_journal_that_is_not_ours_is_refused_and_nothing_is_touched(tmp_path: Path, text: str) -> None:
    (tmp_path / journal.FOLDER).mkdir()
    (tmp_path / journal.FOLDER / "journal.json").write_text(text)
    before = contents(tmp_path)
    with pytest.raises(JournalError, match="remove"):
        journal.finish(tmp_path)
    assert contents(tmp_path) == before


def test_a_step_that_cannot_be_made_is_refused_before_anything_is_staged(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "foreign").write_text("x")
    with pytest.raises(IsADirectoryError) as caught:
        journal.commit(tmp_path, [Step("a", b"a"), Step("b", b"b")])
    assert caught.value.filename == str(tmp_path / "b")
    assert contents(tmp_path) == {"b/foreign": b"x"}


def test_a_file_of_somebody_else_in_the_place_of_a_folder_is_refused_before_anything_is_staged(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("foreign")
    with pytest.raises(NotADirectoryError) as caught:
        journal.commit(tmp_path, [Step("b", b"b"), Step("a/b/c", b"c")])
    assert caught.value.filename == str(tmp_path / "a")
    assert caught.value.__notes__ == ["nothing was changed"]
    assert contents(tmp_path) == {"a": b"foreign"}


def test_folders_that_are_empty_give_way_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    journal.commit(tmp_path, [Step("a", b"a")])
    assert contents(tmp_path) == {"a": b"a"}


def test_a_folder_that_one_file_leaves_and_another_enters_stays(tmp_path: Path) -> None:
    journal.commit(tmp_path, [Step("a/b/old", b"old")])
    folder = (tmp_path / "a/b").stat().st_ino
    journal.commit(tmp_path, [Step("a/b/old", None), Step("a/b/new", b"new")])
    assert contents(tmp_path) == {"a/b/new": b"new"}
    assert (tmp_path / "a/b").stat().st_ino == folder


def test_what_follows_the_journal_is_renames_and_removals_alone(tmp_path: Path) -> None:
    """So that a disk that is full by then does not stop it: every new folder is staged as the files are."""
    program = "import sys; from tests.compiler.write import crash; crash.print_changes_after_the_journal(sys.argv[1])"
    crash.compile_(tmp_path, crash.OLD)
    command = [sys.executable, "-c", program, str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(ran.stdout.split()) == {"os.rename", "os.remove", "os.rmdir"}
    assert (tmp_path / "staging/new/d.yaml").exists()


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []
    with locked(tmp_path, exclusive=True):
        second = threading.Thread(target=lambda: _hold(tmp_path, order))
        second.start()
        order.append("first")
    second.join()
    assert order == ["first", "second"]


def test_a_writer_that_waits_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.write.lock.PATIENCE_SECONDS", 0.0)
    with locked(tmp_path, exclusive=False), pytest.raises(BusyError), locked(tmp_path, exclusive=True):
        pass


def test_readers_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with locked(tmp_path, exclusive=False), locked(tmp_path, exclusive=False):
        pass


def _hold(folder: Path, order: list[str]) -> None:
    with locked(folder, exclusive=True):
        order.append("second")
