"""The composition root: the only module that constructs and connects the parts of the service."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.routing import Router

from runtime import routes
from runtime.http.application import Application
from runtime.http.changes import ChangeMaker
from runtime.http.clients import Clients
from runtime.http.definitions import DefinitionHandlers
from runtime.http.entries import EntryHandlers
from runtime.http.history import HistoryHandlers
from runtime.http.intake import BoundedLimiter
from runtime.http.namespaces import NamespaceHandlers
from runtime.http.paths import ByPort, Paths
from runtime.http.rate_limiter import RateLimiter
from runtime.http.representations import represent, represent_layers, represent_whole
from runtime.http.resource import Resource
from runtime.http.status import SettingsHandler, StatusHandlers
from runtime.http.transactions import TransactionHandler
from runtime.services.cache import Cache
from runtime.services.definitions import Definitions
from runtime.services.entries import Entries
from runtime.services.health import Health
from runtime.services.history import History
from runtime.services.intake import DEFAULT, Intake
from runtime.services.namespaces import Namespaces
from runtime.services.sampling import Sampling
from runtime.services.throttling import Throttle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.types import ASGIApp

    from runtime.environment import ForwardedHeader, Network
    from runtime.http.representations import Representation
    from runtime.ports import ChangeFeed, EntryStore, TokenBuckets
    from runtime.services.draining import Draining
    from runtime.services.intake import Bounds
    from runtime.settings import Settings
    from runtime.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Adapters:
    """The adapters of every port of the service."""

    store: EntryStore
    changes: ChangeFeed
    buckets: TokenBuckets
    telemetry: Telemetry
    draining: Draining
    trusted_proxies: Sequence[Network] = ()
    forwarded_header: ForwardedHeader | None = None


def create_app(
    settings: Settings, adapters: Adapters, bounds: Bounds = DEFAULT, management_port: int | None = None
) -> ASGIApp:
    """Return the service as an ASGI application; its lifespan opens and closes the adapters.

    ``management_port`` overrides that of the settings.
    """
    intake = Intake(adapters.telemetry.refusals.count, bounds)
    throttle = Throttle(
        adapters.buckets, settings.throttling, routes.THROTTLED, settings.process.workers, adapters.telemetry
    )

    kept: Cache[Representation] = Cache(settings.process.cache_bytes)
    entries = Entries(adapters.store, settings.database, kept, represent)
    health = Health(
        contents=kept.contents,
        draining=adapters.draining,
        feed=adapters.changes,
        reads=entries.suspicion,
        changes=entries.changes.suspicion,
        throttle=throttle,
        stale_seconds=settings.database.stale_seconds,
    )
    sampling = Sampling(health, adapters.telemetry)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.process.threads
        await adapters.store.open()
        await asyncio.gather(throttle.probe(), entries.probe())  # each takes a bounded time
        async with asyncio.TaskGroup() as background:
            running = (throttle.maintain(), entries.watch(), adapters.changes.follow(kept), sampling.repeat())
            tasks = [background.create_task(each) for each in running]
            yield
            for task in tasks:
                task.cancel()
        sampling.sample()
        intake.parser.shutdown()
        await adapters.buckets.close()
        await adapters.store.close()

    status = StatusHandlers(health, adapters.store.pools, sampling, adapters.telemetry)
    paths = Paths(_resources(settings, adapters, throttle, intake, entries, status))
    management = Paths(
        [
            Resource(routes.METRICS, {"GET": status.metrics}),
            Resource(routes.HEALTH_DETAIL, {"GET": status.detail}),
        ]
    )
    port = settings.process.management_port if management_port is None else management_port
    quiet = (settings.process.health_path, settings.process.ready_path, routes.METRICS, routes.HEALTH_DETAIL)
    by_port = ByPort(paths, management, port)
    return Application(by_port, Router(lifespan=lifespan), adapters.telemetry, adapters.draining, quiet)


def _resources(
    settings: Settings,
    adapters: Adapters,
    throttle: Throttle,
    intake: Intake,
    entries: Entries[Representation],
    status: StatusHandlers,
) -> list[Resource]:
    telemetry = adapters.telemetry
    clients = Clients(adapters.trusted_proxies, adapters.forwarded_header, telemetry.unknown_clients.count)
    limiter = BoundedLimiter(RateLimiter(throttle, clients, telemetry), intake, clients)
    database = settings.database
    changes = ChangeMaker(database.statement_timeout_seconds)
    definitions = Definitions(
        adapters.store, entries, lambda kept: kept.version, intake.parser, database.events_retention_days
    )
    handlers = EntryHandlers(entries, changes, definitions)
    defining = DefinitionHandlers(definitions, entries, adapters.store, changes)
    whole = NamespaceHandlers(
        Namespaces(adapters.store, entries, represent_whole, represent_layers), entries, changes, definitions
    )
    transactions = TransactionHandler(entries, changes, definitions)
    past = History(adapters.store.history, entries, definitions, database)
    history = HistoryHandlers(past, handlers, database.statement_timeout_seconds)
    return [
        Resource(routes.ENTRY, {"GET": history.read, "PUT": handlers.write, "DELETE": handlers.remove}, limiter),
        Resource(routes.ENTRIES, {"GET": history.scan}, limiter),
        Resource(routes.ENTRY_VERSIONS, {"GET": history.versions}, limiter),
        Resource(routes.ENTRY_VERSION, {"GET": history.version}, limiter),
        Resource(routes.ENTRY_DIFFERENCE, {"GET": history.compare}, limiter),
        Resource(routes.ENTRY_ROLLBACK, {"POST": history.roll_back}, limiter),
        Resource(routes.NAMESPACE_VERSIONS, {"GET": history.changes}, limiter),
        Resource(routes.NAMESPACE_DIFFERENCE, {"GET": history.differences}, limiter),
        Resource(routes.NAMESPACE_ROLLBACK, {"POST": history.roll_back_namespace}, limiter),
        Resource(routes.NAMESPACES, {"GET": defining.list}, limiter),
        Resource(routes.NAMESPACE, {"GET": whole.read, "PUT": whole.replace, "DELETE": whole.remove}, limiter),
        Resource(routes.EFFECTIVE, {"GET": whole.effective}, limiter),
        Resource(routes.DEFINITION, {"GET": defining.read, "PUT": defining.write}, limiter),
        Resource(routes.TRANSACTIONS, {"POST": transactions.make}, limiter),
        Resource(routes.SETTINGS, {"GET": SettingsHandler(settings).read}, limiter),
        Resource(settings.process.health_path, {"GET": status.live}),
        Resource(settings.process.ready_path, {"GET": status.ready}),
    ]
