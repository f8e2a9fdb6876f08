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
from compiler.emit.kubernetes.monitoring.probes import probe_alerts
from compiler.emit.kubernetes.monitoring.queue_alerts import queue_alerts
from compiler.emit.kubernetes.monitoring.recovery_alerts import recovery_alerts
from compiler.emit.kubernetes.monitoring.restore_alerts import restore_alerts
from compiler.emit.kubernetes.monitoring.scaling_alerts import scaling_alerts
from compiler.emit.kubernetes.monitoring.secret_alerts import secret_alerts
from compiler.emit.kubernetes.monitoring.service_alerts import limit_alerts, service_alerts
from compiler.emit.names import API

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.monitoring.alert import Alert
    from compiler.emit.site import Site

_STANDING_BY = frozenset({"host", "service", "limits", "certificates", "recovery", "scaling"})
"""The groups of a cluster that stands by: on the name, and on its pods, certificates, copy of the data and volumes."""


def alerts(site: Site) -> Iterator[Document]:
    """Yield the PrometheusRule; nothing where metrics may not leave the zones."""
    if monitored(site):
        groups = [{"name": name, "rules": [alert.rule for alert in found]} for name, found in groups_of(site).items()]
        yield kubernetes_object(
            kinds.PROMETHEUS_RULE, API, Wave.CONNECTION, zone="application", spec={"groups": groups}
        )


def groups_of(site: Site) -> Mapping[str, Sequence[Alert]]:
    """Return the alerts of a cluster in their groups, none of which is empty."""
    groups: dict[str, Callable[[Site], Iterable[Alert]]] = {
        "objectives": objective_alerts,
        "host": probe_alerts,
        "audit": audit_alerts,
        "queue": queue_alerts,
        "notifications": notification_alerts,
        "service": service_alerts,
        "external": external_alerts,
        "limits": limit_alerts,
        "secrets": secret_alerts,
        "certificates": certificate_alerts,
        "recovery": recovery_alerts,
        "restore": restore_alerts,
        "scaling": scaling_alerts,
    }
    wanted = {name: tell for name, tell in groups.items() if site.serves or name in _STANDING_BY}
    return {name: found for name, tell in wanted.items() if (found := tuple(tell(site)))}
