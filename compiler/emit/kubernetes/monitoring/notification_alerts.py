"""Alerts on notifications of connectors: that they are taken.

Sources: ``components.integration_layer``, the environment's ``connectors``.
Upstream: https://prometheus-operator.dev/docs/developer/alerting/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.monitoring.alert import Alert
from compiler.emit.names import namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site


def notification_alerts(site: Site) -> Iterator[Alert]:
    """Yield the alerts on notifications, where there are connectors, by metrics of workers (runtime/telemetry.py)."""
    if not site.connectors:
        return
    pods = f'namespace="{namespace("application")}"'
    yield Alert(
        "NotificationsRefused",
        "sum by (connector, outcome) (increase(notifications_total"
        f'{{{pods},connector!="unknown",outcome!~"taken|repeated"}}[15m]))',
        ">",
        0,
        "0m",
        "warning",
        "Notifications in the name of a connector were not taken: its keys or clock are wrong, or others sent them.",
        "components.integration_layer.features",
    )
