"""The composition root: every part of the service is put together here, and nowhere else."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.routing import Router

from runtime import routes
from runtime.http.clients import Clients
from runtime.http.entries import EntryHandlers
from runtime.http.gate import Gate
from runtime.http.observation import Observation
from runtime.http.problems import problem
from runtime.http.resource import route
from runtime.http.status import SettingsHandler, StatusHandlers
from runtime.services.entries import Entries
from runtime.services.throttling import Throttle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.routing import Route
    from starlette.types import ASGIApp, Receive, Scope, Send

    from runtime.environment import Network
    from runtime.ports import EntryStore, TokenBuckets
    from runtime.services.draining import Draining
    from runtime.settings import Settings
    from runtime.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Adapters:
    """What the service stands on."""

    store: EntryStore
    buckets: TokenBuckets
    telemetry: Telemetry
    draining: Draining
    trusted_proxies: Sequence[Network] = ()


def create_app(settings: Settings, adapters: Adapters) -> ASGIApp:
    """Return the service as an ASGI application, whose lifespan opens and closes the adapters."""
    throttle = Throttle(
        adapters.buckets, settings.throttling, routes.THROTTLED, settings.process.workers, adapters.telemetry
    )

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.process.threads
        await adapters.store.open()
        await throttle.probe()
        async with asyncio.TaskGroup() as background:
            maintenance = background.create_task(throttle.maintain())
            yield
            maintenance.cancel()
        await throttle.surrender()
        await adapters.buckets.close()
        await adapters.store.close()

    router = Router(
        _routes(settings, adapters, throttle), redirect_slashes=False, default=_not_found, lifespan=lifespan
    )
    quiet = (settings.process.health_path, settings.process.ready_path, routes.METRICS)
    return Observation(router, adapters.telemetry, adapters.draining, quiet)


def _routes(settings: Settings, adapters: Adapters, throttle: Throttle) -> list[Route]:
    gate = Gate(throttle, Clients(adapters.trusted_proxies), routes.THROTTLED, adapters.telemetry)
    entries = EntryHandlers(Entries(adapters.store, settings.database.retry))
    status = StatusHandlers(adapters.store, adapters.buckets, adapters.draining, adapters.telemetry)
    return [
        route(routes.ENTRY, {"GET": entries.read, "PUT": entries.write, "DELETE": entries.remove}, gate),
        route(routes.ENTRIES, {"GET": entries.scan}, gate),
        route(routes.SETTINGS, {"GET": SettingsHandler(settings).read}, gate),
        route(settings.process.health_path, {"GET": status.live}),
        route(settings.process.ready_path, {"GET": status.ready}),
        route(routes.METRICS, {"GET": status.metrics}),
    ]


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await problem(404, "the API has no such path")(scope, receive, send)
