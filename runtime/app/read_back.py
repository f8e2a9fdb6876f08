"""The settings as they are compiled, beside what the parts of a worker tell of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from runtime import routes
from runtime.http.openapi.operations import operations
from runtime.services.limits import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runtime.app.adapters import Adapters
    from runtime.app.services import Services
    from runtime.http.application import Application
    from runtime.services.throttling import Throttle
    from runtime.settings import Bucket, MiddlewareStep, RouteLimit, Settings

ANYBODY = ""
"""A client without limits of its own."""


def compiled_and_running(
    settings: Settings, adapters: Adapters, application: Application, services: Services
) -> Iterator[tuple[str, object, object]]:
    """Yield settings with what is compiled and what runs, as the parts of the worker themselves tell it."""
    limiter = anyio.to_thread.current_default_thread_limiter()
    yield "process.threads", settings.process.threads, limiter.total_tokens
    yield "process.cache_bytes", settings.process.cache_bytes, services.configuration.cache.capacity
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
    yield from _throttling(settings, services.throttle)
    served = application.endpoints
    for endpoint in (f"GET {routes.DESCRIPTION}", f"GET {routes.PAGE}"):
        yield f"api.documentation, by {endpoint}", settings.api.documentation, endpoint in served
    if settings.api.documentation:
        described = operations(settings.process.health_path, settings.process.ready_path)
        yield "the description", sorted(each.endpoint for each in described), sorted(served)


def _throttling(settings: Settings, throttle: Throttle) -> Iterator[tuple[str, object, object]]:
    """Yield the limits at each endpoint, of every client and of those with their own.

    What runs is what the throttle decides by: each bucket that Redis is asked for, the part of it that a worker has
    without Redis, and whether nothing is admitted without it.
    """
    stated, shares = settings.throttling, settings.throttling.replicas * settings.process.workers
    named: dict[str, RouteLimit] = {limit.route: limit for limit in stated.routes}

    def compiled(*, strict: bool = False, **buckets: Bucket | None) -> list[tuple[object, ...]]:
        numbers = [(name, each.capacity, each.refill_per_minute) for name, each in buckets.items() if each is not None]
        return [(*each, (*each[1:], shares), strict and each[0] == "endpoint") for each in numbers]

    yield "throttling.address", compiled(address=stated.address), _decided_by(throttle, ANYBODY, ADDRESS)
    for client, own in ((ANYBODY, None), *((limit.client, limit.bucket) for limit in stated.clients)):
        whose = f", of {client}" if client else ""
        for endpoint in sorted(routes.THROTTLED):
            route = named.get(endpoint)
            of_endpoint = stated.endpoint and (own or stated.endpoint) if route is None else route.bucket
            limits = compiled(
                client=stated.client and (own or stated.client),
                endpoint=of_endpoint,
                strict=route is not None and route.strict,
            )
            yield f"throttling, by {endpoint}{whose}", limits, _decided_by(throttle, client, endpoint)


def _decided_by(throttle: Throttle, client: str, endpoint: str) -> list[tuple[object, ...]]:
    return [
        (
            limit.name,
            limit.shape.capacity,
            limit.shape.refill,
            (limit.share.capacity, limit.share.refill, limit.share.shares),
            limit.strict,
        )
        for limit in throttle.limits(client, endpoint)
    ]
