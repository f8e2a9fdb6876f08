"""A PostgreSQL that archives its log, and the servers that are restored from its base backups and that archive."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import asyncpg

from runtime.embedded.cluster import ADMINISTRATOR, API, DATABASE, MIGRATOR, Cluster, create
from runtime.embedded.installations import installations
from runtime.embedded.postgres import PostgresServer, serving
from tests.conftest import in_database
from tests.copying import copy_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# Below the folder of the data, where the server starts and which it may enter whoever runs it.
ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Archived:
    """A running primary; ``cluster`` is its data, with the archive of its log below it."""

    cluster: Cluster
    passwords: Mapping[str, str]
    server: PostgresServer

    @property
    def administration(self) -> str:
        """The address of its database for the superuser."""
        return in_database(self.server.admin_url, DATABASE)

    async def archive_log(self) -> None:
        """Have the log archived that was written until now."""
        connection = await asyncpg.connect(self.administration)
        try:
            await connection.execute("SELECT pg_create_restore_point('test')")  # so that the file has something in it
            done = await connection.fetchval("SELECT pg_walfile_name(pg_switch_wal())")
            while not (self.cluster.data / ARCHIVE / done).exists():
                await connection.execute("SELECT pg_sleep(0.01)")
        finally:
            await connection.close()

    async def back_up(self, folder: Path) -> Cluster:
        """Return a base backup of the running server, below a new folder, without its log and its archive."""
        connection = await asyncpg.connect(self.administration)
        try:
            await connection.execute("SELECT pg_backup_start('test', fast => true)")
            folder.mkdir()
            _copy(self.cluster.data, folder / "data")
            label = await connection.fetchval("SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)")
        finally:
            await connection.close()
        await self.archive_log()
        data = folder / "data"
        (data / "pg_wal" / "archive_status").mkdir(parents=True)
        (data / "backup_label").write_text(label)
        _hand_over(data, data / "pg_wal", data / "pg_wal" / "archive_status", data / "backup_label")
        return replace(self.cluster, data=data, log=folder / "postgres.log")

    def deliver(self, standby: Path) -> None:
        """Give the server that was restored below a folder what has been archived since."""
        # The files of an archive never change: the copy has the same ones.
        subprocess.run(["cp", "-aln", self.cluster.data / ARCHIVE, standby / "data"], check=True)

    @contextmanager
    def restored(
        self, backup: Cluster, folder: Path, *, signal: str = "recovery.signal", **parameters: str
    ) -> Iterator[PostgresServer]:
        """Run a copy of a base backup below a folder, recovered from the archive as it is now.

        With ``signal="standby.signal"`` and ``hot_standby="on"`` it stands by until it is promoted.
        """
        folder.mkdir()
        copy_tree(backup.data, folder / "data")
        self.deliver(folder)
        (folder / "data" / signal).touch()
        _hand_over(folder / "data", folder / "data" / signal)
        cluster = replace(backup, data=folder / "data", log=folder / "postgres.log")
        read = {"restore_command": f"cp {ARCHIVE}/%f %p", "recovery_target_action": "promote", "hot_standby": "off"}
        with serving(cluster, self.passwords, parameters=read | parameters) as server:
            yield server


@contextmanager
def archived(directory: Path) -> Iterator[Archived]:
    """Run a primary below a folder that exists."""
    passwords = {role: secrets.token_hex(24) for role in (ADMINISTRATOR, MIGRATOR, API)}
    cluster = create(directory, passwords, installations())
    (cluster.data / ARCHIVE).mkdir()
    _hand_over(cluster.data, cluster.data / ARCHIVE)
    writing = {"archive_mode": "on", "archive_command": f"cp %p {ARCHIVE}/%f.part && mv {ARCHIVE}/%f.part {ARCHIVE}/%f"}
    with serving(cluster, passwords, parameters=writing) as server:
        yield Archived(cluster, passwords, server)


def _copy(data: Path, target: Path) -> None:
    """Copy the data of a running server, but for its log, the archive of that, and the mark that it runs."""
    target.mkdir(mode=0o700)
    kept = (path for path in data.iterdir() if path.name not in ("pg_wal", ARCHIVE, "postmaster.pid"))
    subprocess.run(["cp", "-a", *kept, target], check=True)
    _hand_over(data, target)


def _hand_over(data: Path, *made: Path) -> None:
    """Give what a test made below a data directory to the user that runs the server."""
    owner = data.stat()
    for path in made:
        shutil.chown(path, owner.st_uid, owner.st_gid)
