"""Flows of the API to the services that it depends on; those of its clients are the proxy's.

Sources: ``network.segmentation.traffic.egress``, ``components.integration_layer``, the environment's ``sign_in`` and
``subscribers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.cache.flows import REDIS, REDIS_SENTINEL
from compiler.emit.kubernetes.common import endpoints as at
from compiler.emit.kubernetes.common.endpoints import pods_of
from compiler.emit.kubernetes.common.flows import EGRESS, Flow, Scrape, port_of, to_dns
from compiler.emit.kubernetes.common.metadata import SELECTOR
from compiler.emit.kubernetes.database.flows import POSTGRES, READ_ONLY_POOLER, WRITE_POOLER
from compiler.emit.names import HTTPS_PORT, POSTGRES_PORT, REDIS_PORT, SENTINEL_PORT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

API = pods_of("application", "api", SELECTOR)


def flows(site: Site) -> Iterator[Flow]:
    """Yield the flows to the services that the API calls, and to DNS, which resolves their names."""
    if "Dependencies" not in site.spec.network.segmentation.traffic.egress:
        return
    serves, features = site.serves, site.spec.components.integration_layer.features
    issuer, workloads = site.environment.sign_in.issuer, site.cluster.workloads
    directly = "notifications of changes, which need a session of their own" if serves else "reads, while it stands by"
    for destination, port, reason, wanted in (
        (WRITE_POOLER, POSTGRES_PORT, "transactions", serves),
        (READ_ONLY_POOLER, POSTGRES_PORT, "reads that may lag behind", serves and site.reads_replicas),
        (POSTGRES, POSTGRES_PORT, directly, True),
        (REDIS, REDIS_PORT, "the cache and the buckets of throttling", True),
        (REDIS_SENTINEL, SENTINEL_PORT, "which server of the cache is the primary", True),
        (at.IDENTITY_PROVIDER, port_of(issuer), "the keys by which tokens of people are verified", True),
        (
            at.WORKLOAD_ISSUER,
            HTTPS_PORT if workloads is None else port_of(workloads.issuer),
            "the keys by which tokens of pods are verified",
            workloads is not None and site.cluster.addresses.workload_issuer is not None,
        ),
        (at.FIS, HTTPS_PORT, "the FIS connector", serves and "FIS connector" in features),
        (at.CORE_BANKING, HTTPS_PORT, "the core banking interface", serves and "Core banking interface" in features),
    ):
        if wanted:
            yield Flow(API, destination, (port,), reason, EGRESS, "Dependencies")
    if site.subscribers and site.environment.addresses.receivers is not None:
        ports = tuple(sorted({port_of(each.url) for each in site.subscribers}))
        yield Flow(API, at.RECEIVERS, ports, "deliveries of changes to subscribers", EGRESS, "Dependencies")
    yield from to_dns(site, API, EGRESS, "Dependencies")


def scrapes(site: Site) -> Iterator[Scrape]:
    """Yield the management port of the API, which no client reaches."""
    yield Scrape(API, site.settings.process.management_port)
