"""Namespaces of the network's zones, with labels for Pod Security.

Source: ``network.segmentation.zones``.
Upstream: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.names import namespace
from compiler.emit.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site


def namespaces(site: Site) -> Iterator[Document]:
    """Yield the Namespace of every zone."""
    for zone in site.spec.network.segmentation.zones:
        labels = {"cbp.bank/zone": zone, **_pod_security(site.cluster.kubernetes)}
        if zone == "application":
            labels |= platform(site.cluster).readiness_labels
        yield kubernetes_object(kinds.NAMESPACE, namespace(zone), Wave.BOUNDARY, labels=labels)


def _pod_security(version: str) -> dict[str, str]:
    modes = ("enforce", "audit", "warn")
    return {
        f"pod-security.kubernetes.io/{mode}{suffix}": value
        for mode in modes
        for suffix, value in (("", "restricted"), ("-version", f"v{version}"))
    }
