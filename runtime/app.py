"""The composition root: the only module that constructs and connects the parts of the service."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.routing import Router

from runtime import routes
from runtime.http.access import AccessHandlers
from runtime.http.application import Application
from runtime.http.audit import AuditHandlers, Refusals
from runtime.http.authentication import Gate
from runtime.http.changes import ChangeMaker
from runtime.http.clients import Clients
from runtime.http.definitions import DefinitionHandlers
from runtime.http.documentation.handlers import Documentation
from runtime.http.entries import EntryHandlers
from runtime.http.history import HistoryHandlers
from runtime.http.intake import BoundedLimiter
from runtime.http.namespaces import NamespaceHandlers
from runtime.http.openapi.operations import operations
from runtime.http.paths import ByPort, Paths
from runtime.http.proposals import ProposalHandlers
from runtime.http.queue import QueueHandlers
from runtime.http.rate_limiter import RateLimiter
from runtime.http.representations import represent, represent_layers, represent_whole
from runtime.http.resource import Resource
from runtime.http.status import SettingsHandler, StatusHandlers
from runtime.http.transactions import TransactionHandler
from runtime.services.access import Authority, Callers
from runtime.services.administration import Administration
from runtime.services.audit import Audit
from runtime.services.background import Background
from runtime.services.cache import Cache
from runtime.services.definitions import Definitions
from runtime.services.deliveries import Deliveries
from runtime.services.entries import Entries
from runtime.services.external_services import ExternalServices
from runtime.services.given import GivenRights
from runtime.services.health import READS, Health
from runtime.services.history import History
from runtime.services.intake import DEFAULT, Intake
from runtime.services.issuer_keys import IssuerKeys
from runtime.services.monitors import Monitors
from runtime.services.namespaces import Namespaces
from runtime.services.proofs import Proofs
from runtime.services.proposals import Proposals
from runtime.services.queue import QueueAdministration
from runtime.services.read_back import require_compiled
from runtime.services.sampling import Sampling
from runtime.services.shedding import Shedding
from runtime.services.throttling import Throttle
from runtime.services.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from runtime.domain.deliveries import Subscription
    from runtime.environment import ForwardedHeader, Network
    from runtime.http.representations import Representation
    from runtime.ports import (
        AccessStore,
        AuditTrail,
        ChangeFeed,
        DeliveryQueue,
        EntryStore,
        ExternalPool,
        KeySource,
        MemoryReader,
        Pool,
        ProposalStore,
        Receiver,
        TokenBuckets,
    )
    from runtime.services.draining import Draining
    from runtime.services.intake import Bounds
    from runtime.settings import MiddlewareStep, Settings
    from runtime.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Adapters:
    """The adapters of every port of the service.

    ``replace`` ends this worker, so that another takes its place. Without ``receivers`` it delivers no changes.
    ``external`` are the connections to external services, by what they are for.
    """

    store: EntryStore
    changes: ChangeFeed
    buckets: TokenBuckets
    keys: KeySource
    access: AccessStore
    proposals: ProposalStore
    telemetry: Telemetry
    draining: Draining
    audit: AuditTrail
    memory: MemoryReader
    replace: Callable[[], None]
    queue: DeliveryQueue
    receivers: Mapping[Subscription, Receiver] = field(default_factory=dict)
    external: Mapping[str, ExternalPool] = field(default_factory=dict)
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

    callers = Callers()
    services = ExternalServices(settings.external_services, adapters.telemetry)
    keys = {
        issuer.name: IssuerKeys(issuer, services.keys(issuer.name, adapters.keys), settings.access.keys, callers.forget)
        for issuer in settings.access.issuers
    }
    authority = Authority(settings.access)
    given = GivenRights(
        adapters.access,
        authority,
        callers,
        adapters.telemetry,
        settings.access.known_seconds,
        settings.database.stale_seconds,
    )
    kept: Cache[Representation] = Cache(settings.process.cache_bytes)
    shedding = Shedding(
        kept,
        adapters.memory,
        settings.monitors.memory.heap_bytes // settings.process.workers,
        adapters.replace,
        adapters.telemetry.shed.count,
    )
    background = Background(settings.monitors.background_tasks)
    entries = Entries(adapters.store, settings.database, kept, represent, background, shedding.require_store)
    definitions = Definitions(
        adapters.store, entries, lambda kept: kept.version, intake.parser, settings.database.events_retention_days
    )
    past = History(adapters.store.history, entries, definitions, settings.database)
    people = [issuer.name for issuer in settings.access.issuers if issuer.kind == "person"]
    proposals = Proposals(adapters.proposals, entries, definitions, authority, given, people, settings.database)
    queue = QueueAdministration(adapters.queue, authority, settings.database)
    deliveries = _deliveries_of(settings, adapters, services)
    health = Health(
        contents=kept.contents,
        draining=adapters.draining,
        feed=adapters.changes,
        circuits={
            READS: entries.circuit,
            "database-changes": entries.changes.circuit,
            "database-history": past.circuit,
            "database-proposals": proposals.circuit,
            "database-queue": queue.circuit,
            **adapters.store.circuits,
            **services.circuits,
        },
        throttle=throttle,
        stale_seconds=settings.database.stale_seconds,
    )
    sampling = Sampling(health, adapters.store.pools, adapters.external, adapters.telemetry)
    monitors = Monitors(settings, adapters.memory, background, adapters.store.pools, shedding, adapters.telemetry)
    audit = Audit(adapters.audit, adapters.telemetry)
    clients = Clients(adapters.trusted_proxies, adapters.forwarded_header, adapters.telemetry.unknown_clients.count)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.process.threads
        await adapters.store.open()
        require_compiled(_read_back(settings, adapters, application, kept))
        await asyncio.gather(throttle.probe(), entries.probe())  # each takes a bounded time
        async with asyncio.TaskGroup() as following:
            running = [throttle.maintain(), entries.watch(), adapters.changes.follow(kept), sampling.repeat()]
            running += [monitors.repeat(), audit.repeat(), given.follow(), *(each.follow() for each in keys.values())]
            running.append(deliveries.repeat())
            tasks = [following.create_task(each) for each in running]
            yield
            for task in tasks:
                task.cancel()
        await audit.close()
        sampling.sample()
        intake.parser.shutdown()
        for pool in adapters.external.values():
            await pool.close()
        await adapters.buckets.close()
        await adapters.store.close()

    def pools() -> dict[str, Pool]:
        return {**adapters.store.pools(), **{name: each.pool for name, each in adapters.external.items()}}

    status = StatusHandlers(health, pools, sampling, monitors, adapters.telemetry)
    limiter = RateLimiter(throttle, clients, adapters.telemetry)
    public = BoundedLimiter(limiter, intake, clients, shedding)
    proofs = Proofs(Tokens(settings.access, keys), given)
    gate = Gate(callers, proofs, authority, public, limiter, clients, intake, adapters.telemetry)
    access = AccessHandlers(Administration(adapters.access, given, authority), audit, clients)
    resources = [
        *_resources(settings, adapters.store, gate, authority, entries, definitions, past),
        *_proposals(gate, ProposalHandlers(proposals, authority, clients)),
        *_administration(gate, access, AuditHandlers(audit, clients)),
        *_deliveries(gate, QueueHandlers(queue, audit, clients)),
        *_unguarded(settings, public, status),
    ]
    paths = Paths(resources)
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
    application = Application(
        by_port, Router(lifespan=lifespan), adapters.telemetry, adapters.draining, quiet, refusals
    )
    return application


def _read_back(
    settings: Settings, adapters: Adapters, application: Application, kept: Cache[Representation]
) -> Iterator[tuple[str, object, object]]:
    """Yield settings with what is compiled and what runs, as the parts of the worker themselves tell it."""
    limiter = anyio.to_thread.current_default_thread_limiter()
    yield "process.threads", settings.process.threads, limiter.total_tokens
    yield "process.cache_bytes", settings.process.cache_bytes, kept.capacity
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


def _deliveries_of(settings: Settings, adapters: Adapters, services: ExternalServices) -> Deliveries:
    """Return the deliveries of this process to its receivers, each behind its circuit."""
    source = f"urn:cbp:{settings.environment}"
    receivers = {each: services.receiver(each.name, receiver) for each, receiver in adapters.receivers.items()}
    circuits = {each.name: receiver.circuit for each, receiver in receivers.items()}
    return Deliveries(adapters.queue, settings.queue, source, receivers, adapters.telemetry, circuits=circuits)


def _resources(
    settings: Settings,
    store: EntryStore,
    gate: Gate,
    authority: Authority,
    entries: Entries[Representation],
    definitions: Definitions[Representation],
    past: History[Representation],
) -> list[Resource]:
    changes = ChangeMaker(settings.database.statement_timeout_seconds)
    handlers = EntryHandlers(entries, changes, definitions)
    defining = DefinitionHandlers(definitions, entries, store, changes, authority)
    whole = NamespaceHandlers(
        Namespaces(store, entries, represent_whole, represent_layers), entries, changes, definitions
    )
    transactions = TransactionHandler(entries, changes, definitions)
    history = HistoryHandlers(past, entries, handlers, changes)
    return [
        Resource(routes.ENTRY, {"GET": history.read, "PUT": handlers.write, "DELETE": handlers.remove}, gate),
        Resource(routes.ENTRIES, {"GET": history.scan}, gate),
        Resource(routes.ENTRY_VERSIONS, {"GET": history.versions}, gate),
        Resource(routes.ENTRY_VERSION, {"GET": history.version}, gate),
        Resource(routes.ENTRY_DIFFERENCE, {"GET": history.compare}, gate),
        Resource(routes.ENTRY_ROLLBACK, {"POST": history.roll_back}, gate),
        Resource(routes.NAMESPACE_VERSIONS, {"GET": history.changes}, gate),
        Resource(routes.NAMESPACE_DIFFERENCE, {"GET": history.differences}, gate),
        Resource(routes.NAMESPACE_ROLLBACK, {"POST": history.roll_back_namespace}, gate),
        Resource(routes.NAMESPACES, {"GET": defining.list}, gate),
        Resource(routes.NAMESPACE, {"GET": whole.read, "PUT": whole.replace, "DELETE": whole.remove}, gate),
        Resource(routes.EFFECTIVE, {"GET": whole.effective}, gate),
        Resource(routes.DEFINITION, {"GET": defining.read, "PUT": defining.write}, gate),
        Resource(routes.TRANSACTIONS, {"POST": transactions.make}, gate),
        Resource(routes.SETTINGS, {"GET": SettingsHandler(settings).read}, gate),
    ]


def _proposals(gate: Gate, handlers: ProposalHandlers) -> list[Resource]:
    return [
        Resource(routes.PROPOSALS, {"GET": handlers.list, "POST": handlers.propose}, gate),
        Resource(routes.PROPOSAL, {"GET": handlers.read}, gate),
        Resource(routes.PROPOSAL_APPROVAL, {"POST": handlers.approve}, gate),
        Resource(routes.PROPOSAL_REJECTION, {"POST": handlers.reject}, gate),
        Resource(routes.PROPOSAL_WITHDRAWAL, {"POST": handlers.withdraw}, gate),
    ]


def _administration(gate: Gate, access: AccessHandlers, audit: AuditHandlers) -> list[Resource]:
    return [
        Resource(routes.GRANTS, {"GET": access.grants}, gate),
        Resource(routes.GRANT, {"PUT": access.give, "DELETE": access.take}, gate),
        Resource(routes.MACHINE_KEYS, {"GET": access.keys, "POST": access.make_key}, gate),
        Resource(routes.MACHINE_KEY, {"DELETE": access.revoke}, gate),
        Resource(routes.AUDIT, {"GET": audit.list}, gate),
        Resource(routes.AUDIT_ANCHORS, {"GET": audit.anchors}, gate),
    ]


def _deliveries(gate: Gate, handlers: QueueHandlers) -> list[Resource]:
    return [
        Resource(routes.SUBSCRIBERS, {"GET": handlers.subscribers}, gate),
        Resource(routes.SUBSCRIBER_REPLAY, {"POST": handlers.replay_all}, gate),
        Resource(routes.DELIVERIES, {"GET": handlers.list}, gate),
        Resource(routes.DELIVERY, {"GET": handlers.read, "DELETE": handlers.discard}, gate),
        Resource(routes.DELIVERY_REPLAY, {"POST": handlers.replay}, gate),
    ]


def _unguarded(settings: Settings, limiter: BoundedLimiter, status: StatusHandlers) -> list[Resource]:
    """Return the resources that need no token: health, and the description of the API."""
    process, described = settings.process, settings.api.documentation
    documentation = Documentation(process.health_path, process.ready_path, described=described)
    descriptions = [
        Resource(routes.DESCRIPTION, {"GET": documentation.description}, limiter),
        Resource(routes.PAGE, {"GET": documentation.page}, limiter),
    ]
    return [
        Resource(settings.process.health_path, {"GET": status.live}),
        Resource(settings.process.ready_path, {"GET": status.ready}),
        Resource(routes.INDEX, {"GET": documentation.index}, limiter),
        *(descriptions if described else ()),
        Resource(routes.PAGE_FILE, {"GET": documentation.file}, limiter),
        Resource(routes.PROBLEMS, {"GET": documentation.problems}, limiter),
    ]
