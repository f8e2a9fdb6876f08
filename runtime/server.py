"""The parent process: it reads the configuration and supervises the workers."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from runtime.environment import EnvironmentVariableError, read_environment
from runtime.loading import SettingsError, load_settings
from runtime.logs import configure_logging
from runtime.supervisor import Supervisor, receiving

if TYPE_CHECKING:
    from collections.abc import Iterator

MISCONFIGURED = 2
UNREACHABLE = 1

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
    with metrics_directory() as directory, receiving() as signals:
        # Workers are forked with everything that is imported here, and prometheus-client reads its variable at import.
        from runtime.worker_process import application
        from runtime.worker_server import configuration
        from runtime.worker_server import serve as serve_in_worker

        factory = partial(application, settings, environment, directory, management.getsockname()[1])
        config = configuration(factory, settings.process, host, settings.process.port if port is None else port)
        sockets = [config.bind_socket(), management]
        return Supervisor(partial(serve_in_worker, config, sockets), config.workers, sockets, signals).run()


@contextmanager
def metrics_directory() -> Iterator[Path]:
    """Provide the temporary directory in which prometheus-client stores the workers' metrics."""
    # prometheus-client names the files of each process by its id; the parent has no metrics of its own.
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
