"""Flows of Redis and its sentinels.

Sources: ``storage.cache``, ``redundancy.application.failover``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.cache.snapshots import PODS as SNAPSHOT_PODS
from compiler.emit.kubernetes.cache.snapshots import taken
from compiler.emit.kubernetes.common import endpoints as at
from compiler.emit.kubernetes.common.endpoints import pods_of
from compiler.emit.kubernetes.common.flows import Flow, Scrape, to_dns, to_kubernetes
from compiler.emit.names import CACHE, REDIS_METRICS_PORT, REDIS_PORT, SENTINEL, SENTINEL_PORT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

REDIS = pods_of("data", "redis", {"app": CACHE, "role": "replication"})
# The operator appends the role to the name of sentinels only.
REDIS_SENTINEL = pods_of("data", "sentinel", {"app": f"{SENTINEL}-sentinel", "role": "sentinel"})
CACHE_SNAPSHOTS = pods_of("data", "cache-copies", SNAPSHOT_PODS)

FAILOVER = "redundancy.application.failover"
CACHE_TYPE = "storage.cache.type"
SNAPSHOTS = "storage.cache.persistence.backup_schedule"


def flows(site: Site) -> Iterator[Flow]:
    """Yield the flows of the servers and of their sentinels."""
    yield Flow(at.CACHE_OPERATOR, REDIS, (REDIS_PORT,), "who is the master", CACHE_TYPE)
    yield Flow(at.CACHE_OPERATOR, REDIS_SENTINEL, (SENTINEL_PORT,), "whom the sentinels watch", CACHE_TYPE)
    yield Flow(REDIS, REDIS, (REDIS_PORT,), "replication", CACHE_TYPE)
    # Where there is TLS, the operator tells a replica its primary by name: unresolved, no replica ever begins.
    yield from to_dns(site, REDIS, CACHE_TYPE)
    yield Flow(REDIS_SENTINEL, REDIS, (REDIS_PORT,), "whether the master lives", FAILOVER)
    yield Flow(REDIS_SENTINEL, REDIS_SENTINEL, (SENTINEL_PORT,), "agreement on a failover", FAILOVER)


def snapshot_flows(site: Site) -> Iterator[Flow]:
    """Yield the flow of the Job that takes snapshots; none where the cache has no volumes."""
    if taken(site):
        yield to_kubernetes(CACHE_SNAPSHOTS, SNAPSHOTS)


def scrapes(_: Site) -> Iterator[Scrape]:
    """Yield the port of the servers' exporter."""
    yield Scrape(REDIS, REDIS_METRICS_PORT)
