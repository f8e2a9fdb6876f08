"""The versions that a cluster asks for, each with the days that its authors still mend it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from compiler.emit.pages.requirements import requirements
from compiler.emit.providers import ARGO_CD, KUBERNETES, KUBERNETES_SUPPORT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.policy.rendering import Rendering

_OPERATORS = ("orchestration", "platform")


def versions(rendering: Rendering, as_of: date | None) -> list[dict[str, Any]]:
    """Return the minor version of Kubernetes, and the least version of each operator, that have an end of support.

    Each is ``{"name", "version", "supported_until", "days_left", "path"}``: the days are counted from ``as_of``, and
    negative after the end; without a day nothing is returned. ``path`` leads to the statement that asks for it.
    """
    if as_of is None:
        return []
    return [
        {
            "name": name,
            "version": version,
            "supported_until": until,
            "days_left": (date.fromisoformat(until) - as_of).days,
            "path": list(path),
        }
        for name, version, until, path in _asked(rendering)
        if until
    ]


def _asked(rendering: Rendering) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    site = rendering.site
    minor = site.cluster.kubernetes
    stated = ("environment", "clusters", site.name, "kubernetes")
    yield KUBERNETES.name, minor, KUBERNETES_SUPPORT.get(minor, ""), stated
    documents = [artifact.document for artifact in rendering.artifacts if artifact.document is not None]
    asked = [item.provider for item in requirements(document for document in documents if "kind" in document)]
    for provider in (*asked, ARGO_CD):
        yield provider.name, provider.least, provider.supported_until, _OPERATORS
