"""Flows of the proxy: from the load balancer, and from Prometheus to its statistics.

Sources: ``network.segmentation.traffic.ingress``, ``containers.sidecar.proxy.ports``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.envoy.ports import https_port, statistics_ports
from compiler.emit.kubernetes.application.flows import API
from compiler.emit.kubernetes.common import endpoints as at
from compiler.emit.kubernetes.common.flows import INGRESS, Flow, Scrape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

STATISTICS = "/stats/prometheus"


def flows(site: Site) -> Iterator[Flow]:
    """Yield the flow of the load balancer, the only way in: clients and people on the VPN come through it."""
    if (item := "Load balancer") in site.spec.network.segmentation.traffic.ingress:
        reason = "requests of clients and of people on the VPN, and the load balancer's health checks"
        yield Flow(at.LOAD_BALANCER, API, (https_port(site),), reason, INGRESS, item)


def scrapes(site: Site) -> Iterator[Scrape]:
    """Yield the ports of statistics; the API serves its own metrics at another one."""
    for port in statistics_ports(site):
        yield Scrape(API, port, STATISTICS)
