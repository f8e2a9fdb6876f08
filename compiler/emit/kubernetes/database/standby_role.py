"""The database role of the API where it stands by: it reads, and logs in by a certificate alone.

A server in recovery has the roles and passwords of the one that serves, and takes no others. The certificate is of this
cluster alone: its operator makes it, renews it, and trusts no other cluster's. So the role is declared in every cluster
of an environment with several, and has a certificate only where it is used.

Sources: ``redundancy.data.replication``, ``access_control.secrets``.
Upstream: https://cloudnative-pg.io/documentation/current/declarative_role_management/#client-certificate-generation
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.database.connection_budget import connections
from compiler.emit.names import DATABASE, DATABASE_ROLE, DATABASE_STANDBY, STANDBY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site


def standby_role(site: Site) -> Iterator[Document]:
    """Yield the DatabaseRole; nothing where no cluster stands by."""
    if not site.has_peers:
        return
    spec = {
        "cluster": {"name": DATABASE},
        "name": DATABASE_STANDBY,
        "comment": "The Configuration API in clusters that stand by, which reads",
        "login": True,
        "disablePassword": True,
        # It reads what the API reads: migrations grant rights to that role alone.
        "inherit": True,
        "inRoles": [DATABASE_ROLE],
        "connectionLimit": connections(site).standby,
        "databaseRoleReclaimPolicy": "retain",
        "clientCertificate": {"enabled": not site.serves},
    }
    yield kubernetes_object(kinds.POSTGRES_ROLE, STANDBY, Wave.DATA, zone="data", spec=spec)
