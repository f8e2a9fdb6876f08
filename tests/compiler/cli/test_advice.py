"""An error of the system is told in one line: the file, what is wrong, what to do, and what has become of the work."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from compiler.cli.advice import explained

if TYPE_CHECKING:
    from pathlib import Path


def error(number: int, file: str) -> OSError:
    return OSError(number, os.strerror(number), file)


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "make room on the disk and run it again"),
        (errno.EDQUOT, "make room in your quota and run it again"),
        (errno.EROFS, "run it in a checkout that can be written to"),
        (errno.EISDIR, "move it away and run it again"),
    ],
)
def test_each_error_that_somebody_can_mend_says_how(number: int, advice: str) -> None:
    assert explained(error(number, "generated/a")) == f"generated/a: {os.strerror(number)}; {advice}"


def test_an_error_that_says_it_all_is_left_as_it_is() -> None:
    assert explained(error(errno.ENOENT, "policies")) == "policies: No such file or directory"


def test_what_has_become_of_the_work_stands_at_the_end() -> None:
    full = error(errno.ENOSPC, "generated/a")
    full.add_note("nothing was changed")
    assert explained(full).endswith("and run it again; nothing was changed")


def test_who_owns_a_file_is_told_that_its_mode_forbids_it(tmp_path: Path) -> None:
    assert explained(error(errno.EACCES, str(tmp_path))).endswith(f"it is yours: chmod u+rwX '{tmp_path}'")


def test_an_owner_without_a_name_is_told_by_number(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("not checked: only root can make a file somebody else's")
    os.chown(tmp_path, 54321, -1)
    assert "it belongs to user 54321: " in explained(error(errno.EACCES, str(tmp_path)))


def test_a_file_that_cannot_even_be_looked_at_is_for_the_owner_of_the_checkout(tmp_path: Path) -> None:
    assert explained(error(errno.EACCES, str(tmp_path / "gone"))).endswith("to the user who compiles")
