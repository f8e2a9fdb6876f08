"""PodMonitors: the pods that Prometheus scrapes.

Each port that the NetworkPolicies open to Prometheus has a PodMonitor: both are derived from the components' scrapes.

Sources: ``network.segmentation.traffic.egress``, ``connections.database.monitoring``.
Upstream: https://prometheus-operator.dev/docs/developer/getting-started/#using-podmonitors
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.network.network_policies import selector
from compiler.emit.text import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.common.flows import Scrape

DEFAULT_PATH = "/metrics"


def pod_monitors(scraped: Sequence[Scrape]) -> Iterator[Document]:
    """Yield a PodMonitor for each scraped kind of pod, in its own zone, with all ports that are scraped there."""
    for name, items in groupby(sorted(scraped, key=_name), key=_name):
        ports = list(items)
        pods = ports[0].pods
        spec = {"selector": selector(pods), "podMetricsEndpoints": [_endpoint(item) for item in ports]}
        yield kubernetes_object(kinds.POD_MONITOR, name, Wave.CONNECTION, zone=pods.zone, spec=spec)


def _name(item: Scrape) -> str:
    return item.pods.name


def _endpoint(item: Scrape) -> dict[str, Any]:
    path = {} if item.path == DEFAULT_PATH else {"path": item.path}
    interval = seconds(item.interval)
    # A pod that is asked a question answers in a time of its own, which Prometheus' usual one may be shorter than.
    parameters = {name: [value] for name, value in item.parameters.items()}
    asked = {"params": parameters, "scrapeTimeout": interval} if parameters else {}
    return {"portNumber": item.port, **path, **asked, "interval": interval}
