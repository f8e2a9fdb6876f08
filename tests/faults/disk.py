"""A PostgreSQL on a disk of its own that a test fills."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.embedded.cluster import Cluster
from runtime.embedded.program import Program, RunAs
from tests.faults.database import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).with_name("namespaces.py")
SIZE = "160m"
BLOCK = bytes(1024 * 1024)


class NotPossibleError(Exception):
    """This machine, or this user, cannot cause the fault; the message says why."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A small disk over ``folder``, which only the namespaces of the process ``holder`` see there."""

    folder: Path
    holder: int

    @property
    def content(self) -> Path:
        """Return where this process sees the disk."""
        return Path(f"/proc/{self.holder}/root{self.folder}")

    def fill(self) -> None:
        """Use every byte that is left."""
        with (self.content / "filler").open("wb", buffering=0) as file:
            for size in (len(BLOCK), 4096):
                try:
                    while file.write(BLOCK[:size]) == size:
                        pass
                except OSError:
                    continue  # nothing of this size fits any more

    def free(self) -> None:
        """Give the bytes back."""
        (self.content / "filler").unlink()


@dataclass(frozen=True, slots=True)
class _DiskCluster(Cluster):
    """A cluster whose programs run in the namespaces of the disk."""

    disk: Disk

    def program(self, name: str, *arguments: str) -> Program:
        inner = Cluster.program(self, name, *arguments)
        entering = (sys.executable, "-I", "-S", str(SCRIPT), "enter", str(self.disk.holder), str(self.disk.folder))
        environment = {**inner.environment, "PGDATA": str(self.disk.folder)}
        return replace(
            inner,
            arguments=(*entering, *inner.arguments),
            directory=self.disk.folder,
            environment=environment,
            run_as=RunAs.SAME,
        )


@contextmanager
def small_disk(folder: Path, size: str = SIZE) -> Iterator[Disk]:
    """Mount a small disk over a new folder; raise :class:`NotPossibleError` where that is forbidden."""
    folder.mkdir(mode=0o700)
    process = subprocess.Popen(
        (sys.executable, "-I", "-S", str(SCRIPT), "hold", size, str(folder)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        if not process.stdout.readline():
            reason = process.stderr.read().decode().strip().splitlines()[-1:]
            raise NotPossibleError("".join(reason))
        yield Disk(folder, process.pid)
        # The end of its standard input ends the holder, also when this process is killed.


def moved_to(disk: Disk, server: Postgres) -> Postgres:
    """Return a server on the disk with the data of a stopped one."""
    server.copy_to(disk.content)
    log = server.cluster.log.with_name("disk.log")
    return Postgres(_DiskCluster(disk.content, log, server.cluster.installation, disk), server.passwords)
