"""Ports and files of the proxy.

Sources: ``containers.sidecar.proxy.ports``, ``containers.sidecar.metrics.ports``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from compiler.emit.site import Site

LOOPBACK, ANYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 - behind network policies

CONFIGURATION_FOLDER = "/etc/envoy"
CERTIFICATE_FOLDER = "/var/run/secrets/cbp/server"
"""The files ``tls.crt`` and ``tls.key``, which change when cert-manager renews the certificate."""

BOOTSTRAP_FILE, SECRET_FILE = "bootstrap.json", "server.json"

_HTTPS, _ADMIN = 8443, 9902


def statistics_ports(site: Site) -> tuple[int, ...]:
    """Return the ports at which the proxy serves its readiness and its metrics, and nothing else."""
    return site.spec.containers.sidecar.proxy.ports


def https_port(site: Site) -> int:
    """Return the port that the load balancer connects to."""
    return _free(_HTTPS, _stated(site))


def admin_port(site: Site) -> int:
    """Return the port of the proxy's administration, which no other pod reaches."""
    return _free(_ADMIN, (*_stated(site), https_port(site)))


def _stated(site: Site) -> tuple[int, ...]:
    """Return the ports of the pod's other listeners."""
    process, sidecar = site.settings.process, site.spec.containers.sidecar
    return (process.port, process.management_port, *sidecar.proxy.ports, *sidecar.metrics.ports)


def _free(preferred: int, taken: Collection[int]) -> int:
    return next(port for port in range(preferred, preferred + len(taken) + 1) if port not in taken)
