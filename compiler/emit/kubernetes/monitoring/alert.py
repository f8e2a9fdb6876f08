"""An alert, as a rule of Prometheus.

Upstream: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Unit(Enum):
    """The unit of a quantity, by its name in Grafana; a moment is in seconds since 1970."""

    NUMBER = "short"
    PERCENT = "percent"
    SECONDS = "s"
    MOMENT = "dateTimeAsLocal"
    REQUESTS = "reqps"


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert, which fires once ``measured``, a question to Prometheus, has compared so with ``level`` for a time.

    ``relation`` is the operator of the comparison, and ``lasts`` the time. A level is a number, or another question to
    Prometheus. ``statement`` is the path of what decides the level, or that
    there is something to watch.
    """

    name: str
    measured: str
    relation: str
    level: int | str
    lasts: str
    severity: str
    summary: str
    statement: str
    unit: Unit = Unit.NUMBER

    @property
    def rule(self) -> dict[str, Any]:
        """The rule of Prometheus."""
        return {
            "alert": self.name,
            "expr": f"{self.measured} {self.relation} {self.level}",
            "for": self.lasts,
            "labels": {"severity": self.severity},
            "annotations": {
                "summary": self.summary,
                "statement": self.statement,
                "runbook": f"docs/alerts.md#{self.name.lower()}",
            },
        }
