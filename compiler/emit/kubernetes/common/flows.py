"""Flows: connections between endpoints, with their ports and the statement that asks for them, as data.

Each component declares its own flows. A flow becomes an egress rule of its source and an ingress rule of its
destination, and all other connections are closed. Prometheus scrapes only the ports that components declare.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from compiler.emit.kubernetes.common.endpoints import DNS, DNS_CACHE, KUBERNETES_API
from compiler.emit.names import DNS_PORT, HTTPS_PORT
from compiler.model.units import Duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compiler.emit.kubernetes.common.endpoints import Endpoint, Pods
    from compiler.emit.site import Site

INGRESS = "network.segmentation.traffic.ingress"
EGRESS = "network.segmentation.traffic.egress"

INTERVAL = Duration(30)
"""The time between two readings of a pod's metrics: much shorter than the specification's windows."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Connections from one endpoint to another."""

    source: Endpoint
    destination: Endpoint
    ports: tuple[int, ...]
    reason: str
    statement: str
    """The path of the statement in the specification that asks for the flow."""
    item: str = ""
    """The entry of the list at that path, if it is a list: without the entry there is no flow."""
    protocols: tuple[str, ...] = ("TCP",)


@dataclass(frozen=True, slots=True)
class Scrape:
    """A port at which pods of one kind serve metrics for Prometheus."""

    pods: Pods
    port: int
    path: str = "/metrics"
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The query of the request."""
    interval: Duration = INTERVAL


def port_of(address: str) -> int:
    """Return the port of an HTTPS address."""
    return urlsplit(address).port or HTTPS_PORT


def to_kubernetes(pods: Pods, statement: str, item: str = "") -> Flow:
    """Return the flow of pods that call the API server of their cluster."""
    # The managed control planes of Amazon and Azure listen on the HTTPS port.
    return Flow(pods, KUBERNETES_API, (HTTPS_PORT,), "what the cluster says about itself", statement, item)


def to_dns(site: Site, pods: Pods, statement: str, item: str = "") -> Iterator[Flow]:
    """Yield the flows of pods that resolve names: to the cluster's servers, and to a cache on their node.

    A cache takes the place of the servers' Service, and of no server: pods ask the servers while it is down.
    """
    for server in (DNS, DNS_CACHE) if DNS_CACHE.of(site) else (DNS,):
        yield Flow(pods, server, (DNS_PORT,), "names", statement, item, protocols=("UDP", "TCP"))
