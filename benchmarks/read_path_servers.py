"""The two servers of the read path's benchmark, each one uvicorn process with the service's own options.

``python -m benchmarks.read_path_servers api SETTINGS PORT`` is a worker of the API, with everything on;
``python -m benchmarks.read_path_servers bare SETTINGS PORT FILE`` is a Starlette endpoint that answers an entry's path
with the bytes of ``FILE``.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from uvicorn import Server

from runtime import routes
from runtime.embedded.loopback import LOOPBACK
from runtime.environment import read_environment
from runtime.loading import load_settings
from runtime.server import metrics_directory
from runtime.worker_server import configuration

if TYPE_CHECKING:
    from starlette.requests import Request

    from runtime.settings import Settings


def main(kind: str, settings: str, port: str, *arguments: str) -> None:
    """Serve until a signal stops the process."""
    loaded = load_settings(Path(settings))
    if kind == "api":
        serve_api(loaded, int(port))
    else:
        serve_bare(loaded, int(port), Path(*arguments))


def serve_api(settings: Settings, port: int) -> None:
    """Serve the API as one worker; the environment variables name a migrated PostgreSQL and a Redis."""
    with metrics_directory() as directory:
        from runtime.worker_process import application  # prometheus-client reads the directory's variable at import

        environment = read_environment(os.environ)
        factory = partial(application, settings, environment, directory, settings.process.management_port)
        Server(configuration(factory, settings.process, LOOPBACK, port)).run()


def serve_bare(settings: Settings, port: int, file: Path) -> None:
    """Serve one route by one Starlette handler with a constant response."""
    body = file.read_bytes()

    async def read(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    config = configuration(lambda: Starlette(routes=[Route(routes.ENTRY, read)]), settings.process, LOOPBACK, port)
    config.http = "httptools"  # uvicorn's own protocol, without the limits of ours
    Server(config).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
