"""The resources of both ports: the handler of each method, behind the gate where it needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime import routes
from runtime.http.access import AccessHandlers
from runtime.http.audit import AuditHandlers
from runtime.http.authentication import Gate
from runtime.http.changes import ChangeMaker
from runtime.http.definitions import DefinitionHandlers
from runtime.http.documentation.handlers import Documentation
from runtime.http.entries import EntryHandlers
from runtime.http.history import HistoryHandlers
from runtime.http.intake import BoundedLimiter
from runtime.http.namespaces import NamespaceHandlers
from runtime.http.notifications import NotificationHandlers
from runtime.http.proposals import ProposalHandlers
from runtime.http.queue import QueueHandlers
from runtime.http.rate_limiter import RateLimiter
from runtime.http.representations import represent_layers, represent_whole
from runtime.http.resource import Resource
from runtime.http.signatures import SignatureGate
from runtime.http.status import SettingsHandler, StatusHandlers
from runtime.http.transactions import TransactionHandler
from runtime.http.unproven import Unproven
from runtime.services.administration import Administration
from runtime.services.namespaces import Namespaces
from runtime.services.proofs import Proofs
from runtime.services.tokens import Tokens

if TYPE_CHECKING:
    from runtime.app.adapters import Adapters
    from runtime.app.services import Services
    from runtime.ports.entries import EntryStore
    from runtime.settings import Settings


def public_resources(
    settings: Settings, adapters: Adapters, services: Services, status: StatusHandlers
) -> list[Resource]:
    """Return the resources of the port that clients use."""
    access, audit, clients = services.access, services.audit, services.clients
    limiter = RateLimiter(services.throttle, clients, adapters.telemetry)
    public = BoundedLimiter(limiter, services.intake, clients, services.shedding)
    proofs = Proofs(Tokens(settings.access, access.keys), access.given)
    unproven = Unproven(limiter, clients, services.intake)
    gate = Gate(access.callers, proofs, access.authority, public, unproven, clients, adapters.telemetry)
    signed = SignatureGate(services.connectors, Unproven(limiter, clients, services.unverified), public)
    notifications = NotificationHandlers(services.configuration.notifications, clients)
    administration = Administration(adapters.access, access.given, access.authority)
    proposals = ProposalHandlers(services.configuration.proposals, access.authority, clients)
    return [
        *_entries(settings, adapters.store, services, gate),
        *_proposals(gate, proposals),
        *_administration(gate, AccessHandlers(administration, audit, clients), AuditHandlers(audit, clients)),
        *_deliveries(gate, QueueHandlers(services.configuration.queue, audit, clients)),
        Resource(routes.NOTIFICATION, {"POST": notifications.take}, signed),
        Resource(routes.NOTIFICATIONS, {"GET": notifications.list}, gate),
        *_unguarded(settings, public, status),
    ]


def management_resources(status: StatusHandlers) -> list[Resource]:
    """Return the resources of the port that only monitoring uses."""
    return [
        Resource(routes.METRICS, {"GET": status.metrics}),
        Resource(routes.HEALTH_DETAIL, {"GET": status.detail}),
    ]


def _entries(settings: Settings, store: EntryStore, services: Services, gate: Gate) -> list[Resource]:
    configuration, authority = services.configuration, services.access.authority
    entries, definitions, past = configuration.entries, configuration.definitions, configuration.history
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
        Resource(routes.SUBSCRIBER_RESUMPTION, {"POST": handlers.resume}, gate),
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
