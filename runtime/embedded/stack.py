"""The whole service on one machine: PostgreSQL, Valkey and the API until Ctrl-C, without any remains."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from pydantic import ValidationError

from runtime.embedded.api import api, migrate
from runtime.embedded.ephemeral import ephemeral_directory
from runtime.embedded.guide import guide
from runtime.embedded.issuer import local_issuer, record, trusting
from runtime.embedded.loopback import LOOPBACK, free_ports, is_free
from runtime.embedded.postgres import PostgresServer, postgres
from runtime.embedded.process import Child, ServerError
from runtime.embedded.signals import raise_if_stopped, stopped_by_signals
from runtime.embedded.valkey import ValkeyServer, valkey
from runtime.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from runtime.embedded.issuer import Signer

Say: TypeAlias = "Callable[[str], None]"

WATCH_SECONDS = 0.1


def run(settings: Path, *, port: int | None, announce: Say, renewed: Callable[[], bool] = lambda: False) -> int:
    """Start everything, announce the addresses, and wait; return 0 after a signal, 2 after an announced failure.

    ``settings`` is a compiled settings file, ``port`` the API's (by default the one in the file), and ``announce``
    receives text that may have several lines. ``renewed`` is asked all the time: where it returns true, the API is
    started again under the file as it is then, and the servers go on. Call it in the main thread only: it handles
    SIGINT, SIGTERM and SIGHUP.
    """
    say = partial(_say, announce)
    with stopped_by_signals():
        try:
            reason: Exception = _run(settings, port, say, renewed)
        except KeyboardInterrupt:
            say("Stopped: no process and no file is left.")
            return 0
        except (ServerError, ValidationError, OSError) as error:
            reason = error
    say(f"error: {reason}")
    return 2


def _run(path: Path, port: int | None, say: Say, renewed: Callable[[], bool]) -> ServerError:
    _require_free(port or _read(path).process.port)
    with ephemeral_directory() as directory, ExitStack() as running:
        try:
            say(f"Starting PostgreSQL and Valkey; every file and log is in {directory}")
            with _timed(say, "PostgreSQL and Valkey are ready"):
                servers = _start_servers(directory, running)
            issuer = running.enter_context(local_issuer())
            serve = partial(_serve, directory, path, port, servers, issuer, say, renewed)
            ended = serve(guided=True)
            while ended is None:
                ended = serve(guided=False)
            return ended
        finally:
            say("Stopping")


def _serve(
    directory: Path,
    path: Path,
    port: int | None,
    servers: tuple[PostgresServer, ValkeyServer],
    issuer: Signer,
    say: Say,
    renewed: Callable[[], bool],
    *,
    guided: bool,
) -> ServerError | None:
    """Serve under the settings in a file until a child ends, and return its error, or None when they are renewed.

    The local issuer stands in the place of those of the settings, which know nobody on this machine.
    """
    settings = trusting(_read(path), issuer.issuer)
    path = directory / "settings.json"
    path.write_text(settings.model_dump_json(), encoding="utf-8")
    database, cache = servers
    migrate(directory, path, database.migration_url)
    say("Starting the API")
    with ExitStack() as serving:
        number = settings.process.port if port is None else port
        record(directory, issuer, number)
        with _timed(say, "The API is ready"):
            child, management = serving.enter_context(api(directory, path, settings, number, database.url, cache.url))
        addresses = f"http://{LOOPBACK}:{number}", f"http://{LOOPBACK}:{management}"
        if guided:
            say(f"\n{guide(*addresses, settings)}\n\nCtrl-C stops everything.")
        else:
            say(f"{addresses[0]} serves under the new settings; its metrics are at {addresses[1]}/metrics")
        return _first_to_end(renewed, database.child, cache.child, child)


def _read(path: Path) -> Settings:
    return Settings.model_validate_json(path.read_bytes())


def _require_free(port: int) -> None:
    if not is_free(port):
        other = next(free_ports())
        raise ServerError(f"port {port} is taken by another program; choose a free one: make up PORT={other}")


def _start_servers(directory: Path, running: ExitStack) -> tuple[PostgresServer, ValkeyServer]:
    """Start both servers concurrently."""
    folders = [directory / name for name in ("postgres", "valkey")]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(max_workers=1) as helper:
        cache = helper.submit(running.enter_context, valkey(folders[1]))
        database = running.enter_context(postgres(folders[0]))
        return database, cache.result()


def _first_to_end(renewed: Callable[[], bool], *children: Child) -> ServerError | None:
    """Wait until a child ends, which none should, and return the error that names it; None for renewed settings."""
    while True:
        for child in children:
            if not child.running:
                return child.error("ended by itself:")
        raise_if_stopped()
        if renewed():
            return None
        time.sleep(WATCH_SECONDS)


def _say(announce: Say, text: str) -> None:
    """Announce a text; ignore a closed terminal or pipe, which must not leave servers running."""
    with suppress(OSError):
        announce(text)


@contextmanager
def _timed(say: Say, message: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    say(f"{message} ({time.monotonic() - started:.1f} s)")
