"""Where measurements come from: what Prometheus fetches, and the metric by which the API is scaled.

What a NetworkPolicy lets Prometheus fetch is a PodMonitor, so that what is fetched and what may be are the same.

Sources: ``network.segmentation.traffic.egress``, ``connections.database.monitoring``, ``auto_scaling``.
Upstream: https://prometheus-operator.dev/docs/developer/getting-started/#using-podmonitors,
https://github.com/kubernetes-sigs/prometheus-adapter/blob/master/docs/config.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.application.autoscaling import REQUESTS_METRIC
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.network import endpoints as at
from compiler.emit.kubernetes.network.flows import fetched
from compiler.emit.kubernetes.network.network_policies import selector
from compiler.emit.names import ADAPTER_RULES
from compiler.emit.serialise import to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.network import Zone

# Well within the windows of the specification.
INTERVAL = "30s"
# Four measurements, so that a missing one changes little.
RATE_WINDOW = "2m"
# What the API counts (runtime/telemetry.py) of its clients' requests: probes are none of them.
SERIES, ROUTES = "http_requests_total", "/v1/.+"
_RULES = "Metrics by which pods are scaled."


def monitoring(site: Site) -> Iterator[Document]:
    """Yield a PodMonitor for each kind of pod that measures itself, and the adapter's rule for the autoscaler."""
    monitored = fetched(site)
    for pods, port in monitored:
        endpoint = {"portNumber": port, "interval": INTERVAL}
        spec = {"selector": selector(pods), "podMetricsEndpoints": [endpoint]}
        zone: Zone = "application" if pods is at.API else "data"
        yield kubernetes_object(kinds.POD_MONITOR, pods.name, Wave.CONNECTION, zone=zone, spec=spec)
    if any(pods is at.API for pods, _ in monitored):
        rules = {"config.yaml": to_yaml({"rules": [_requests()]}, _RULES).decode()}
        yield kubernetes_object(kinds.CONFIG_MAP, ADAPTER_RULES, Wave.CONNECTION, zone="management", data=rules)


def _requests() -> Document:
    """The requests of one pod in a minute, under the name by which the autoscaler asks for them."""
    counted = f'<<.Series>>{{<<.LabelMatchers>>,route=~"{ROUTES}"}}'
    return {
        "seriesQuery": f'{SERIES}{{namespace="{at.API.namespace}",pod!=""}}',
        "resources": {"overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}},
        "name": {"as": REQUESTS_METRIC},
        "metricsQuery": f"60 * sum by (<<.GroupBy>>) (rate({counted}[{RATE_WINDOW}]))",
    }
