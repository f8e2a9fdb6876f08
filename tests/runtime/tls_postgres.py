"""A PostgreSQL that was built with TLS: the machine's own one, since the wheel's knows none."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from runtime.embedded.cluster import ADMINISTRATOR, API, MIGRATOR, Cluster
from runtime.embedded.installations import Installation, installations
from runtime.embedded.launch import NOBODY
from runtime.embedded.postgres import serving
from runtime.embedded.process import ServerError, start
from runtime.embedded.program import RunAs

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 60
_INITDB = (
    "--no-sync",
    "--no-instructions",
    f"--username={ADMINISTRATOR}",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
)


@dataclass(frozen=True, slots=True)
class _Installed(Installation):
    """An installation whose programs are in its folder ``bin``, as distributions have it."""

    def program(self, name: str) -> Path:
        """Return the path of one of PostgreSQL's programs."""
        return self.package / "bin" / name


@contextmanager
def tls_postgres(
    folder: Path, certificate: tuple[Path, Path], clients: Path, pg_hba: list[str], statements: str
) -> Iterator[int]:
    """Run the PostgreSQL in the folder that ``CBP_POSTGRESQL`` names, and yield its port on this machine.

    It shows ``certificate``, which comes with its key, and knows those of clients by the authority ``clients``. The
    ``statements`` are executed before it listens. Where the variable names no folder, the test is skipped.
    """
    installed = os.environ.get("CBP_POSTGRESQL")
    if not installed:
        pytest.skip("not checked: CBP_POSTGRESQL names no PostgreSQL that knows TLS (docs/runtime.md)")
    cluster = _created(folder, Path(installed))
    for name, file in zip(("server.crt", "server.key", "clients.crt"), (*certificate, clients), strict=True):
        _put(cluster, name, file.read_text())
    _put(cluster, "pg_hba.conf", "\n".join((*pg_hba, "")))
    single = cluster.program("postgres", "--single", "-c", "exit_on_error=on", ADMINISTRATOR)
    start(single, statements.encode()).finish(_SECONDS)
    shown = {"ssl": "on", "ssl_cert_file": "server.crt", "ssl_key_file": "server.key", "ssl_ca_file": "clients.crt"}
    with serving(cluster, dict.fromkeys((ADMINISTRATOR, MIGRATOR, API), ""), parameters=shown) as server:
        yield urlsplit(server.url).port or 0


def _created(folder: Path, installed: Path) -> Cluster:
    """Create a data directory as the first user that may run the programs."""
    reasons = []
    for way in installations():
        cluster = Cluster(folder / way.run_as.name, folder / "postgres.log", _Installed(installed, way.run_as))
        cluster.data.mkdir(mode=0o700, exist_ok=True)
        if way.run_as is RunAs.NOBODY:
            os.chown(cluster.data, NOBODY, NOBODY)
        try:
            start(cluster.program("initdb", *_INITDB)).finish(_SECONDS)
        except ServerError as error:
            reasons.append(str(error))
        else:
            return cluster
    raise ServerError("\n".join(reasons))


def _put(cluster: Cluster, name: str, text: str) -> None:
    file = cluster.data / name
    file.write_text(text)
    file.chmod(0o600)
    if cluster.installation.run_as is RunAs.NOBODY:
        os.chown(file, NOBODY, NOBODY)
