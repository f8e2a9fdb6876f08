"""The adapters that the service is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runtime.domain.deliveries import Subscription
    from runtime.domain.notifications import Connector
    from runtime.environment import ForwardedHeader, Network
    from runtime.ports.access import AccessStore, ProposalStore
    from runtime.ports.audit import AuditTrail
    from runtime.ports.availability import Pool
    from runtime.ports.entries import ChangeFeed, EntryStore
    from runtime.ports.external import ExternalPool, KeyRing, KeySource, Receiver
    from runtime.ports.machine import DatedSecret, MemoryReader
    from runtime.ports.queue import DeliveryQueue, NotificationStore
    from runtime.ports.throttling import TokenBuckets
    from runtime.services.draining import Draining
    from runtime.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Adapters:
    """The adapters of every port of the service.

    ``replace`` ends this worker, so that another takes its place. Without ``receivers`` it delivers no changes.
    ``connectors`` are those whose notifications are taken, and their keys.
    ``external`` are the connections to external services, by what they are for. ``secrets`` are those of the worker.
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
    notifications: NotificationStore
    receivers: Mapping[Subscription, Receiver] = field(default_factory=dict)
    connectors: Mapping[Connector, KeyRing] = field(default_factory=dict)
    external: Mapping[str, ExternalPool] = field(default_factory=dict)
    secrets: Mapping[str, DatedSecret] = field(default_factory=dict)
    trusted_proxies: Sequence[Network] = ()
    forwarded_header: ForwardedHeader | None = None

    def pools(self) -> dict[str, Pool]:
        """Return every pool of connections, by what it is for."""
        return {**self.store.pools(), **{name: each.pool for name, each in self.external.items()}}
