"""Alerts on secrets that are older than the specification lets them become.

Source: ``access_control.secrets.rotation``.
Upstream: https://prometheus-operator.dev/docs/developer/alerting/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.monitoring.alert import Alert, Unit
from compiler.emit.names import namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

_AGE = "access_control.secrets.rotation.schedule"

DUE_PERCENT = 90
"""The part of the longest age at which an alert asks people to rotate: three days before thirty are over."""


def secret_alerts(site: Site) -> Iterator[Alert]:
    """Yield the alerts, by a metric of the API's workers (runtime/telemetry.py); none where nothing is rotated."""
    rotation = site.spec.access_control.secrets.rotation
    if not rotation.enabled:
        return
    pods, longest = f'namespace="{namespace("application")}"', rotation.schedule.seconds
    # An hour is the time in which a secret that Vault has just rotated reaches the pods, and those that are new start.
    yield Alert(
        "SecretOverdue",
        f"max by (secret) (secret_age_seconds{{{pods}}})",
        ">",
        longest,
        "1h",
        "critical",
        "A secret is older than it may become, or nothing tells how old it is.",
        _AGE,
        unit=Unit.SECONDS,
    )
    people = f'{pods},secret!="database"'
    yield Alert(
        "SecretDue",
        f"100 * max by (secret) (secret_age_seconds{{{people}}}) / {longest}",
        ">",
        DUE_PERCENT,
        "1h",
        "warning",
        "A secret that people rotate has nine tenths of the age that it may reach: docs/vault.md has its procedure.",
        _AGE,
        unit=Unit.PERCENT,
    )
