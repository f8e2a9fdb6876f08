"""The composition root: the only package that constructs and connects the parts of the service."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.routing import Router

from runtime import routes
from runtime.app.adapters import Adapters
from runtime.app.read_back import compiled_and_running
from runtime.app.resources import management_resources, public_resources
from runtime.app.services import services_of
from runtime.http.application import Application
from runtime.http.audit import Refusals
from runtime.http.paths import ByPort, Paths
from runtime.http.status import StatusHandlers
from runtime.services.intake import DEFAULT
from runtime.services.read_back import require_compiled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runtime.services.intake import Bounds
    from runtime.settings import Settings

__all__ = ["Adapters", "create_app"]


def create_app(
    settings: Settings, adapters: Adapters, bounds: Bounds = DEFAULT, management_port: int | None = None
) -> Application:
    """Return the service as an ASGI application; its lifespan opens and closes the adapters.

    ``management_port`` overrides that of the settings.
    """
    services = services_of(settings, adapters, bounds)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.process.threads
        await adapters.store.open()
        require_compiled(compiled_and_running(settings, adapters, application, services))
        # Each takes a bounded time.
        await asyncio.gather(services.throttle.probe(), services.configuration.entries.probe())
        async with asyncio.TaskGroup() as following:
            tasks = [following.create_task(each) for each in services.running(adapters)]
            yield
            for task in tasks:
                task.cancel()
        await services.audit.close()
        services.sampling.sample()
        services.intake.parser.shutdown()
        for pool in adapters.external.values():
            await pool.close()
        await adapters.buckets.close()
        await adapters.store.close()

    status = StatusHandlers(
        services.health, adapters.pools, services.sampling, services.monitors, services.secrets, adapters.telemetry
    )
    port = settings.process.management_port if management_port is None else management_port
    by_port = ByPort(
        Paths(public_resources(settings, adapters, services, status)), Paths(management_resources(status)), port
    )
    quiet = (settings.process.health_path, settings.process.ready_path, routes.METRICS, routes.HEALTH_DETAIL)
    refusals = Refusals(services.audit, services.clients, quiet)
    application = Application(
        by_port, Router(lifespan=lifespan), adapters.telemetry, adapters.draining, quiet, refusals
    )
    return application
