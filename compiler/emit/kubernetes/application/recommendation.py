"""The recommended size of the API's container, beside the number of its pods.

Sources: ``compute.application_tier.resources``.
Upstream: https://kubernetes.io/docs/concepts/workloads/autoscaling/vertical-pod-autoscale/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.recommendations import recommended
from compiler.emit.names import API

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site


def recommendation(site: Site) -> Iterator[Document]:
    """Yield the VerticalPodAutoscaler of the Deployment."""
    return recommended(site, kinds.DEPLOYMENT, API, API, site.spec.compute.application_tier.resources, "application")
