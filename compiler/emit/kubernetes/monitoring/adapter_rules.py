"""The metrics adapter's rule for the autoscaler: the requests per minute of each pod of the API.

Sources: ``network.segmentation.traffic.egress``, ``auto_scaling.application.triggers.requests``.
Upstream: https://github.com/kubernetes-sigs/prometheus-adapter/blob/master/docs/config.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.application.autoscaling import REQUESTS_METRIC
from compiler.emit.kubernetes.application.flows import API
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.monitoring.flows import monitored
from compiler.emit.names import ADAPTER_RULES
from compiler.emit.serialise import to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

# Four measurements, so that a missing one changes little.
RATE_WINDOW = "2m"
# The API's counter of its clients' requests (runtime/telemetry.py), without probes.
SERIES, ROUTES = "http_requests_total", "/v1/.+"
_RULES = "Metrics by which pods are scaled."


def adapter_rules(site: Site) -> Iterator[Document]:
    """Yield the ConfigMap with the adapter's rule; nothing where metrics may not leave the zones, or none scale."""
    if monitored(site) and site.scales_pods:
        rules = {"config.yaml": to_yaml({"rules": [_requests()]}, _RULES).decode()}
        yield kubernetes_object(kinds.CONFIG_MAP, ADAPTER_RULES, Wave.CONNECTION, zone="management", data=rules)


def _requests() -> Document:
    """Return the rule for the requests per minute of one pod, under the autoscaler's name for the metric.

    A pod without a request of a client has none of their series, but those of its probes: it counts as zero, since a
    missing metric would keep the autoscaler from removing pods.
    """
    counted = f'<<.Series>>{{<<.LabelMatchers>>,route=~"{ROUTES}"}}'
    return {
        "seriesQuery": f'{SERIES}{{namespace="{API.namespace}",pod!=""}}',
        "resources": {"overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}},
        "name": {"as": REQUESTS_METRIC},
        "metricsQuery": (
            f"60 * sum by (<<.GroupBy>>) (rate({counted}[{RATE_WINDOW}]))"
            " or 0 * count by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>})"
        ),
    }
