"""The PrometheusRule of the API, with all of its alerts.

Sources: ``network.segmentation.traffic.egress``.
Upstream: https://prometheus-operator.dev/docs/developer/alerting/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.monitoring.audit_alerts import audit_alerts
from compiler.emit.kubernetes.monitoring.flows import monitored
from compiler.emit.kubernetes.monitoring.service_alerts import limit_alerts, service_alerts
from compiler.emit.names import API

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site


def alerts(site: Site) -> Iterator[Document]:
    """Yield the PrometheusRule; nothing where metrics may not leave the zones."""
    if monitored(site):
        found = {"audit": audit_alerts(site), "service": service_alerts(), "limits": limit_alerts(site)}
        groups = [{"name": name, "rules": [alert.rule for alert in group]} for name, group in found.items()]
        yield kubernetes_object(
            kinds.PROMETHEUS_RULE, API, Wave.CONNECTION, zone="application", spec={"groups": groups}
        )
