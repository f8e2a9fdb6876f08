"""Measurements of nodes: node-exporter on each node, where the platform brings none.

It sees the node through the part of ``/proc`` that no container has of its own: CPU, memory, load, pressure and disks.
So it needs no path of the node, none of its namespaces and no user of its own there, and runs as restricted as every
other pod. The kubelet measures what it cannot see: file systems, and the network.

Sources: ``containers.sidecar.metrics``, ``containers.images.node_exporter``, the cluster's ``node_metrics``.
Upstream: https://github.com/prometheus/node_exporter#collectors
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.access import service_account
from compiler.emit.kubernetes.common.endpoints import pods_of
from compiler.emit.kubernetes.common.flows import Scrape
from compiler.emit.kubernetes.common.metadata import PART_OF, Wave, kubernetes_object
from compiler.emit.kubernetes.common.pod_security import OWN_USER
from compiler.emit.kubernetes.common.pods import Container, Pod
from compiler.emit.kubernetes.common.resources import MEBIBYTE, guaranteed
from compiler.emit.kubernetes.monitoring.flows import monitored
from compiler.emit.names import NODE_METRICS
from compiler.model.units import Cores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

CONTAINER = "node-exporter"
RESOURCES = guaranteed(Cores(100), MEBIBYTE * 64)

COLLECTORS = ("cpu", "diskstats", "loadavg", "meminfo", "pressure", "stat", "vmstat")
"""The collectors that read values of the node from inside a container."""

_SELECTOR = {"app.kubernetes.io/name": NODE_METRICS}
PODS = pods_of("management", NODE_METRICS, _SELECTOR)


def measured(site: Site) -> bool:
    """Return whether node-exporter is to run here: the platform brings none, and metrics may leave the zones."""
    return monitored(site) and not site.cluster.node_metrics


def node_metrics(site: Site) -> Iterator[Document]:
    """Yield the DaemonSet with a pod on every node, and its ServiceAccount, which has no rights."""
    if not measured(site):
        return
    yield service_account(NODE_METRICS, "management", _SELECTOR)
    spec = {
        "selector": {"matchLabels": _SELECTOR},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
        "template": {"metadata": {"labels": {**_SELECTOR, **PART_OF}}, "spec": _pod(site).fields},
    }
    yield kubernetes_object(
        kinds.DAEMON_SET, NODE_METRICS, Wave.CONNECTION, zone="management", labels=_SELECTOR, spec=spec
    )


def scrapes(site: Site) -> Iterator[Scrape]:
    """Yield the ports of the measurements."""
    if measured(site):
        for port in site.spec.containers.sidecar.metrics.ports:
            yield Scrape(PODS, port)


def _pod(site: Site) -> Pod:
    ports = site.spec.containers.sidecar.metrics.ports
    answers = {"httpGet": {"path": "/", "port": ports[0]}, "periodSeconds": 10, "timeoutSeconds": 5}
    container = Container(
        name=CONTAINER,
        image=site.spec.containers.images.node_exporter.reference,
        resources=RESOURCES,
        args=(
            *(f"--web.listen-address=:{port}" for port in ports),
            "--collector.disable-defaults",
            *(f"--collector.{name}" for name in COLLECTORS),
        ),
        ports={f"metrics-{port}": port for port in ports},
        probes={"livenessProbe": answers},
    )
    everywhere = {"tolerations": [{"operator": "Exists"}]}
    return Pod(NODE_METRICS, OWN_USER, (container,), placement=everywhere)
