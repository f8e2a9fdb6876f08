"""An alert, as a rule of Prometheus.

Upstream: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert: it fires when ``expression`` has held for so long.

    ``statement`` is the path of what decides its level, or that there is something to watch.
    """

    name: str
    expression: str
    lasts: str
    severity: str
    summary: str
    statement: str

    @property
    def rule(self) -> dict[str, Any]:
        """The rule of Prometheus."""
        return {
            "alert": self.name,
            "expr": self.expression,
            "for": self.lasts,
            "labels": {"severity": self.severity},
            "annotations": {
                "summary": self.summary,
                "statement": self.statement,
                "runbook": f"docs/alerts.md#{self.name.lower()}",
            },
        }
