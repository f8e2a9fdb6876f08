"""Objects that Argo CD never deletes: those that hold data, and all that data needs to run and to be restored.

An object that a mistake takes out of Git stays in the cluster, and is Git's again once the mistake is reverted.
Everything else can be made anew from Git, and is pruned: a pooler, a pod, and the Database too, since deleting it
deletes nothing in PostgreSQL (``databaseReclaimPolicy: retain``). Removing a kept object on purpose takes a person:
docs/removal.md.

Upstream: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#no-prune-resources
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.names import (
    CACHE,
    CERTIFICATES,
    DATA_SECRETS,
    DATABASE_QUERIES,
    DEFAULT_DENY,
    MIGRATION,
    MIGRATION_CREDENTIALS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.emit.kinds import Kind
    from compiler.model.network import Zone

KEPT = {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}
"""The annotation by which Argo CD neither prunes an object nor deletes it with its Application.

``Prune=confirm`` would not do: an operation that waits for the confirmation stays at its revision, so that the commit
which reverts the removal is never applied, and the confirmation deletes what Git has again.
"""

_WHOLE_KINDS = frozenset(
    {
        # Deleting a namespace deletes everything in it.
        kinds.NAMESPACE,
        kinds.STORAGE_CLASS,
        kinds.VOLUME_ATTRIBUTES_CLASS,
        kinds.VOLUME_SNAPSHOT_CLASS,
        # Logins to Vault are reviewed by this right alone.
        kinds.CLUSTER_ROLE,
        kinds.CLUSTER_ROLE_BINDING,
        # Deleting the Cluster deletes its volumes, and deleting an ObjectStore cuts it off from its backups.
        kinds.POSTGRES_CLUSTER,
        kinds.OBJECT_STORE,
        kinds.SCHEDULED_BACKUP,
        kinds.REDIS_REPLICATION,
        kinds.REDIS_SENTINEL,
        # Both give an environment its access to its clusters.
        kinds.APPLICATION_SET,
        kinds.APP_PROJECT,
    }
)
_IN_THE_DATA_ZONE = frozenset({kinds.CERTIFICATE, kinds.EXTERNAL_SECRET, kinds.ISSUER, kinds.SECRET_STORE})
# Migrations belong to clusters that serve, and no data needs them.
_NOT_NEEDED_BY_DATA = frozenset({MIGRATION, MIGRATION_CREDENTIALS})
_POLICIES = frozenset(
    f"{pods}-{direction}"
    for pods in ("postgres", "postgres-jobs", "redis", "sentinel")
    for direction in ("ingress", "egress")
)
_NAMED_IN_THE_DATA_ZONE: Mapping[Kind, frozenset[str]] = {
    kinds.CONFIG_MAP: frozenset({CACHE, DATABASE_QUERIES}),
    kinds.SERVICE_ACCOUNT: frozenset({CACHE, DATA_SECRETS, CERTIFICATES}),
    kinds.ROLE: frozenset({CERTIFICATES}),
    kinds.ROLE_BINDING: frozenset({CERTIFICATES}),
    kinds.NETWORK_POLICY: _POLICIES,
}


def kept(kind: Kind, name: str, zone: Zone | None) -> bool:
    """Return whether an object is kept; a rule judges that no object which another kept one needs is forgotten."""
    if kind in _WHOLE_KINDS or (kind is kinds.NETWORK_POLICY and name == DEFAULT_DENY):
        return True
    if zone != "data" or name in _NOT_NEEDED_BY_DATA:
        return False
    return kind in _IN_THE_DATA_ZONE or name in _NAMED_IN_THE_DATA_ZONE.get(kind, ())
