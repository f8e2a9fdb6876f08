"""The database of a cluster: what every cluster has, and what only one that serves has.

Sources: ``components.data_layer``, ``storage.database.type``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.database.backups import backups
from compiler.emit.kubernetes.database.poolers import pooling
from compiler.emit.kubernetes.database.postgres_cluster import database
from compiler.emit.kubernetes.database.replica_scaling import read_replicas
from compiler.emit.kubernetes.database.snapshot_retention import snapshot_retention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from runtime.settings import Settings


def data_layer(site: Site, settings: Settings) -> Iterator[Document]:
    """Yield PostgreSQL with its backups; and, where there are clients, its poolers and the scaler of its replicas."""
    yield from database(site, settings)
    yield from backups(site)
    yield from snapshot_retention(site)
    if site.serves:
        yield from pooling(site, settings)
        yield from read_replicas(site, settings)
