"""A disk that is full, a tree that is read-only, files of somebody else: one clear line, and nothing is lost."""

from __future__ import annotations

import os
import resource
import shutil
import stat
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.compiler.cli.running import compile_
from tests.copying import copy_tree
from tests.e2e import mounts
from tests.e2e.service import CBP
from tests.e2e.states import NAMES, cbp, compiled, contents, rename, small

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RELEASE = ("release", "--environment", "development", "--digest", f"sha256:{0:064}")
_NOBODY = 65534
_PAGE = 4096
# Root as an ordinary user: the rights that pass over the permissions of files are gone.
_CHECKED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner") if os.geteuid() == 0 else ()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project, compiled by the command, which then knows that the policies are proven; not to be changed."""
    project = small(tmp_path_factory.mktemp("disk") / "a checkout")
    assert cbp("compile", project=project).returncode == 0
    return project


@pytest.fixture(scope="module")
def trees(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, bytes]]:
    """What each state of the project compiles to, by the name that its environment has in it."""
    project = copy_tree(checkout, tmp_path_factory.mktemp("trees") / "a checkout")
    return {rename(project): compiled(project) for _ in NAMES}


@pytest.fixture
def stale(project: Path) -> Iterator[Path]:
    """A compiled project of which half of the files are to change; its modes are put back, to remove it."""
    rename(project)
    yield project
    for folder, _, _ in os.walk(project):
        Path(folder).chmod(0o755)


@pytest.mark.parametrize("free", [0, 8, 60])
def test_on_a_full_disk_the_old_tree_stays_whole(
    project: Path, tmp_path: Path, trees: Mapping[str, Mapping[str, bytes]], free: int
) -> None:
    """However many pages are free, as long as they are too few: none, or some that the first files take."""
    (tmp_path / "disk").mkdir()
    with mounts.small(tmp_path / "disk", "16m") as disk:
        stale = disk / "a checkout"
        copy_tree(project, stale)
        new = trees[rename(stale)]
        old = contents(stale)
        _fill(disk / "filler", free * _PAGE)
        refused(stale, "No space left on device; make room on the disk and run it again; nothing was changed")
        assert contents(stale) == old
        (disk / "filler").unlink()
        assert compile_(stale).exit_code == 0
        assert contents(stale) == new


@pytest.mark.parametrize("limit", [0, 2000])
def test_where_no_file_may_grow_further_the_old_tree_stays_whole(stale: Path, limit: int) -> None:
    """A limit on the size of files fails the first write that is longer, which every machine can be asked for."""
    before = contents(stale)
    ran = limited(limit, "compile", project=stale)
    assert ran.returncode == 2
    assert ran.stderr.startswith("cbp: generated")
    assert ran.stderr.endswith(
        ": File too large; raise the limit on the size of a file (ulimit -f) and run it again; nothing was changed\n"
    )
    mended(stale, before)


def test_a_release_that_cannot_be_written_leaves_the_file_of_the_environment_as_it_is(project: Path) -> None:
    folder = project / "environments/development"
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    ran = limited(1000, *RELEASE, project=project)
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert ran.stderr.startswith("cbp: environments/development/environment.yaml: File too large; ")
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before


def test_on_a_file_system_that_is_read_only_nothing_is_begun_and_what_is_there_can_be_checked(stale: Path) -> None:
    before = contents(stale)
    with mounts.read_only(stale) as unwritable:
        refused(unwritable, "Read-only file system; run it in a checkout that can be written to; nothing was changed")
        assert cbp("compile", "--check", project=unwritable).returncode == 1
        assert cbp(
            "release", "--environment", "development", "--digest", "sha256:" + "0" * 64, project=unwritable
        ).stderr
    mended(stale, before)


@pytest.mark.parametrize("place", ["generated", "generated/argocd"])
def test_a_folder_that_may_not_be_written_to_is_named_with_what_its_owner_can_do(stale: Path, place: str) -> None:
    before = contents(stale)
    change_everything(stale)
    folder = stale / place
    folder.chmod(0o555)
    refused(
        stale,
        f"cbp: {folder}: the folder may not be written to; it is yours: chmod u+rwX '{folder}'; nothing was changed",
        checked(),
    )
    folder.chmod(0o755)
    mended(stale, before)


@pytest.mark.parametrize("place", ["generated", "generated/development/eu-central-1/runtime"])
def test_a_folder_of_somebody_else_is_named_with_its_owner(stale: Path, place: str) -> None:
    before = contents(stale)
    change_everything(stale)
    folder = stale / place
    give_away(folder)
    ran = refused(stale, f"cbp: {folder}: the folder may not be written to; it belongs to ", checked())
    assert ran.stderr.endswith("; nothing was changed\n")
    os.chown(folder, os.geteuid(), -1)
    mended(stale, before)


def test_files_of_somebody_else_in_ones_own_folders_are_replaced(stale: Path) -> None:
    for file in (stale / "generated").rglob("*"):
        if file.is_file():
            give_away(file)
    assert cbp("compile", project=stale, prefix=checked()).returncode == 0
    assert compile_(stale, "--check").exit_code == 0


def test_a_file_that_the_sticky_bit_keeps_for_its_owner_is_refused_before_anything_is_changed(stale: Path) -> None:
    before = contents(stale)
    change_everything(stale)
    file = stale / "generated/development/eu-central-1/runtime/settings.json"
    give_away(file)
    give_away(file.parent)
    file.parent.chmod(0o777 | stat.S_ISVTX)
    refused(stale, f"cbp: {file}: the file may not be replaced; it belongs to ", checked())
    file.parent.chmod(0o755)
    mended(stale, before)


@pytest.mark.parametrize("place", ["generated/notes", "generated/development/eu-central-1/runtime/settings.json"])
def test_what_cannot_be_read_below_generated_cannot_be_judged(project: Path, place: str) -> None:
    """Not even a folder of somebody else's that would be an orphan: nobody knows what is in it."""
    compiled(project)
    path = project / place
    if not path.exists():
        path.mkdir()
    mode = path.stat().st_mode
    path.chmod(0)
    for command in ("verify", "compile"):
        ran = cbp(command, project=project, prefix=checked())
        assert ran.returncode == 2
        assert ran.stderr == f"cbp: {path}: Permission denied; it is yours: chmod u+rwX '{path}'\n"
    path.chmod(mode)
    assert compile_(project).exit_code == 0


def test_what_a_compilation_of_somebody_else_began_is_theirs_to_finish(stale: Path) -> None:
    left = stale / "generated/.cbp"
    (left / "staged").mkdir(parents=True)
    give_away(left / "staged")
    give_away(left)
    refused(stale, f"cbp: {left}: Permission denied; it belongs to ", checked())
    shutil.rmtree(left)
    assert compile_(stale).exit_code == 0


def refused(project: Path, message: str, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Compile, and expect one line on standard error with the message in it and nothing else anywhere."""
    ran = cbp("compile", project=project, prefix=prefix)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert message in ran.stderr
    assert not (project / "generated/.cbp/journal.json").exists()
    return ran


def limited(limit: int, *arguments: str, project: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that may write no file longer than a number of bytes."""
    limit_files = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit))
    return subprocess.run(
        [CBP, *arguments], cwd=project, preexec_fn=limit_files, capture_output=True, text=True, check=False
    )


def mended(project: Path, before: Mapping[str, bytes]) -> None:
    """Nothing has been lost, and a compilation now does what it would have done."""
    assert contents(project) == before
    assert compile_(project).exit_code == 0
    assert compile_(project, "--check").exit_code == 0
    assert contents(project) != before


def change_everything(project: Path) -> None:
    """Change a number that reaches the settings of every cluster."""
    file = project / "spec/load_management.yaml"
    text = file.read_text()
    assert "burst: 2000 req/min" in text
    file.write_text(text.replace("burst: 2000 req/min", "burst: 2001 req/min"))


def give_away(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("not checked: only root can make a file somebody else's")
    os.chown(path, _NOBODY, _NOBODY)


def checked() -> tuple[str, ...]:
    """Return how a command is run as somebody whom permissions bind."""
    if _CHECKED and subprocess.run([*_CHECKED, "true"], capture_output=True, check=False).returncode:
        pytest.skip("not checked: this machine does not let root give up its right to pass over permissions")
    return _CHECKED


def _fill(file: Path, free: int) -> None:
    """Fill the disk, but for some bytes."""
    with file.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(1 << 20))
        except OSError:
            stream.truncate(max(0, stream.tell() - free))
