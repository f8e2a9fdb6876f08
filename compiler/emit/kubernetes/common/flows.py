"""Flows, as data: who opens a connection to whom, on which ports, and which statement asks for it.

Each component declares its own flows. Each flow becomes an egress rule of its source and an ingress rule of its
destination, and nothing else is open. Prometheus scrapes the ports that components declare, and no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.kubernetes.common.endpoints import DNS, KUBERNETES_API
from compiler.emit.names import DNS_PORT, HTTPS_PORT

if TYPE_CHECKING:
    from compiler.emit.kubernetes.common.endpoints import Endpoint, Pods

INGRESS = "network.segmentation.traffic.ingress"
EGRESS = "network.segmentation.traffic.egress"


@dataclass(frozen=True, slots=True)
class Flow:
    """Connections from one endpoint to another."""

    source: Endpoint
    destination: Endpoint
    ports: tuple[int, ...]
    reason: str
    statement: str
    """The path in the specification of the statement that asks for it."""
    item: str = ""
    """The entry of the list at that path, where it is one of several: without the entry there is no flow."""
    protocols: tuple[str, ...] = ("TCP",)


@dataclass(frozen=True, slots=True)
class Scrape:
    """A port at which pods of one kind serve metrics in Prometheus' format."""

    pods: Pods
    port: int


def to_kubernetes(pods: Pods, statement: str, item: str = "") -> Flow:
    """Return the flow of pods that ask the API server about their cluster."""
    # Managed control planes, of Amazon and of Azure, listen on the port of HTTPS.
    return Flow(pods, KUBERNETES_API, (HTTPS_PORT,), "what the cluster says about itself", statement, item)


def to_dns(pods: Pods, statement: str, item: str = "") -> Flow:
    """Return the flow of pods that resolve names."""
    return Flow(pods, DNS, (DNS_PORT,), "names", statement, item, protocols=("UDP", "TCP"))
