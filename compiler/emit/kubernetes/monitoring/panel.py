"""A panel of a dashboard: series over time, and the levels that the specification states as lines.

Upstream: https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/view-dashboard-json-model/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from compiler.emit.kubernetes.monitoring.alert import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compiler.emit.kubernetes.monitoring.alert import Alert

SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
"""The Prometheus that the reader of the dashboard chooses."""

BY_LABELS: Final = "__auto"
"""The legend that names each series by its labels."""

_COLOURS = {"critical": "red", "warning": "orange"}
_MILLISECONDS = 1000  # Grafana counts moments in them


@dataclass(frozen=True, slots=True)
class Line:
    """A line at a level; ``statement`` is the path of the statement that decides it.

    The axis reaches it, unless it is ``far`` above what one wants to see of the series.
    """

    level: float
    statement: str
    colour: str = "blue"
    far: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel; its ``series`` are questions to Prometheus, by their legends."""

    title: str
    about: str
    unit: Unit
    series: dict[str, str]
    lines: tuple[Line, ...]
    statements: tuple[str, ...] = ()
    """The paths of the statements that decide the panel, beside those of its lines."""

    def document(self, number: int, place: dict[str, int]) -> dict[str, Any]:
        """Return the panel as Grafana's JSON, with the number that is its own in the dashboard, at its place."""
        steps = [
            {"color": line.colour, "value": line.level} for line in sorted(self.lines, key=lambda each: each.level)
        ]
        levels = [line.level for line in self.lines if not line.far]
        # Grafana fits an axis to its series: without these bounds, nobody sees a line that no series is near.
        bounds = {"axisSoftMin": min(0, *levels), "axisSoftMax": max(levels)} if levels else {}
        deciding = ", ".join(dict.fromkeys(f"`{each}`" for each in (*self.statements, *self._of_lines())))
        return {
            "id": number,
            "type": "timeseries",
            "title": self.title,
            "description": f"{self.about}\n\nDecided by {deciding}.",
            "datasource": SOURCE,
            "gridPos": place,
            "fieldConfig": {
                "defaults": {
                    "unit": self.unit.value,
                    "thresholds": {"mode": "absolute", "steps": [{"color": "transparent", "value": None}, *steps]},
                    "custom": {"thresholdsStyle": {"mode": "line" if steps else "off"}, **bounds},
                },
                "overrides": [],
            },
            "options": {
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
                "tooltip": {"mode": "multi", "sort": "desc"},
            },
            "targets": [
                {"refId": chr(ord("A") + index), "datasource": SOURCE, "expr": question, "legendFormat": legend}
                for index, (legend, question) in enumerate(self.series.items())
            ],
        }

    def _of_lines(self) -> tuple[str, ...]:
        return tuple(line.statement for line in self.lines)


def panel_of(alerts: Sequence[Alert]) -> Panel:
    """Return the panel of the alerts of one name, which differ in their levels and severities alone."""
    first = alerts[0]
    # Without labels, Grafana would write the whole question into the legend.
    legend = BY_LABELS if " by (" in first.measured else "measured"
    series, lines = {legend: _drawn(first, first.measured)}, []
    for alert in alerts:
        if isinstance(alert.level, str):
            series["limit"] = _drawn(alert, alert.level)
        else:
            lines.append(Line(alert.level, alert.statement, _COLOURS[alert.severity]))
    about = "\n\n".join(f"**{alert.severity}**: {alert.summary}" for alert in alerts)
    runbook = f"Runbook: `docs/alerts.md`, section {first.name}."
    statements = tuple(alert.statement for alert in alerts)
    return Panel(first.name, f"{about}\n\n{runbook}", first.unit, series, tuple(lines), statements)


def _drawn(alert: Alert, question: str) -> str:
    return f"{_MILLISECONDS} * ({question})" if alert.unit is Unit.MOMENT else question
