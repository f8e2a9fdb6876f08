"""PgBouncer before a test's own PostgreSQL, by the parameters of the compiled poolers.

It learns the passwords of its users as the operator has it do: by a query, which a user of its own makes. Here that is
the superuser.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from runtime.embedded.installations import installations
from runtime.embedded.listening import listens
from runtime.embedded.loopback import LOOPBACK, free_ports, on_free_port
from runtime.embedded.process import start
from runtime.embedded.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from runtime.embedded.process import Child

START_SECONDS = 10
PREPARED = "max_prepared_statements"
PREPARING = (1, 21)
"""The first version that knows the prepared statements of clients whose transactions share connections."""


class NotInstalledError(Exception):
    """The machine has no PgBouncer."""

    def __init__(self) -> None:
        super().__init__("the program pgbouncer is not on PATH (docs/vault.md)")


@contextmanager
def pgbouncer(admin_url: str, folder: Path, pooler: Mapping[str, Any]) -> Iterator[str]:
    """Run PgBouncer without TLS as a compiled ``pooler`` says, before the PostgreSQL of a superuser's address.

    Yields its host and port. Raises :class:`NotInstalledError` where the machine has no PgBouncer. A version that is
    too old for prepared statements lends connections for sessions, and not for transactions.
    """
    program = shutil.which("pgbouncer")
    if program is None:
        raise NotInstalledError
    mode = pooler["poolMode"]
    stated = {name: value for name, value in pooler["parameters"].items() if name != "client_tls_sslmode"}
    if _version(program) < PREPARING:
        mode = "session"
        del stated[PREPARED]
    folder.mkdir()
    serve = partial(_serve, program, admin_url, folder, {"pool_mode": mode, **stated})
    child, port = on_free_port(serve, free_ports())
    try:
        yield f"{LOOPBACK}:{port}"
    finally:
        child.stop()


def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"PgBouncer (\d+)\.(\d+)", said)
    assert found is not None, said
    return int(found[1]), int(found[2])


def _serve(program: str, admin_url: str, folder: Path, parameters: Mapping[str, str], port: int) -> Child:
    server = urlsplit(admin_url)
    users, settings = folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text(f'"{server.username}" "{unquote(server.password or "")}"\n', encoding="utf-8")
    own = {
        "listen_addr": LOOPBACK,
        "listen_port": str(port),
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": str(users),
        "auth_user": str(server.username),
        "auth_query": "SELECT usename, passwd FROM pg_catalog.pg_shadow WHERE usename = $1",
        "ignore_startup_parameters": "extra_float_digits,options",
    }
    lines = [f"{name} = {value}" for name, value in {**parameters, **own}.items()]
    databases = f"[databases]\n* = host={server.hostname} port={server.port}\n"
    settings.write_text("\n".join((databases, "[pgbouncer]", *lines, "")), encoding="utf-8")
    child = start(
        Program(
            name="PgBouncer",
            arguments=(program, str(settings)),
            directory=folder,
            log=folder / "pgbouncer.log",
            environment={"LC_ALL": "C"},
            run_as=next(installations()).run_as,  # it refuses to run as root, as PostgreSQL does
        )
    )
    child.wait_until(lambda: listens(child.pid, port), START_SECONDS)
    return child
