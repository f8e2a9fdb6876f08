"""The ConfigMap with the files of the proxy, which a pod keeps as it keeps its settings.

Sources: those of :mod:`compiler.emit.envoy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.envoy.bootstrap import envoy
from compiler.emit.kubernetes.common.contents import by_content
from compiler.emit.kubernetes.common.metadata import LABELS, Wave
from compiler.emit.names import API_PROXY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site


def configuration(site: Site) -> Iterator[Document]:
    """Yield the ConfigMap."""
    yield files(site)


def files(site: Site) -> Document:
    """Return the ConfigMap: ``bootstrap.json`` and ``server.json``."""
    held = {artifact.path.rpartition("/")[2]: artifact.content.decode() for artifact in envoy(site)}
    return by_content(API_PROXY, Wave.APPLICATION, "application", LABELS, held)
