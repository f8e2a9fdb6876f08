"""The writer touches what changed, prunes what is no longer produced, and nothing else."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from compiler.emit.artifact import Artifact
from compiler.write import manifest
from compiler.write.apply import apply
from compiler.write.drift import Drift, drift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

MANIFEST = manifest.NAME
FILES = {"staging/a.yaml": "a\n", "staging/deep/b.yaml": "b\n", "production/c.json": "{}\n"}


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """A folder that holds what was compiled from FILES."""
    compile_(tmp_path / "generated", FILES)
    return tmp_path / "generated"


def everything(_: str) -> bool:
    return True


def artifacts(files: dict[str, str]) -> Iterable[Artifact]:
    return (Artifact(path, text.encode()) for path, text in files.items())


def compare(folder: Path, files: dict[str, str], owned: Callable[[str], bool] = everything) -> Drift:
    return drift(folder, artifacts(files), owned)


def compile_(folder: Path, files: dict[str, str], owned: Callable[[str], bool] = everything) -> set[str]:
    return {change.path for change in apply(folder, compare(folder, files, owned))}


def reasons(folder: Path, files: dict[str, str]) -> dict[str, str]:
    return {change.path: str(change.reason) for change in compare(folder, files).changes}


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    found = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path.relative_to(folder).as_posix(): (stat.st_ino, stat.st_mtime_ns) for path, stat in found.items()}


def test_a_first_compilation_writes_every_file_and_the_manifest(tmp_path: Path) -> None:
    assert compile_(tmp_path / "new/generated", FILES) == {*FILES, MANIFEST}
    found = contents(tmp_path / "new/generated")
    written = json.loads(found.pop(MANIFEST))
    assert found == FILES
    assert written == {"version": 1, "files": {path: manifest.digest(text.encode()) for path, text in FILES.items()}}
    assert list(written["files"]) == sorted(FILES)


def test_a_second_compilation_of_the_same_writes_nothing(generated: Path) -> None:
    before = stamps(generated)
    assert compare(generated, FILES).changes == ()
    assert compile_(generated, FILES) == set()
    assert stamps(generated) == before


def test_only_what_changed_is_touched(generated: Path) -> None:
    before = stamps(generated)
    assert compile_(generated, FILES | {"staging/a.yaml": "new\n"}) == {"staging/a.yaml", MANIFEST}
    after = stamps(generated)
    assert {path for path in before if before[path] != after[path]} == {"staging/a.yaml", MANIFEST}


def test_what_is_no_longer_produced_is_pruned_with_the_folders_that_it_leaves_empty(generated: Path) -> None:
    left = {path: text for path, text in FILES.items() if not path.startswith("staging")}
    assert reasons(generated, left) == dict.fromkeys(("staging/a.yaml", "staging/deep/b.yaml", MANIFEST), "stale")
    assert compile_(generated, left) == {"staging/a.yaml", "staging/deep/b.yaml", MANIFEST}
    assert sorted(path.name for path in generated.iterdir()) == [MANIFEST, "production"]


def test_a_file_of_somebody_else_is_reported_and_left_where_it_is(generated: Path) -> None:
    (generated / "staging/deep/notes.txt").write_text("mine")
    assert reasons(generated, FILES) == {"staging/deep/notes.txt": "orphan"}
    assert compile_(generated, {}) == {*FILES, MANIFEST}
    assert contents(generated).keys() == {"staging/deep/notes.txt", MANIFEST}


def test_a_file_that_is_no_longer_produced_and_was_edited_is_left_where_it_is(generated: Path) -> None:
    (generated / "staging/a.yaml").write_text("edited\n")
    assert reasons(generated, {})["staging/a.yaml"] == "orphan"
    assert "staging/a.yaml" not in compile_(generated, {})
    assert contents(generated)["staging/a.yaml"] == "edited\n"


def test_each_way_to_differ_has_its_own_reason(generated: Path) -> None:
    (generated / "staging/a.yaml").write_text("edited\n")
    (generated / "staging/deep/b.yaml").unlink()
    (generated / "extra").write_text("x")
    wanted = FILES | {"production/c.json": "[]\n", "production/new.json": "{}\n"}
    assert reasons(generated, wanted) == {
        "extra": "orphan",
        "production/c.json": "stale",
        "production/new.json": "missing",
        "staging/a.yaml": "edited by hand",
        "staging/deep/b.yaml": "missing",
        MANIFEST: "stale",
    }


def test_line_ends_that_git_converted_are_the_whole_difference(generated: Path) -> None:
    for file in generated.rglob("*.*"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert reasons(generated, FILES) == dict.fromkeys((*FILES, MANIFEST), "line ends")
    changed = {"staging/a.yaml": "new\n", "production/c.json": "{}\n"}
    assert reasons(generated, changed) == {
        "production/c.json": "line ends",
        "staging/a.yaml": "stale",
        "staging/deep/b.yaml": "stale",
        MANIFEST: "stale",
    }
    compile_(generated, FILES)
    assert compare(generated, FILES).changes == ()


def test_a_conflict_that_a_merge_left_is_no_edit_by_hand(generated: Path) -> None:
    for name in ("staging/a.yaml", MANIFEST):
        (generated / name).write_text("<<<<<<< HEAD\na\n=======\nb\n>>>>>>> feature\n")
    assert reasons(generated, FILES) == {"staging/a.yaml": "merge conflict", MANIFEST: "merge conflict"}
    compile_(generated, FILES)
    assert compare(generated, FILES).changes == ()


def test_an_edit_by_hand_is_taken_back(generated: Path) -> None:
    (generated / "staging/a.yaml").write_text("edited\n")
    assert compile_(generated, FILES) == {"staging/a.yaml"}
    assert contents(generated)["staging/a.yaml"] == "a\n"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": []}', '{"files": {"a": 1}}', "not json", '{"version": 1}'])
def test_a_manifest_that_was_edited_alone_is_said_to_be_and_is_written_anew(generated: Path, text: str) -> None:
    good = (generated / MANIFEST).read_text()
    (generated / MANIFEST).write_text(text)
    assert reasons(generated, FILES) == {MANIFEST: "edited by hand"}
    assert compile_(generated, FILES) == {MANIFEST}
    assert (generated / MANIFEST).read_text() == good


def test_without_a_manifest_nothing_is_pruned_and_a_difference_counts_as_an_edit(generated: Path) -> None:
    (generated / MANIFEST).unlink()
    wanted = {"staging/a.yaml": "new\n", "production/c.json": "{}\n"}
    assert reasons(generated, wanted) == {
        "staging/a.yaml": "edited by hand",
        "staging/deep/b.yaml": "orphan",
        MANIFEST: "missing",
    }
    assert compile_(generated, wanted) == {"staging/a.yaml", MANIFEST}
    assert "staging/deep/b.yaml" in contents(generated)


def test_a_compilation_of_one_environment_leaves_the_files_of_the_others_alone(generated: Path) -> None:
    before = stamps(generated)
    (generated / "production/stray").write_text("x")

    def owned(path: str) -> bool:
        return path.startswith("staging/")

    assert compile_(generated, {"staging/a.yaml": "new\n"}, owned) == {
        "staging/a.yaml",
        "staging/deep/b.yaml",
        MANIFEST,
    }
    assert stamps(generated)["production/c.json"] == before["production/c.json"]
    assert manifest.read(generated).keys() == {"staging/a.yaml", "production/c.json"}


@pytest.mark.parametrize("link", ["staging/a.yaml", "staging", MANIFEST, "."])
def test_a_link_is_refused_and_not_followed(generated: Path, tmp_path: Path, link: str) -> None:
    path = generated / link
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    outside = {elsewhere: elsewhere.read_text()} if elsewhere.is_file() else contents(elsewhere)
    found = compare(generated, FILES | {"staging/a.yaml": "new\n"})
    place = f"generated/{link}" if link != "." else "generated"
    assert [(finding.code, finding.path) for finding in found.refused] == [("GEN005", place)]
    assert found.changes == ()
    with pytest.raises(ValueError, match="refused"):
        apply(generated, found)
    assert outside == ({elsewhere: elsewhere.read_text()} if elsewhere.is_file() else contents(elsewhere))


def test_a_broken_link_and_a_pipe_are_refused(generated: Path) -> None:
    (generated / "broken").symlink_to(generated / "nowhere")
    os.mkfifo(generated / "pipe")
    assert [finding.path for finding in compare(generated, FILES).refused] == ["generated/broken", "generated/pipe"]


def test_who_may_read_a_file_is_no_difference(generated: Path) -> None:
    for mode, file in zip((0o600, 0o640, 0o755), sorted(generated.rglob("*.*")), strict=False):
        file.chmod(mode)
    assert compare(generated, FILES).changes == ()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "generated").write_text("x")
    assert [finding.path for finding in compare(tmp_path / "generated", FILES).refused] == ["generated"]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        compile_(tmp_path / "generated", FILES)
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "generated").rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in (tmp_path / "generated").rglob("*") if path.is_dir()}
    assert (modes, folders) == ({0o644}, {0o755})


def test_a_write_that_fails_names_its_file_and_leaves_the_old_manifest_and_nothing_half_written(
    generated: Path,
) -> None:
    before = (generated / MANIFEST).read_bytes()
    (generated / "production/new.json/in the way").mkdir(parents=True)
    (generated / "production/new.json/in the way/file").write_text("x")
    with pytest.raises(OSError, match=r"new\.json") as caught:
        compile_(generated, FILES | {"production/new.json": "{}\n"})
    assert caught.value.filename == str(generated / "production/new.json")
    assert (generated / MANIFEST).read_bytes() == before
    assert not list(generated.rglob(".cbp-*"))


def test_what_a_failed_compilation_left_is_mended_by_the_next_one(generated: Path) -> None:
    (generated / "staging/b").mkdir()
    (generated / "staging/b/x").write_text("x")
    wanted = {"staging/a.yaml": "new\n", "staging/b": "b\n"}
    with pytest.raises(OSError, match="staging/b"):
        compile_(generated, wanted)
    (generated / "staging/b/x").unlink()
    (generated / "staging/b").rmdir()
    compile_(generated, wanted)
    assert compare(generated, wanted).changes == ()


def test_a_folder_may_take_the_place_of_a_file_and_a_file_that_of_a_folder(generated: Path) -> None:
    compile_(generated, {"staging/a.yaml/x": "x", "staging/deep": "y"})
    assert contents(generated).keys() == {"staging/a.yaml/x", "staging/deep", MANIFEST}


def test_names_that_need_quoting_are_written_as_they_are(tmp_path: Path) -> None:
    files = {"a b/c'd\"e.yaml": "x", "ä/\N{SNOWMAN}": "y"}
    compile_(tmp_path / "generated", files)
    assert reasons(tmp_path / "generated", files) == {}
