"""The parent process: it reads the configuration and supervises the workers."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.supervisors import Multiprocess

from runtime.environment import EnvironmentVariableError, read_environment
from runtime.loading import SettingsError, load_settings
from runtime.logs import configure_logging
from runtime.services.draining import DRAIN_SECONDS
from runtime.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

    from runtime.settings import Process

MISCONFIGURED = 2
UNREACHABLE = 1

WORKER_START_SECONDS = 30
_log = structlog.get_logger(__name__)


def serve(settings_path: Path, host: str, port: int | None, management_port: int | None = None) -> int:
    """Serve until a signal arrives, and return the exit status; the ports override those of the settings."""
    try:
        settings = load_settings(settings_path)
        environment = read_environment(os.environ)
        configure_logging()
    except (SettingsError, EnvironmentVariableError) as error:
        sys.stderr.write(f"error: {error}\n")
        return MISCONFIGURED
    try:
        management = _listen(host, settings.process.management_port if management_port is None else management_port)
    except OSError as error:
        sys.stderr.write(f"error: the management port cannot be opened: {error}\n")
        return UNREACHABLE
    with metrics_directory() as directory:
        worker = Worker(settings, environment, directory, management.getsockname()[1])
        config = configuration(worker, settings.process, host, settings.process.port if port is None else port)
        supervisor = Supervisor(config, sockets=[config.bind_socket(), management])
        supervisor.run()
    failed = any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    return STARTUP_FAILURE if failed else 0


class Supervisor(Multiprocess):
    """A supervisor of workers that replaces a dead one at once, and leaves no connection unanswered at the end."""

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that ended or hang."""
        # uvicorn keeps a worker's end of the pipe open here, too: a worker that was killed with a ping on its way was
        # waited for as if it would still answer, and signals with it.
        for each in self.processes:
            each.child_conn.close()
        super().keep_subprocess_alive()

    def terminate_all(self) -> None:
        """End the workers; they still accept connections for a while, and then connections are refused."""
        # A socket that is open here, too, would go on taking connections that nobody serves.
        for each in self.sockets:
            each.close()
        super().terminate_all()


def configuration(factory: Callable[[], ASGIApp], process: Process, host: str, port: int) -> Config:
    """Return uvicorn's configuration for the workers; ``factory`` makes each worker's application."""
    return Config(
        factory,
        factory=True,
        host=host,
        port=port,
        workers=process.workers,
        loop="uvloop",
        http="runtime.http.protocol:Protocol",  # imported where it serves
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=process.keep_alive_seconds,
        timeout_graceful_shutdown=max(1, process.shutdown_seconds - DRAIN_SECONDS),
        timeout_worker_healthcheck=WORKER_START_SECONDS,
    )


@contextmanager
def metrics_directory() -> Iterator[Path]:
    """Provide the temporary directory in which prometheus-client stores the workers' metrics."""
    # prometheus-client reads the variable at import in a worker; the parent has no metrics of its own.
    directory = Path(tempfile.mkdtemp(prefix="cbp-metrics-"))
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that has the port and does not listen; raise OSError where somebody else has it."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if bound.family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens for Prometheus and people; the workers tell requests by the port that they reach."""
    listening = bind(host, port)
    listening.listen()
    listening.set_inheritable(True)
    _log.info("the management port is open", port=listening.getsockname()[1])
    return listening
