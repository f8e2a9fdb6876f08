"""Alerts on the objectives of the service: how fast its requests use up the failures that a month may have.

Each is about two windows: a long one, over which enough was used to tell somebody, and a twelfth of it, by which the
alert ends soon after the failures do. Both have to be above the level, so that the lesser one is measured.

Source: ``redundancy.application.objectives``.
Upstream: https://sre.google/workbook/alerting-on-slos/ (6, multiwindow, multi-burn-rate alerts)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from compiler.emit.kubernetes.monitoring.adapter_rules import ROUTES, SERIES
from compiler.emit.kubernetes.monitoring.alert import Alert, Unit
from compiler.emit.names import namespace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compiler.emit.site import Site

_STATED = "redundancy.application.objectives"
_ASKED = f'namespace="{namespace("application")}",route=~"{ROUTES}"'

PERIOD_HOURS = 30 * 24
"""The month over which an objective holds."""


@dataclass(frozen=True, slots=True)
class Window:
    """A long window in hours with its short one; an alert fires once it uses ``percent`` of the month's failures."""

    name: str
    words: str
    hours: int
    short: str
    percent: int
    severity: str


WINDOWS: Final = (
    Window("WithinHour", "an hour", 1, "5m", 2, "critical"),
    Window("WithinSixHours", "six hours", 6, "30m", 5, "critical"),
    Window("WithinThreeDays", "three days", 72, "6h", 10, "warning"),
)
"""The windows and levels that the workbook recommends."""


def objective_alerts(site: Site) -> Iterator[Alert]:
    """Yield an alert for each objective that is stated, and each window."""
    objectives = site.spec.redundancy.application.objectives
    if objectives is None:
        return
    for window in WINDOWS:
        yield _alert(
            "Availability",
            "availability",
            objectives.allowed_failures,
            _failed,
            "Requests that were answered by a fault",
            window,
        )
    seconds = objectives.latency.seconds
    for window in WINDOWS:
        yield _alert(
            "Latency",
            "latency.share",
            objectives.latency.allowed_slow,
            lambda over: _slow(over, seconds),
            f"Requests that took longer than {objectives.latency.within}",
            window,
        )


def _alert(name: str, key: str, allowed: float, ratio: Callable[[str], str], bad: str, window: Window) -> Alert:
    """Return the alert of one window; ``allowed`` is the part of all requests that may be bad."""
    both = " or ".join(
        f'label_replace({ratio(over)}, "window", "{over}", "", "")' for over in (f"{window.hours}h", window.short)
    )
    return Alert(
        f"{name}Lost{window.name}",
        f"100 * {window.hours} / {PERIOD_HOURS} / {allowed} * min({both})",
        ">",
        window.percent,
        "0m",
        window.severity,
        f"{bad} have used {window.percent} % of those that a month may have, within {window.words}, and go on.",
        f"{_STATED}.{key}",
        unit=Unit.PERCENT,
    )


def _failed(over: str) -> str:
    """Return the part of the requests that the service failed to answer; a client's own mistake is an answer.

    None failed where no series says so: of pods that have answered everything, or of those that failed and are gone.
    """
    asked = f"sum(rate({SERIES}{{{_ASKED}}}[{over}]))"
    return f'(sum(rate({SERIES}{{{_ASKED},status=~"5.."}}[{over}])) or 0 * {asked}) / {asked}'


def _slow(over: str, seconds: float) -> str:
    """Return the part of the requests that took longer than ``seconds``, the bound of a bucket of the histogram."""
    asked = f"http_request_duration_seconds_bucket{{{_ASKED}"
    return f'1 - sum(rate({asked},le="{seconds}"}}[{over}])) / sum(rate({asked},le="+Inf"}}[{over}]))'
