"""A PostgreSQL cluster (a data directory) of our own, created with its roles before a server listens."""

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

DATABASE = "configuration"
OWNER, MIGRATOR, API = "owner", "migrator", "configuration"
ADMINISTRATOR = "postgres"
SETUP_SECONDS = 120
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}  # without the user's PGPORT and the like
INITDB = (
    "--no-sync",
    "--no-clean",  # cleaning after an error would make a backend that still runs panic and leave its shared memory
    "--no-instructions",
    f"--username={ADMINISTRATOR}",
    "--auth=trust",  # only until the first start: passwords are set and pg_hba.conf is replaced before
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
PG_HBA = "host all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A data directory, and the installation that serves it."""

    data: Path
    log: Path
    installation: Installation

    def program(self, name: str, *arguments: str) -> Program:
        """Return one of PostgreSQL's programs, to run on this cluster.

        It stops by a fast shutdown, and when we die by an immediate one (SIGQUIT), which also ends every backend and
        frees the shared memory; SIGKILL would not.
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
        """Return the data directory as the program sees it: ``nobody`` starts inside it and may not reach its path."""
        return "/proc/self/cwd" if self.installation.run_as is RunAs.NOBODY else str(self.data)


def create(directory: Path, passwords: Mapping[str, str], ways: Iterable[Installation]) -> Cluster:
    """Create a cluster below ``directory`` by the first of ``ways`` that works, with ``passwords`` by role.

    The roles are those of production: an owner that cannot log in, one that migrates, and one that serves.

    Raises :class:`ServerError` with the reason of each failure.
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
    """Create the roles in single-user mode from standard input, so that no password is in an argument, file or log."""
    statements = (
        f"ALTER ROLE {ADMINISTRATOR} PASSWORD '{passwords[ADMINISTRATOR]}';\n"
        f"CREATE ROLE {OWNER};\n"
        f"CREATE ROLE {MIGRATOR} LOGIN NOINHERIT PASSWORD '{passwords[MIGRATOR]}' IN ROLE {OWNER};\n"
        f"CREATE ROLE {API} LOGIN PASSWORD '{passwords[API]}';\n"
        f"CREATE DATABASE {DATABASE} OWNER {OWNER};\n"
    )
    quiet = ("-c", "exit_on_error=on", "-c", "log_min_error_statement=panic")
    start(cluster.program("postgres", "--single", *quiet, ADMINISTRATOR), statements.encode()).finish(SETUP_SECONDS)
    (cluster.data / "pg_hba.conf").write_text(PG_HBA)
