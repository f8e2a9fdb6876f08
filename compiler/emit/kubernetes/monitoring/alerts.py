"""Alerts on the audit trail: that it is sealed, whole and recorded, and that requests are refused more than usual.

Sources: ``network.segmentation.traffic.egress``.
Upstream: https://prometheus-operator.dev/docs/developer/alerting/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.monitoring.flows import monitored
from compiler.emit.names import API, namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

GROUP = "audit"
# A change is in the chain a second after it was made: much more is an outage, or a defect of sealing.
UNSEALED_SECONDS = 60
# Clients that repeat a refused request, or try others' doors, and not the few that forget a header.
REFUSED_PERCENT = 10


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert: it fires when ``expression`` has held for so long."""

    name: str
    expression: str
    lasts: str
    severity: str
    summary: str

    @property
    def rule(self) -> dict[str, Any]:
        """The rule of Prometheus."""
        return {
            "alert": self.name,
            "expr": self.expression,
            "for": self.lasts,
            "labels": {"severity": self.severity},
            "annotations": {"summary": self.summary},
        }


def alerts(site: Site) -> Iterator[Document]:
    """Yield the PrometheusRule; nothing where metrics may not leave the zones."""
    if monitored(site):
        rules = [alert.rule for alert in _alerts(f'namespace="{namespace("application")}"')]
        spec = {"groups": [{"name": GROUP, "rules": rules}]}
        yield kubernetes_object(kinds.PROMETHEUS_RULE, API, Wave.CONNECTION, zone="application", spec=spec)


def _alerts(pods: str) -> tuple[Alert, ...]:
    """Return the alerts on the metrics of the API (runtime/telemetry.py), from ``pods``."""
    refused = f'sum(rate(audit_refusals_total{{{pods},status!="429"}}[10m]))'
    asked = f'sum(rate(http_requests_total{{{pods},route=~"/v1/.+|unmatched"}}[10m]))'
    return (
        Alert(
            "AuditTrailNotSealed",
            f"max(audit_unsealed_age_seconds{{{pods}}}) > {UNSEALED_SECONDS}",
            "5m",
            "critical",
            "Changes and refusals have not been sealed in the audit trail for more than a minute.",
        ),
        Alert(
            "AuditTrailShorter",
            f"max(audit_length{{{pods}}}) < max(max_over_time(audit_length{{{pods}}}[1h]))",
            "5m",
            "critical",
            "The chain of the audit trail has fewer records than before: verify it with the anchors.",
        ),
        Alert(
            "AuditNotesLost",
            f"sum(increase(audit_notes_dropped_total{{{pods}}}[15m])) > 0",
            "0m",
            "warning",
            "Refusals are missing in the audit trail: the database was away for too long. The log has them.",
        ),
        Alert(
            "RequestsRefused",
            f"100 * {refused} / {asked} > {REFUSED_PERCENT}",
            "10m",
            "warning",
            f"More than {REFUSED_PERCENT} % of the requests are refused, apart from those beyond a rate limit.",
        ),
    )
