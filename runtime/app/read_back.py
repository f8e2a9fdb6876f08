"""The settings as they are compiled, beside what the parts of a worker tell of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from runtime import routes
from runtime.http.openapi.operations import operations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runtime.app.adapters import Adapters
    from runtime.http.application import Application
    from runtime.http.representations import Representation
    from runtime.services.cache import Cache
    from runtime.settings import MiddlewareStep, Settings


def compiled_and_running(
    settings: Settings, adapters: Adapters, application: Application, cache: Cache[Representation]
) -> Iterator[tuple[str, object, object]]:
    """Yield settings with what is compiled and what runs, as the parts of the worker themselves tell it."""
    limiter = anyio.to_thread.current_default_thread_limiter()
    yield "process.threads", settings.process.threads, limiter.total_tokens
    yield "process.cache_bytes", settings.process.cache_bytes, cache.capacity
    stated = {"reads": settings.database.read_pool_size, "standby": settings.database.read_pool_size}
    stated["changes"] = settings.database.pool_size
    for name, pool in adapters.store.pools().items():
        yield f"the size of the pool {name}", stated[name], pool.size
    external = settings.external_services
    stated = {"issuers": external.issuers.pool_size, "integrations": external.integrations.pool_size}
    for name, each in adapters.external.items():
        yield f"external_services.{name}.pool_size", stated[name], each.pool.size
    stacks: dict[tuple[MiddlewareStep, ...], list[str]] = {}
    for template, steps in application.steps.items():
        if template.startswith("/v1/"):
            stacks.setdefault(steps, []).append(template)
    for steps, (first, *others) in stacks.items():
        yield f"api.middleware, of {first} and {len(others)} others", settings.api.middleware, steps
    served = application.endpoints
    for endpoint in (f"GET {routes.DESCRIPTION}", f"GET {routes.PAGE}"):
        yield f"api.documentation, by {endpoint}", settings.api.documentation, endpoint in served
    if settings.api.documentation:
        described = operations(settings.process.health_path, settings.process.ready_path)
        yield "the description", sorted(each.endpoint for each in described), sorted(served)
