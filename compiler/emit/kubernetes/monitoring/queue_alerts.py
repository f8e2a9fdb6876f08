"""Alerts on deliveries of changes to subscribers: that they are made in time, and that none is given up or missed.

Sources: ``load_management.queuing``, ``components.integration_layer``.
Upstream: https://prometheus-operator.dev/docs/developer/alerting/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.monitoring.alert import Alert, Unit
from compiler.emit.names import namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

_FEATURES = "components.integration_layer.features"
_PATTERNS = "load_management.queuing.patterns"
# A change is delivered within a second: one that waits this long has a receiver that refuses it or is away.
OLDEST_SECONDS = 300


def queue_alerts(site: Site) -> Iterator[Alert]:
    """Yield the alerts on the event bus, where there is one, by metrics of its workers (runtime/telemetry.py)."""
    if "Event bus" in site.spec.components.integration_layer.features:
        pods = f'namespace="{namespace("application")}"'
        yield from _followed(pods)
        yield _given_up(pods, kept="Dead letter queue" in site.spec.load_management.queuing.patterns)


def _followed(pods: str) -> Iterator[Alert]:
    """Yield the alerts on subscribers that are behind, have missed changes, or receive none."""
    yield Alert(
        "DeliveriesLate",
        f"max by (subscriber) (queue_oldest_age_seconds{{{pods}}})",
        ">",
        OLDEST_SECONDS,
        "5m",
        "warning",
        "A subscriber has not received a change for more than five minutes: it is away, slow, or refuses it.",
        _FEATURES,
        unit=Unit.SECONDS,
    )
    yield Alert(
        "SubscriberMissedChanges",
        f"max by (subscriber) (delta(queue_missed{{{pods}}}[1h]))",
        ">",
        0,
        "0m",
        "critical",
        "Retention dropped changes that a subscriber had not received: it has to read the present state.",
        _FEATURES,
    )
    yield Alert(
        "SubscriberPaused",
        f"max by (subscriber) (queue_paused{{{pods}}})",
        ">",
        0,
        "0m",
        "warning",
        "The receiver of a subscriber is gone, so that nothing is delivered to it until it is resumed.",
        _FEATURES,
    )


def _given_up(pods: str, *, kept: bool) -> Alert:
    """Return the alert on deliveries that were given up; ``kept`` says that they wait as dead letters."""
    if kept:
        return Alert(
            "DeadLetters",
            f"max by (subscriber) (queue_dead_letters{{{pods}}})",
            ">",
            0,
            "0m",
            "warning",
            "Deliveries to a subscriber were given up after every attempt.",
            _PATTERNS,
        )
    return Alert(
        "DeliveriesDropped",
        f'sum(increase(queue_deliveries_total{{{pods},outcome="dropped"}}[15m]))',
        ">",
        0,
        "0m",
        "critical",
        "Deliveries to subscribers were given up after every attempt, and are lost.",
        _PATTERNS,
    )
