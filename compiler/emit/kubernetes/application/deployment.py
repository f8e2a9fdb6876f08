"""The API's Deployment, its ServiceAccount and the ConfigMap with its settings.

Sources: ``containers.application``, ``compute.application_tier``, ``orchestration.configuration``,
``redundancy.application``.
Upstream: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.application.pod import pod
from compiler.emit.kubernetes.common.metadata import LABELS, SELECTOR, Wave, kubernetes_object
from compiler.emit.names import API
from compiler.emit.serialise import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from runtime.settings import Settings


def workload(site: Site, settings: Settings) -> Iterator[Document]:
    """Yield the objects that run the API."""
    text = to_json(settings.model_dump(mode="json")).decode()
    yield kubernetes_object(
        kinds.SERVICE_ACCOUNT,
        API,
        Wave.ACCESS,
        zone="application",
        labels=LABELS,
        automountServiceAccountToken=False,
    )
    yield kubernetes_object(
        kinds.CONFIG_MAP, API, Wave.APPLICATION, zone="application", labels=LABELS, data={"settings.json": text}
    )
    yield _deployment(site, settings, hashlib.sha256(text.encode()).hexdigest())


def _deployment(site: Site, settings: Settings, digest: str) -> Document:
    orchestration = site.spec.orchestration.configuration
    spec = {
        # The autoscaler owns the number of replicas from the first sync on; Argo CD ignores differences on it.
        "replicas": site.spec.compute.application_tier.instances.optimal,
        "revisionHistoryLimit": 5,
        "selector": {"matchLabels": SELECTOR},
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {
                "maxSurge": orchestration.rolling_update.max_surge,
                "maxUnavailable": orchestration.rolling_update.max_unavailable,
            },
        },
        "template": {
            # A changed setting changes the template, so that the pods are replaced.
            "metadata": {"labels": LABELS, "annotations": {"checksum/settings": f"sha256:{digest}"}},
            "spec": pod(site, settings),
        },
    }
    return kubernetes_object(kinds.DEPLOYMENT, API, Wave.APPLICATION, zone="application", labels=LABELS, spec=spec)
