"""The files of the proxy: its bootstrap, and the resource by which it finds its certificate.

Upstream: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.artifact import Artifact
from compiler.emit.envoy.clusters import clusters
from compiler.emit.envoy.listeners import listeners, secret
from compiler.emit.envoy.ports import BOOTSTRAP_FILE, CERTIFICATE_FOLDER, LOOPBACK, SECRET_FILE, admin_port
from compiler.emit.names import API
from compiler.emit.serialise import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site


def bootstrap(site: Site) -> Document:
    """Return the whole configuration of the proxy; nothing of it comes from a server."""
    admin = {"socket_address": {"address": LOOPBACK, "port_value": admin_port(site)}}
    return {
        # Envoy asks for both where a secret comes from a file.
        "node": {"id": API, "cluster": f"{site.environment.name}-{site.name}"},
        "admin": {"address": admin},
        "static_resources": {"listeners": listeners(site), "clusters": clusters(site)},
    }


def envoy(site: Site) -> Iterator[Artifact]:
    """Yield the two files; the pod has them in a ConfigMap."""
    for name, document in ((BOOTSTRAP_FILE, bootstrap(site)), (SECRET_FILE, secret(CERTIFICATE_FOLDER))):
        yield Artifact(f"{site.folder}/envoy/{name}", to_json(document), document)
