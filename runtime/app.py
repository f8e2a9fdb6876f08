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
from runtime.http.audit import AuditHandlers, Refusals
from runtime.http.changes import ChangeMaker
from runtime.http.clients import Clients
from runtime.http.definitions import DefinitionHandlers
from runtime.http.documentation.handlers import Documentation
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
from runtime.services.audit import Audit
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
    from concurrent.futures import Executor

    from runtime.environment import ForwardedHeader, Network
    from runtime.http.representations import Representation
    from runtime.ports import AuditTrail, ChangeFeed, EntryStore, TokenBuckets
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
    audit: AuditTrail
    trusted_proxies: Sequence[Network] = ()
    forwarded_header: ForwardedHeader | None = None


def create_app(
    settings: Settings, adapters: Adapters, bounds: Bounds = DEFAULT, management_port: int | None = None
) -> Application:
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
    audit = Audit(adapters.audit, adapters.telemetry)
    clients = Clients(adapters.trusted_proxies, adapters.forwarded_header, adapters.telemetry.unknown_clients.count)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.process.threads
        await adapters.store.open()
        await asyncio.gather(throttle.probe(), entries.probe())  # each takes a bounded time
        async with asyncio.TaskGroup() as background:
            running = (throttle.maintain(), entries.watch(), adapters.changes.follow(kept), sampling.repeat())
            tasks = [background.create_task(each) for each in (*running, audit.repeat())]
            yield
            for task in tasks:
                task.cancel()
        await audit.close()
        sampling.sample()
        intake.parser.shutdown()
        await adapters.buckets.close()
        await adapters.store.close()

    status = StatusHandlers(health, adapters.store.pools, sampling, adapters.telemetry)
    limiter = BoundedLimiter(RateLimiter(throttle, clients, adapters.telemetry), intake, clients)
    paths = Paths(
        _resources(settings, adapters.store, limiter, entries, status, AuditHandlers(audit, clients), intake.parser)
    )
    management = Paths(
        [
            Resource(routes.METRICS, {"GET": status.metrics}),
            Resource(routes.HEALTH_DETAIL, {"GET": status.detail}),
        ]
    )
    port = settings.process.management_port if management_port is None else management_port
    quiet = (settings.process.health_path, settings.process.ready_path, routes.METRICS, routes.HEALTH_DETAIL)
    by_port = ByPort(paths, management, port)
    refusals = Refusals(audit, clients, quiet)
    return Application(by_port, Router(lifespan=lifespan), adapters.telemetry, adapters.draining, quiet, refusals)


def _resources(
    settings: Settings,
    store: EntryStore,
    limiter: BoundedLimiter,
    entries: Entries[Representation],
    status: StatusHandlers,
    audit: AuditHandlers,
    parser: Executor,
) -> list[Resource]:
    documentation = Documentation(settings.process.health_path, settings.process.ready_path)
    database = settings.database
    changes = ChangeMaker(database.statement_timeout_seconds)
    definitions = Definitions(store, entries, lambda kept: kept.version, parser, database.events_retention_days)
    handlers = EntryHandlers(entries, changes, definitions)
    defining = DefinitionHandlers(definitions, entries, store, changes)
    whole = NamespaceHandlers(
        Namespaces(store, entries, represent_whole, represent_layers), entries, changes, definitions
    )
    transactions = TransactionHandler(entries, changes, definitions)
    past = History(store.history, entries, definitions, database)
    history = HistoryHandlers(past, entries, handlers, changes)
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
        Resource(routes.AUDIT, {"GET": audit.list}, limiter),
        Resource(routes.AUDIT_ANCHORS, {"GET": audit.anchors}, limiter),
        Resource(settings.process.health_path, {"GET": status.live}),
        Resource(settings.process.ready_path, {"GET": status.ready}),
        Resource(routes.INDEX, {"GET": documentation.index}, limiter),
        Resource(routes.DESCRIPTION, {"GET": documentation.description}, limiter),
        Resource(routes.PAGE, {"GET": documentation.page}, limiter),
        Resource(routes.PAGE_FILE, {"GET": documentation.file}, limiter),
        Resource(routes.PROBLEMS, {"GET": documentation.problems}, limiter),
    ]
