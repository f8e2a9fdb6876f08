"""PodMonitors: the pods that Prometheus scrapes.

Each port that the NetworkPolicies open to Prometheus has a PodMonitor: both are derived from the components' scrapes.

Sources: ``network.segmentation.traffic.egress``, ``connections.database.monitoring``.
Upstream: https://prometheus-operator.dev/docs/developer/getting-started/#using-podmonitors
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.network.network_policies import selector

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.common.flows import Scrape

# Much shorter than the specification's windows.
INTERVAL = "30s"


def pod_monitors(scraped: Sequence[Scrape]) -> Iterator[Document]:
    """Yield a PodMonitor for each scraped kind of pod, in its own zone."""
    for item in scraped:
        endpoint = {"portNumber": item.port, "interval": INTERVAL}
        spec = {"selector": selector(item.pods), "podMetricsEndpoints": [endpoint]}
        yield kubernetes_object(kinds.POD_MONITOR, item.pods.name, Wave.CONNECTION, zone=item.pods.zone, spec=spec)
