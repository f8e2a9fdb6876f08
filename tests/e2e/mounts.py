"""File systems for a test alone, in a mount namespace that ends with it: small ones, and ones that are read-only.

As root the namespace is made directly, else in a user namespace. From outside it is reached through /proc, so that the
command under test runs as anywhere else. Upstream: mount_namespaces(7), user_namespaces(7), proc_pid_root(5).
"""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNSHARE = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--user", "--map-root-user", "--mount")
_SMALL = 'mount -t tmpfs -o "size=$2" none "$1"'
_READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"'


@contextmanager
def small(folder: Path, size: str) -> Iterator[Path]:
    """Yield an empty file system of a size, as ``4m``, which is mounted on a folder."""
    with _mounted(_SMALL, folder, size) as mounted:
        yield mounted


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """Yield the folder as nobody can write to it."""
    with _mounted(_READ_ONLY, folder) as mounted:
        yield mounted


@contextmanager
def _mounted(mount: str, folder: Path, *arguments: str) -> Iterator[Path]:
    """Mount until the end of the block; where this machine lets nobody mount, the test is not run, and says so."""
    command = [*_UNSHARE, "sh", "-c", f"{mount} && echo mounted && read _", "sh", str(folder), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        assert keeper.stderr is not None
        if keeper.stdout.readline() != b"mounted\n":
            pytest.skip(f"not checked: this machine lets no test mount: {keeper.stderr.read().decode().strip()}")
        try:
            yield Path(f"/proc/{keeper.pid}/root{folder}")
        finally:
            keeper.stdin.close()
