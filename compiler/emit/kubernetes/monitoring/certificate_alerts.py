"""Alerts on certificates of servers that are not renewed, or end.

The metrics are those of cert-manager, which makes and renews each certificate.

Source: ``access_control.secrets.storage``; :mod:`compiler.emit.server_certificates`.
Upstream: https://cert-manager.io/docs/devops-tips/prometheus-metrics/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.monitoring.alert import Alert, Unit
from compiler.emit.names import namespace
from compiler.emit.server_certificates import DAY, server_certificates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

_MADE = "access_control.secrets.storage"

LATE = DAY
"""How late a renewal may be: cert-manager tries again for hours while Vault is away."""

LAST = DAY * 7
"""The time before the end of a certificate from which on somebody has to act at once."""


def certificate_alerts(site: Site) -> Iterator[Alert]:
    """Yield the alerts on the certificates of every server, each by its own end and time of renewal."""
    certificates = server_certificates(site)
    zones = "|".join(sorted({namespace(each.zone) for each in certificates}))
    names = "|".join(sorted(each.name for each in certificates))
    ours = f'namespace=~"{zones}",name=~"{names}"'
    yield Alert(
        "CertificateNotRenewed",
        f"max by (name) (time() - certmanager_certificate_renewal_timestamp_seconds{{{ours}}})",
        ">",
        LATE.seconds,
        "0m",
        "warning",
        "The certificate of a server should have been renewed a day ago.",
        _MADE,
        unit=Unit.SECONDS,
    )
    yield Alert(
        "CertificateEnds",
        f"min by (name) (certmanager_certificate_expiration_timestamp_seconds{{{ours}}} - time())",
        "<",
        LAST.seconds,
        "0m",
        "critical",
        "The certificate of a server ends within a week: from then on nobody connects to it.",
        _MADE,
        unit=Unit.SECONDS,
    )
