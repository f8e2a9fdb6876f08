"""Alerts on the audit trail and the history: that they are sealed, anchored, whole and verified, and on refusals.

Sources: ``network.segmentation.traffic.egress``, ``recovery.rpo.target``.
Upstream: https://prometheus-operator.dev/docs/developer/alerting/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.database.audit_anchors import anchored, anchoring
from compiler.emit.kubernetes.database.migration import HISTORY
from compiler.emit.kubernetes.monitoring.alert import Alert, Unit
from compiler.emit.kubernetes.monitoring.jobs import failed_last, since_created, succeeded
from compiler.emit.names import namespace
from compiler.emit.settings import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

_AUDIT = "access_control.infrastructure.authorization.audit"
# An anchor may be late once: a second one that is missing is no accident.
LATE_ANCHORS = 2
# The history is verified every day: one run may be lost with its node.
UNVERIFIED_DAYS = 2
# A change is in the chain a second after it was made: much more is an outage, or a defect of sealing.
UNSEALED_SECONDS = 60
# Clients that repeat a refused request, or try others' doors, and not the few that forget a header.
REFUSED_PERCENT = 10


def audit_alerts(site: Site) -> Iterator[Alert]:
    """Yield the alerts on the audit trail, on refused requests and on the verification of the history."""
    yield from _sealed(f'namespace="{namespace("application")}"')
    yield from _anchors(site)
    yield from _history()


def _sealed(pods: str) -> tuple[Alert, ...]:
    """Return the alerts on unsealed records and refused requests, by metrics of ``pods`` (runtime/telemetry.py)."""
    refused = f'sum(rate(audit_refusals_total{{{pods},status!="429"}}[10m]))'
    asked = f'sum(rate(http_requests_total{{{pods},route=~"/v1/.+|unmatched"}}[10m]))'
    return (
        Alert(
            "AuditTrailNotSealed",
            f"max(audit_unsealed_age_seconds{{{pods}}})",
            ">",
            UNSEALED_SECONDS,
            "5m",
            "critical",
            "Changes and refusals have not been sealed in the audit trail for more than a minute.",
            _AUDIT,
            unit=Unit.SECONDS,
        ),
        Alert(
            "AuditTrailShorter",
            f"max(audit_length{{{pods}}})",
            "<",
            f"max(max_over_time(audit_length{{{pods}}}[1h]))",
            "5m",
            "critical",
            "The chain of the audit trail has fewer records than before: verify it with the anchors.",
            _AUDIT,
        ),
        Alert(
            "AuditNotesLost",
            f"sum(increase(audit_notes_dropped_total{{{pods}}}[15m]))",
            ">",
            0,
            "0m",
            "warning",
            "Refusals are missing in the audit trail: the database was away for too long. The log has them.",
            _AUDIT,
        ),
        Alert(
            "RequestsRefused",
            f"100 * {refused} / {asked}",
            ">",
            REFUSED_PERCENT,
            "10m",
            "warning",
            f"More than {REFUSED_PERCENT} % of the requests are refused, apart from those beyond a rate limit.",
            "access_control.infrastructure.authorization.rbac",
            unit=Unit.PERCENT,
        ),
    )


def _anchors(site: Site) -> Iterator[Alert]:
    """Yield the alert on records that no anchor covers: after two intervals of the job that anchors."""
    if anchored(site):
        late = anchoring(site)[1] * LATE_ANCHORS
        yield Alert(
            "AuditTrailNotAnchored",
            f'max(audit_unanchored_age_seconds{{namespace="{namespace("application")}"}})',
            ">",
            late.seconds,
            "5m",
            "critical",
            f"Records of the audit trail have had no signed anchor for more than {late}: see the jobs that anchor it.",
            "recovery.rpo.target",
            unit=Unit.SECONDS,
        )


def _history() -> tuple[Alert, ...]:
    """Return the alerts on the daily verification of the history."""
    return (
        Alert(
            "HistoryVerificationFailed",
            *failed_last(HISTORY),
            "0m",
            "critical",
            "The entries may differ from their history: the log of the failed job names each difference.",
            "recovery.procedures.database",
            unit=Unit.MOMENT,
        ),
        Alert(
            "HistoryNotVerified",
            since_created(succeeded(HISTORY), HISTORY),
            ">",
            UNVERIFIED_DAYS * DAY_SECONDS,
            "0m",
            "warning",
            f"The history has not been verified for more than {UNVERIFIED_DAYS} days.",
            "recovery.procedures.database",
            unit=Unit.SECONDS,
        ),
    )
