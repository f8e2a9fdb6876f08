"""The servers of the benchmarks of reads and changes, each one uvicorn process with the service's own options.

``python -m benchmarks.read_path_servers api SETTINGS PORT`` is a worker of the API, with everything on;
``python -m benchmarks.read_path_servers bare SETTINGS PORT FILE`` is a Starlette endpoint that answers an entry's path
with the bytes of ``FILE``;
``python -m benchmarks.read_path_servers inserting SETTINGS PORT ADDRESS`` is a Starlette endpoint that inserts the
plain rows of the entry that a request puts into the PostgreSQL at ``ADDRESS``, and answers with the request's body.
"""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from uvicorn import Server

from benchmarks.plain_rows import PLAIN_EVENT
from runtime import routes
from runtime.embedded.loopback import LOOPBACK
from runtime.environment import read_environment
from runtime.loading import load_settings
from runtime.server import metrics_directory
from runtime.worker_server import configuration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from runtime.settings import Settings


def main(kind: str, settings: str, port: str, *arguments: str) -> None:
    """Serve until a signal stops the process."""
    loaded = load_settings(Path(settings))
    if kind == "api":
        serve_api(loaded, int(port))
    elif kind == "bare":
        serve_bare(loaded, int(port), Path(*arguments))
    else:
        serve_inserting(loaded, int(port), *arguments)


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

    _serve(settings, port, Starlette(routes=[Route(routes.ENTRY, read)]))


def serve_inserting(settings: Settings, port: int, address: str) -> None:
    """Serve one route by one Starlette handler, with a pool of as many connections as a worker has for changes."""
    pool: asyncpg.Pool

    @asynccontextmanager
    async def connected(_app: Starlette) -> AsyncIterator[None]:
        nonlocal pool
        size = settings.database.pool_size
        async with asyncpg.create_pool(address, min_size=size, max_size=size) as pool:
            yield

    async def write(request: Request) -> Response:
        body = await request.body()
        value = orjson.dumps(orjson.loads(body)["value"]).decode()
        async with pool.acquire() as connection:
            await connection.execute(PLAIN_EVENT, *request.path_params.values(), value)
        return Response(body, 201, media_type="application/json")

    _serve(settings, port, Starlette(routes=[Route(routes.ENTRY, write, methods=["PUT"])], lifespan=connected))


def _serve(settings: Settings, port: int, app: Starlette) -> None:
    config = configuration(lambda: app, settings.process, LOOPBACK, port)
    config.http = "httptools"  # uvicorn's own protocol, without the limits of ours
    Server(config).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
