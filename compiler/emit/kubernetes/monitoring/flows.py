"""Flows of metrics: Prometheus scrapes pods and kubelets, sends alerts, and the autoscalers query it.

Sources: ``network.segmentation.traffic.egress``, ``auto_scaling``, ``components.*.scaling``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.common import endpoints as at
from compiler.emit.kubernetes.common.flows import EGRESS, Flow, to_dns, to_kubernetes
from compiler.emit.names import PROMETHEUS_PORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compiler.emit.kubernetes.common.endpoints import Endpoint
    from compiler.emit.kubernetes.common.flows import Scrape
    from compiler.emit.site import Site

    Connection = tuple[Endpoint, Endpoint, int, str]
    """Source, destination, port and reason."""

# The port of the metrics adapter's aggregated API: https://github.com/kubernetes-sigs/prometheus-adapter
ADAPTER_PORT = 6443
# https://github.com/prometheus/alertmanager, https://github.com/kubernetes/kube-state-metrics
ALERTMANAGER_PORT, STATE_METRICS_PORT = 9093, 8080
# https://cert-manager.io/docs/devops-tips/prometheus-metrics/
CERTIFICATES_PORT = 9402
# https://kubernetes.io/docs/reference/networking/ports-and-protocols/
KUBELET_PORT = 10250
_ITEM = "Monitoring"


def monitored(site: Site) -> bool:
    """Return whether metrics may leave the zones."""
    return _ITEM in site.spec.network.segmentation.traffic.egress


def monitoring_flows(site: Site, scraped: Sequence[Scrape]) -> Iterator[Flow]:
    """Yield the flows to the scraped ports, and those to Prometheus."""
    if not monitored(site):
        return
    for name in dict.fromkeys(item.pods.name for item in scraped):
        found = [item for item in scraped if item.pods.name == name]
        ports = tuple(item.port for item in found)
        yield Flow(at.PROMETHEUS, found[0].pods, ports, "measurements", EGRESS, _ITEM)
    for source, destination, port, reason in (*_platform(site), *_queries(site)):
        yield Flow(source, destination, (port,), reason, EGRESS, _ITEM)
    for pods in (at.PROMETHEUS, at.METRICS_ADAPTER)[: 2 if site.scales_pods else 1]:
        yield to_kubernetes(pods, EGRESS, _ITEM)
        yield from to_dns(site, pods, EGRESS, _ITEM)


def _platform(site: Site) -> Iterator[Connection]:
    """Yield the connections of Prometheus to programs that are the platform's own."""
    yield at.PROMETHEUS, at.ALERTMANAGER, ALERTMANAGER_PORT, "alerts"
    yield at.PROMETHEUS, at.STATE_METRICS, STATE_METRICS_PORT, "the state of objects, as replicas that are missing"
    yield at.PROMETHEUS, at.CERTIFICATE_MANAGER, CERTIFICATES_PORT, "when certificates end"
    if at.NODES.of(site):
        yield at.PROMETHEUS, at.NODES, KUBELET_PORT, "measurements of containers and volumes, by the kubelets"


def _queries(site: Site) -> Iterator[Connection]:
    if site.scales_replicas:
        yield at.SCALER, at.PROMETHEUS, PROMETHEUS_PORT, "when the database needs another replica"
    if site.scales_pods:
        yield at.METRICS_ADAPTER, at.PROMETHEUS, PROMETHEUS_PORT, "requests of each pod of the API"
        yield at.KUBERNETES_API, at.METRICS_ADAPTER, ADAPTER_PORT, "the autoscaler asks for that metric"
