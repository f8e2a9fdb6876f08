"""The ConfigMap with the files of the proxy.

Sources: those of :mod:`compiler.emit.envoy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.envoy.bootstrap import envoy
from compiler.emit.kubernetes.common.metadata import LABELS, Wave, kubernetes_object
from compiler.emit.names import API_PROXY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site


def configuration(site: Site) -> Iterator[Document]:
    """Yield the ConfigMap."""
    yield kubernetes_object(
        kinds.CONFIG_MAP, API_PROXY, Wave.APPLICATION, zone="application", labels=LABELS, data=dict(files(site))
    )


def files(site: Site) -> Mapping[str, str]:
    """Return the files by their names: ``bootstrap.json`` and ``server.json``."""
    return {artifact.path.rpartition("/")[2]: artifact.content.decode() for artifact in envoy(site)}
