"""The settings of a cluster's nodes: ``node/``, one file for each operating system that its cloud has for them.

People give them to the groups of nodes (``docs/nodes.md``); Argo CD does not read them.

Source: ``containers.application.logging``.
Upstream: https://kubernetes.io/docs/concepts/cluster-administration/logging/#log-rotation
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.artifact import Artifact
from compiler.emit.platforms import platform
from compiler.emit.serialise import to_json, to_yaml
from compiler.emit.templates import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site


FOLDER = "node"


def node_files(site: Site) -> Iterator[Artifact]:
    """Yield the files with the settings of nodes."""
    for name, document in node_settings(site).items():
        yield Artifact(f"{site.folder}/{FOLDER}/{name}", _serialised(name, document, site.header))


def node_settings(site: Site) -> dict[str, Document]:
    """Return the settings of nodes by the name of their file; those of a TOML file are tables."""
    return platform(site.cluster).nodes(site.spec.containers.application.logging.options)


def _serialised(name: str, document: Document, header: str) -> bytes:
    if name.endswith(".toml"):
        return render("nodes.toml.j2", header=header, tables=document).encode()
    return to_json(document) if name.endswith(".json") else to_yaml(document, header)
