"""A durable PostgreSQL that a test freezes, kills, copies, restores, and lets a standby stream from.

Unlike the embedded server it syncs every commit, so that what it acknowledged outlives its processes.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg

from compiler.emit.kubernetes.database.roles import KEEPING
from compiler.emit.names import DATABASE_PREVIOUS, DATABASE_ROLE
from compiler.emit.vault.engines import OVERLAPPING
from runtime.embedded.cluster import ADMINISTRATOR, API, DATABASE, MIGRATOR, Cluster, create
from runtime.embedded.installations import installations
from runtime.embedded.launch import NOBODY
from runtime.embedded.loopback import LOOPBACK, free_ports, on_free_port
from runtime.embedded.postgres import PARAMETERS
from runtime.embedded.process import Child, start
from runtime.embedded.program import RunAs
from runtime.embedded.sessions import Family

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

START_SECONDS = 60
PREVIOUS = f"{API}_previous"
"""The role that has the former password of the one that serves."""

BACKUP_SECONDS = 60
STANDBY = "standby"
DURABLE: Mapping[str, str] = PARAMETERS | {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "archive_mode": "on",
    "min_wal_size": "32MB",
    "max_wal_size": "64MB",
    "wal_receiver_status_interval": "1s",
    "wal_retrieve_retry_interval": "100ms",
    "wal_sender_timeout": "2s",
}
PG_HBA = "host all,replication all 127.0.0.1/32 scram-sha-256\n"
WITHOUT_SERVERS = ("postmaster.pid", "postmaster.opts")


@dataclass(slots=True)
class Passwords:
    """The passwords of the roles; a changed one is known here from then on."""

    by_role: dict[str, str]

    def url(self, port: int, role: str, database: str = DATABASE) -> str:
        """Return the address of a database for a role."""
        return f"postgresql://{role}:{self.by_role[role]}@{LOOPBACK}:{port}/{database}"


class Postgres:
    """One server: a data directory, and the port that it listens on whenever it runs."""

    def __init__(self, cluster: Cluster, passwords: Passwords) -> None:
        self.cluster = cluster
        self.passwords = passwords
        self.parameters = dict(DURABLE)
        self.port = 0
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Return the address for the role that serves."""
        return self.passwords.url(self.port, API)

    @property
    def migration_url(self) -> str:
        """Return the address for the role that migrates."""
        return self.passwords.url(self.port, MIGRATOR)

    @property
    def password(self) -> str:
        """Return the password of the role that serves."""
        return self.passwords.by_role[API]

    @property
    def admin_url(self) -> str:
        """Return the address for the superuser."""
        return self.passwords.url(self.port, ADMINISTRATOR, DATABASE)

    def start(self) -> None:
        """Start on the port of before, or on a free one the first time."""
        self._child, self.port = on_free_port(self._serve, [self.port] if self.port else free_ports())

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.running

    def stop(self) -> None:
        """Stop in order: every commit is on the disk, and a standby has it."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def kill(self) -> None:
        """End every process at once, as a loss of power does."""
        if self._child is not None:
            Family(self._child.pid).kill()
            self.stop()  # so that its process is reaped

    def freeze(self) -> None:
        """Stop every process where it is."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let every process go on."""
        self._signal(signal.SIGCONT)

    def copy_to(self, folder: Path) -> None:
        """Copy the data of the stopped server to a folder that is empty, or not there yet."""
        _copy(self.cluster.data, folder, self.cluster)

    def restore_from(self, folder: Path) -> None:
        """Put the copy of earlier data in the place of those of the stopped server."""
        shutil.rmtree(self.cluster.data)
        _copy(folder, self.cluster.data, self.cluster)

    def backup(self, data: Path, port: int, *options: str) -> Postgres:
        """Return a second server with a base backup of this one, which is reached at ``port``."""
        data.mkdir(mode=0o700)
        cluster = replace(self.cluster, data=data, log=data.with_suffix(".log"))
        self.own(data)
        arguments = (f"--host={LOOPBACK}", f"--port={port}", f"--username={ADMINISTRATOR}", "--checkpoint=fast")
        program = cluster.program("pg_basebackup", "--pgdata=.", "--no-password", "--no-sync", *arguments, *options)
        password = {"PGPASSWORD": self.passwords.by_role[ADMINISTRATOR], "PGAPPNAME": STANDBY}
        start(replace(program, environment={**program.environment, **password})).finish(BACKUP_SECONDS)
        return Postgres(cluster, self.passwords)

    def recover_to(self, point: str, command: str) -> None:
        """Have a stopped server recover to a restore point when it starts, fetching its log by ``command``."""
        (self.cluster.data / "recovery.signal").touch()
        self.own(self.cluster.data / "recovery.signal")
        self.parameters |= {
            "restore_command": command,
            "recovery_target_name": point,
            "recovery_target_action": "promote",
        }

    def own(self, path: Path) -> None:
        """Give a file to the user that the server runs as."""
        if self.cluster.installation.run_as is RunAs.NOBODY:
            os.chown(path, NOBODY, NOBODY)

    async def keep_previous_password(self) -> None:
        """Create the compiled role that has the former password, and the function that gives it that one."""
        for statement in KEEPING[:2]:
            await self.execute(_named(statement))

    async def rotate_password(self) -> None:
        """Give the role that serves another password as Vault does: the former one is then that of the other role."""
        self.passwords.by_role[API] = password = secrets.token_hex(24)
        change = OVERLAPPING[1].replace("{{username}}", API).replace("{{password}}", password)
        await self.execute(f"DO $$ BEGIN {OVERLAPPING[0].replace('SELECT', 'PERFORM')}; {change}; END $$")

    async def change_password(self) -> None:
        """Give the role that serves another password, and end its sessions."""
        self.passwords.by_role[API] = password = secrets.token_hex(24)
        await self.execute(f"ALTER ROLE {API} PASSWORD '{password}'")
        await self.execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = $1", API)

    async def execute(self, statement: str, *arguments: object) -> Any:
        """Execute a statement as the superuser, and return the first value of its answer."""
        connection = await asyncpg.connect(self.admin_url, timeout=10)
        try:
            return await connection.fetchval(statement, *arguments)
        finally:
            await connection.close()

    async def configure(self, **parameters: str) -> None:
        """Change parameters of the running server; an empty text returns to the default."""
        for name, value in parameters.items():
            await self.execute(f"ALTER SYSTEM SET {name} = {value}" if value else f"ALTER SYSTEM RESET {name}")
        await self.execute("SELECT pg_reload_conf()")

    def _serve(self, port: int) -> Child:
        settings = [f"-c{name}={value}" for name, value in self.parameters.items()]
        child = start(self.cluster.program("postgres", f"--port={port}", *settings))
        child.wait_until(partial(_ready, self.cluster, child), START_SECONDS)
        return child

    def _signal(self, number: signal.Signals) -> None:
        for process in Family(self._child.pid).living() if self._child is not None else ():
            with suppress(ProcessLookupError):  # a backend that ended meanwhile
                os.kill(process, number)


@contextmanager
def durable_postgres(directory: Path, **parameters: str) -> Iterator[Postgres]:
    """Run a durable PostgreSQL below ``directory``, and kill what is left of it at the end of the block.

    The ``parameters`` override :data:`DURABLE`.
    """
    passwords = {role: secrets.token_hex(24) for role in (ADMINISTRATOR, MIGRATOR, API)}
    cluster = create(directory, passwords, installations())
    (cluster.data / "pg_hba.conf").write_text(PG_HBA)
    with (cluster.data / "postgresql.conf").open("a") as configuration:
        configuration.write("archive_command = 'true'\n")  # where ALTER SYSTEM can replace it
    server = Postgres(cluster, Passwords(passwords))
    server.parameters |= parameters
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _named(statement: str) -> str:
    """Return a statement about the compiled roles as one about those of this server."""
    return statement.replace(DATABASE_PREVIOUS, PREVIOUS).replace(DATABASE_ROLE, API)


def with_password(url: str, password: str) -> str:
    """Return an address with another password."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username}:{password}@{parts.hostname}:{parts.port}").geturl()


def _copy(source: Path, target: Path, cluster: Cluster) -> None:
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*WITHOUT_SERVERS))
    if cluster.installation.run_as is RunAs.NOBODY:
        for path in (target, *target.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def _ready(cluster: Cluster, child: Child) -> bool:
    """Return whether this server accepts connections: line 8 of ``postmaster.pid`` is its state."""
    try:
        lines = (cluster.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(child.pid) and lines[7].strip() in ("ready", "standby")
