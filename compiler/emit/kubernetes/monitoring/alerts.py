"""The PrometheusRule of the API, with all of its alerts.

Sources: ``network.segmentation.traffic.egress``.
Upstream: https://prometheus-operator.dev/docs/developer/alerting/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.monitoring.audit_alerts import audit_alerts
from compiler.emit.kubernetes.monitoring.certificate_alerts import certificate_alerts
from compiler.emit.kubernetes.monitoring.external_alerts import external_alerts
from compiler.emit.kubernetes.monitoring.flows import monitored
from compiler.emit.kubernetes.monitoring.notification_alerts import notification_alerts
from compiler.emit.kubernetes.monitoring.objective_alerts import objective_alerts
from compiler.emit.kubernetes.monitoring.queue_alerts import queue_alerts
from compiler.emit.kubernetes.monitoring.recovery_alerts import recovery_alerts
from compiler.emit.kubernetes.monitoring.restore_alerts import restore_alerts
from compiler.emit.kubernetes.monitoring.scaling_alerts import scaling_alerts
from compiler.emit.kubernetes.monitoring.secret_alerts import secret_alerts
from compiler.emit.kubernetes.monitoring.service_alerts import SERVICE_ALERTS, limit_alerts
from compiler.emit.names import API

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.monitoring.alert import Alert
    from compiler.emit.site import Site


def alerts(site: Site) -> Iterator[Document]:
    """Yield the PrometheusRule; nothing where metrics may not leave the zones."""
    if monitored(site):
        groups = [{"name": name, "rules": [alert.rule for alert in found]} for name, found in groups_of(site).items()]
        yield kubernetes_object(
            kinds.PROMETHEUS_RULE, API, Wave.CONNECTION, zone="application", spec={"groups": groups}
        )


def groups_of(site: Site) -> Mapping[str, Sequence[Alert]]:
    """Return the alerts of a cluster in their groups, none of which is empty."""
    groups = {
        "objectives": objective_alerts(site),
        "audit": audit_alerts(site),
        "queue": queue_alerts(site),
        "notifications": notification_alerts(site),
        "service": SERVICE_ALERTS,
        "external": external_alerts(site),
        "limits": limit_alerts(site),
        "secrets": secret_alerts(site),
        "certificates": certificate_alerts(site),
        "recovery": recovery_alerts(site),
        "restore": restore_alerts(site),
        "scaling": scaling_alerts(site),
    }
    return {name: found for name, alerts in groups.items() if (found := tuple(alerts))}
