"""The API's Deployment, its ServiceAccount and its ConfigMaps.

Sources: ``containers.application``, ``compute.application_tier``, ``orchestration.configuration``,
``redundancy.application``.
Upstream: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.application import configuration
from compiler.emit.kubernetes.application.pod import pod
from compiler.emit.kubernetes.application.rollout import STANDBY_PODS, pause, progress_deadline
from compiler.emit.kubernetes.common.access import service_account
from compiler.emit.kubernetes.common.metadata import LABELS, SELECTOR, Wave, kubernetes_object
from compiler.emit.names import API

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

BASE = "org.opencontainers.image.base.name"
"""The annotation with the image that the API's own is built from, as the image itself states it.

Whoever looks for the pods of a base that has a hole asks for it. The Containerfile names the same one (SPEC021).
Upstream: https://specs.opencontainers.org/image-spec/annotations/
"""


def deployment(site: Site) -> Iterator[Document]:
    """Yield the objects that run the API."""
    yield service_account(API, "application", LABELS)
    yield configuration.settings(site)
    yield from configuration.issuers(site)
    yield _deployment(site)


def _deployment(site: Site) -> Document:
    orchestration = site.spec.orchestration.configuration
    spec = {
        # An autoscaler, where there is one, owns the number from the first sync on; Argo CD ignores differences on it.
        "replicas": site.spec.compute.application_tier.instances.optimal if site.serves else STANDBY_PODS,
        "revisionHistoryLimit": 5,
        "minReadySeconds": pause(site).seconds,
        **progress_deadline(site),
        "selector": {"matchLabels": SELECTOR},
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {
                "maxSurge": orchestration.rolling_update.max_surge,
                "maxUnavailable": orchestration.rolling_update.max_unavailable,
            },
        },
        # Changed settings have another name, and replace the pods.
        "template": {"metadata": {"labels": LABELS}, "spec": pod(site).fields},
    }
    return kubernetes_object(
        kinds.DEPLOYMENT,
        API,
        Wave.APPLICATION,
        zone="application",
        labels=LABELS,
        annotations={BASE: site.spec.containers.application.base_image},
        spec=spec,
    )
