"""Alerts on calls of external services: that they are answered, and soon enough.

Sources: ``connections.external_services``, ``components.integration_layer.features``.
Upstream: https://prometheus.io/docs/practices/histograms/#quantiles
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.monitoring.alert import Alert, Unit
from compiler.emit.names import namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

_MEASURED = "connections.external_services.monitoring"

SLOW_PERCENT = 50
"""The part of the timeout that one in twenty calls may take: above it, timeouts are near."""

FAILED_PERCENT = 10
"""The part of the calls that may fail: retries make up for it, and no longer for much more."""


def external_alerts(site: Site) -> Iterator[Alert]:
    """Yield an alert for each measurement that is stated, by metrics of the API's workers (runtime/telemetry.py)."""
    stated, pods = site.spec.connections.external_services, f'namespace="{namespace("application")}"'
    if "Response time" in stated.monitoring:
        buckets = f"sum by (le, target) (rate(external_call_duration_seconds_bucket{{{pods}}}[5m]))"
        yield Alert(
            "ExternalServiceSlow",
            f"100 * histogram_quantile(0.95, {buckets}) / {stated.timeout.seconds}",
            ">",
            SLOW_PERCENT,
            "10m",
            "warning",
            "One in twenty calls of an external service takes more than half of the time that it may.",
            "connections.external_services.timeout",
            unit=Unit.PERCENT,
        )
    if "Error rate" in stated.monitoring:
        failed = f'sum by (target) (rate(external_calls_total{{{pods},outcome=~"away|slow|failed"}}[5m]))'
        made = f'sum by (target) (rate(external_calls_total{{{pods},outcome!~"circuit_open|pool_full"}}[5m]))'
        yield Alert(
            "ExternalServiceFails",
            f"100 * {failed} / {made}",
            ">",
            FAILED_PERCENT,
            "10m",
            "warning",
            "More than a tenth of the calls of an external service fail.",
            _MEASURED,
            unit=Unit.PERCENT,
        )
    if "Circuit state" in stated.monitoring and site.settings.external_services.monitored:
        yield Alert(
            "ExternalServiceAway",
            f'max by (target) (circuit_breaker_state{{{pods},target=~"(issuer|subscriber)-.+"}})',
            ">",
            0,
            "5m",
            "warning",
            "An external service has not answered for five minutes: an issuer of tokens, or a subscriber.",
            _MEASURED,
        )
