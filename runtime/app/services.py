"""The services of a worker, constructed and connected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runtime.http.clients import Clients
from runtime.http.representations import Representation, represent
from runtime.routes import THROTTLED
from runtime.services.access import Authority, Callers
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
from runtime.services.intake import UNVERIFIED, Intake
from runtime.services.issuer_keys import IssuerKeys
from runtime.services.monitors import Monitors
from runtime.services.notifications import Connectors, Notifications
from runtime.services.proposals import Proposals
from runtime.services.queue import QueueAdministration
from runtime.services.sampling import Sampling
from runtime.services.secret_ages import SecretAges
from runtime.services.shedding import Shedding
from runtime.services.throttling import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping
    from typing import Any

    from runtime.app.adapters import Adapters
    from runtime.services.intake import Bounds
    from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Access:
    """Who calls, by which proof, and what they may do; ``keys`` are those of each issuer."""

    callers: Callers
    keys: Mapping[str, IssuerKeys]
    authority: Authority
    given: GivenRights


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the API serves, and the ``cache`` that answers most reads of it."""

    cache: Cache[Representation]
    entries: Entries[Representation]
    definitions: Definitions[Representation]
    history: History[Representation]
    proposals: Proposals[Representation]
    queue: QueueAdministration
    notifications: Notifications


@dataclass(frozen=True, slots=True)
class Services:
    """The services of a worker; ``unverified`` bounds the notifications whose signatures are not verified yet."""

    intake: Intake
    unverified: Intake
    connectors: Connectors
    throttle: Throttle
    clients: Clients
    audit: Audit
    access: Access
    configuration: Configuration
    shedding: Shedding
    deliveries: Deliveries
    health: Health
    sampling: Sampling
    monitors: Monitors
    secrets: SecretAges

    def running(self, adapters: Adapters) -> Iterator[Coroutine[Any, Any, None]]:
        """Yield what goes on for as long as the worker runs."""
        yield self.throttle.maintain()
        yield self.configuration.entries.watch()
        yield adapters.changes.follow(self.configuration.cache)
        yield self.sampling.repeat()
        yield self.monitors.repeat()
        yield self.secrets.repeat()
        yield self.audit.repeat()
        yield self.access.given.follow()
        yield from (each.follow() for each in self.access.keys.values())
        yield self.deliveries.repeat()


def services_of(settings: Settings, adapters: Adapters, bounds: Bounds) -> Services:
    """Return the services of a worker on its adapters."""
    telemetry = adapters.telemetry
    intake = Intake(telemetry.refusals.count, bounds)
    throttle = Throttle(adapters.buckets, settings.throttling, THROTTLED, settings.process.workers, telemetry)
    external = ExternalServices(settings.external_services, telemetry)
    access = _access(settings, adapters, external)
    cache: Cache[Representation] = Cache(settings.process.cache_bytes)
    heap_share = settings.monitors.memory.heap_bytes // settings.process.workers
    shedding = Shedding(cache, adapters.memory, heap_share, adapters.replace, telemetry.shed.count)
    background = Background(settings.monitors.background_tasks)
    entries = Entries(adapters.store, settings.database, cache, represent, background, shedding.require_store)
    connectors = Connectors(adapters.connectors, settings.notifications.window_seconds, telemetry)
    configuration = _configuration(
        settings, adapters, access, cache, entries, intake, connectors, shedding.require_store
    )
    deliveries = _deliveries(settings, adapters, external)
    health = _health(settings, adapters, configuration, external, throttle)
    return Services(
        intake=intake,
        unverified=Intake(telemetry.refusals.count, UNVERIFIED),
        connectors=connectors,
        throttle=throttle,
        clients=Clients(adapters.trusted_proxies, adapters.forwarded_header, telemetry.unknown_clients.count),
        audit=Audit(adapters.audit, telemetry),
        access=access,
        configuration=configuration,
        shedding=shedding,
        deliveries=deliveries,
        health=health,
        sampling=Sampling(health, adapters.store.pools, adapters.external, telemetry),
        monitors=Monitors(settings, adapters.memory, background, adapters.store.pools, shedding, telemetry),
        secrets=SecretAges(adapters.secrets, settings.secrets.maximum_age_seconds, telemetry),
    )


def _access(settings: Settings, adapters: Adapters, external: ExternalServices) -> Access:
    stated, callers = settings.access, Callers()
    authority = Authority(stated)
    keys = {
        issuer.name: IssuerKeys(issuer, external.keys(issuer.name, adapters.keys), stated.keys, callers.forget)
        for issuer in stated.issuers
    }
    stale_seconds = settings.database.stale_seconds
    given = GivenRights(adapters.access, authority, callers, adapters.telemetry, stated.known_seconds, stale_seconds)
    return Access(callers, keys, authority, given)


def _configuration(
    settings: Settings,
    adapters: Adapters,
    access: Access,
    cache: Cache[Representation],
    entries: Entries[Representation],
    intake: Intake,
    connectors: Connectors,
    require_store: Callable[[], None],
) -> Configuration:
    stated, authority = settings.database, access.authority
    definitions = Definitions(
        adapters.store, entries, lambda kept: kept.version, intake.parser, stated.events_retention_days
    )
    people = [issuer.name for issuer in settings.access.issuers if issuer.kind == "person"]
    return Configuration(
        cache=cache,
        entries=entries,
        definitions=definitions,
        history=History(adapters.store.history, entries, definitions, stated, require_store),
        proposals=Proposals(
            adapters.proposals, entries, definitions, authority, access.given, people, stated, require_store
        ),
        queue=QueueAdministration(adapters.queue, authority, stated, require_store),
        notifications=Notifications(adapters.notifications, connectors, stated, require_store),
    )


def _deliveries(settings: Settings, adapters: Adapters, external: ExternalServices) -> Deliveries:
    """Return the deliveries of this process to its receivers, each behind its circuit."""
    source = f"urn:cbp:{settings.environment}"
    receivers = {each: external.receiver(each.name, receiver) for each, receiver in adapters.receivers.items()}
    circuits = {each.name: receiver.circuit for each, receiver in receivers.items()}
    timeout_seconds = settings.external_services.timeout_seconds
    return Deliveries(
        adapters.queue, settings.queue, timeout_seconds, source, receivers, adapters.telemetry, circuits=circuits
    )


def _health(
    settings: Settings,
    adapters: Adapters,
    configuration: Configuration,
    external: ExternalServices,
    throttle: Throttle,
) -> Health:
    return Health(
        contents=configuration.cache.contents,
        draining=adapters.draining,
        feed=adapters.changes,
        circuits={
            READS: configuration.entries.circuit,
            "database-changes": configuration.entries.changes.circuit,
            "database-history": configuration.history.circuit,
            "database-proposals": configuration.proposals.circuit,
            "database-queue": configuration.queue.circuit,
            "database-notifications": configuration.notifications.circuit,
            **adapters.store.circuits,
            **(external.circuits if settings.external_services.monitored else {}),
        },
        throttle=throttle,
        stale_seconds=settings.database.stale_seconds,
    )
