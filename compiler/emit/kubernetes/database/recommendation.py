"""The recommended size of PostgreSQL's instances, by the scale of their Cluster.

Sources: ``compute.database_tier.resources``.
Upstream: https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/#clusterstatus
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.recommendations import recommended
from compiler.emit.names import DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

CONTAINER = "postgres"
"""The container of an instance that runs the server."""


def database_recommendation(site: Site) -> Iterator[Document]:
    """Yield the VerticalPodAutoscaler of the instances."""
    tier = site.spec.compute.database_tier.resources
    return recommended(site, kinds.POSTGRES_CLUSTER, DATABASE, CONTAINER, tier, "data")
