"""The migration and the API as child processes, started as in production."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException
from signal import SIGTERM
from typing import TYPE_CHECKING

from runtime.embedded.cluster import API
from runtime.embedded.listening import listens
from runtime.embedded.loopback import LOOPBACK
from runtime.embedded.process import Child, start
from runtime.embedded.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runtime.settings import Settings

START_SECONDS = 60
MIGRATION_SECONDS = 60
MANAGEMENT_PORT_EVENT = "the management port is open"  # of runtime/server.py


def migrate(directory: Path, path: Path, migration_url: str) -> None:
    """Run ``python -m runtime.migrate`` under the settings in the file ``path``; its log is in ``directory``.

    Raises:
        ServerError: it failed; the message ends with its log.
    """
    variables = {"CBP_DATABASE_MIGRATION_URL": migration_url, "CBP_DATABASE_SERVING_ROLE": API}
    start(
        Program(
            name="The migration",
            arguments=(sys.executable, "-m", "runtime.migrate", "--settings", str(path.resolve())),
            directory=directory,
            log=directory / "migration.log",
            environment={**_inherited(directory), **variables},
        )
    ).finish(MIGRATION_SECONDS)


@contextmanager
def api(
    directory: Path, path: Path, settings: Settings, port: int, database_url: str, redis_url: str
) -> Iterator[tuple[Child, int]]:
    """Run ``python -m runtime`` under ``settings``, the content of the file ``path``, and stop it at the end.

    It is ready when its ``ready_path`` reports so. Its log is in ``directory``. The management port is a free one, so
    that several can run side by side; it is yielded with the process.
    """
    log = directory / "api.log"
    where = ("--host", LOOPBACK, "--port", str(port), "--management-port", "0")
    child = start(
        Program(
            name="The API",
            arguments=(sys.executable, "-m", "runtime", "--settings", str(path.resolve()), *where),
            directory=directory,
            log=log,
            environment={**_inherited(directory), "CBP_DATABASE_URL": database_url, "CBP_REDIS_URL": redis_url},
            stop_seconds=8,
            death=SIGTERM,  # so that it stops its workers
        )
    )
    try:
        child.wait_until(partial(_ready, child, port, settings.process.ready_path), START_SECONDS)
        yield child, _management_port(log)
    finally:
        child.stop()


def _management_port(log: Path) -> int:
    """Return the port that the kernel chose for the API that was started last, from its log."""
    events = (json.loads(line) for line in reversed(log.read_text(encoding="utf-8").splitlines()))
    port: int = next(event["port"] for event in events if event["event"] == MANAGEMENT_PORT_EVENT)
    return port


def _inherited(directory: Path) -> dict[str, str]:
    """Return our environment with ``directory`` for temporary files, and without the service's variables (CBP_*)."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CBP_")} | {
        "TMPDIR": str(directory)
    }


def _ready(child: Child, port: int, path: str) -> bool:
    """Return whether the API reports that it is ready, and is the one that was started here."""
    connection = HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200 and listens(child.pid, port)
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
