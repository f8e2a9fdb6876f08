"""A PostgreSQL cluster (a data directory) of our own: created, with its roles, before any server listens."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from signal import SIGINT, SIGQUIT
from typing import TYPE_CHECKING

from runtime.embedded.launch import NOBODY
from runtime.embedded.process import ServerError, start
from runtime.embedded.program import Program, RunAs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from runtime.embedded.installations import Installation

DATABASE = "configuration"  # and the role that owns it
ADMINISTRATOR = "postgres"
SETUP_SECONDS = 120
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}  # and no PGPORT or the like of the user's
INITDB = (
    "--no-sync",
    "--no-clean",  # on an error: its backend, which may still be at work, would panic and leave its shared memory
    "--no-instructions",
    f"--username={ADMINISTRATOR}",
    "--auth=trust",  # never served: passwords are set and pg_hba.conf is replaced before the first start
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
PG_HBA = "host all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A data directory and the installation that can serve it."""

    data: Path
    log: Path
    installation: Installation

    def program(self, name: str, *arguments: str) -> Program:
        """One of PostgreSQL's programs, at work on this cluster.

        Its orderly end is a fast shutdown; when we die it is an immediate one (SIGQUIT), which takes every backend and
        the shared memory along, where SIGKILL would leave them.
        """
        return Program(
            name=f"PostgreSQL ({name})",
            arguments=(str(self.installation.program(name)), *arguments),
            directory=self.data,
            log=self.log,
            environment={**ENVIRONMENT, "PGDATA": self._data_seen_from_inside()},
            run_as=self.installation.run_as,
            stop=SIGINT,
            stop_seconds=10,
            death=SIGQUIT,
        )

    def _data_seen_from_inside(self) -> str:
        """``nobody`` may be unable to walk to the data directory, but is started inside it."""
        return "/proc/self/cwd" if self.installation.run_as is RunAs.NOBODY else str(self.data)


def create(directory: Path, passwords: Mapping[str, str], ways: Iterable[Installation]) -> Cluster:
    """Create a cluster below ``directory`` by the first of ``ways`` that can, with ``passwords`` by role.

    Raises :class:`ServerError` with the reason of every way.
    """
    reasons = []
    for way in ways:
        cluster = Cluster(directory / "data", directory / "postgres.log", way)
        try:
            _initialise(cluster)
        except ServerError as error:
            reasons.append(f"as {way.run_as.value}: {error}")
        else:
            _set_roles(cluster, passwords)
            return cluster
    raise ServerError("\n".join(["PostgreSQL cannot run on this machine", *reasons]))


def _initialise(cluster: Cluster) -> None:
    shutil.rmtree(cluster.data, ignore_errors=True)
    cluster.data.mkdir(mode=0o700)
    if cluster.installation.run_as is RunAs.NOBODY:
        os.chown(cluster.data, NOBODY, NOBODY)
    start(cluster.program("initdb", *INITDB)).finish(SETUP_SECONDS)


def _set_roles(cluster: Cluster, passwords: Mapping[str, str]) -> None:
    """In single-user mode, by standard input: no password in an argument, a file or a log, and no server yet."""
    statements = (
        f"ALTER ROLE {ADMINISTRATOR} PASSWORD '{passwords[ADMINISTRATOR]}';\n"
        f"CREATE ROLE {DATABASE} LOGIN PASSWORD '{passwords[DATABASE]}';\n"
        f"CREATE DATABASE {DATABASE} OWNER {DATABASE};\n"
    )
    quiet = ("-c", "exit_on_error=on", "-c", "log_min_error_statement=panic")
    start(cluster.program("postgres", "--single", *quiet, ADMINISTRATOR), statements.encode()).finish(SETUP_SECONDS)
    (cluster.data / "pg_hba.conf").write_text(PG_HBA)
