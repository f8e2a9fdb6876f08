"""The API's Deployment, its ServiceAccount and the ConfigMap with its settings.

Sources: ``containers.application``, ``compute.application_tier``, ``orchestration.configuration``,
``redundancy.application``, the environment's ``subscribers`` and ``connectors``.
Upstream: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.application.pod import (
    CONNECTORS_FILE,
    ISSUERS_FILE,
    SUBSCRIBERS_FILE,
    connectors,
    issuer_authorities,
    pod,
    subscribers,
)
from compiler.emit.kubernetes.application.rollout import STANDBY_PODS, pause
from compiler.emit.kubernetes.common.access import service_account
from compiler.emit.kubernetes.common.metadata import LABELS, SELECTOR, Wave, kubernetes_object
from compiler.emit.kubernetes.proxy.configuration import files as files_of_proxy
from compiler.emit.names import API
from compiler.emit.settings import settings_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site


def deployment(site: Site) -> Iterator[Document]:
    """Yield the objects that run the API."""
    text = settings_json(site.settings).decode()
    bundle = issuer_authorities(site)
    receivers, senders = subscribers(site), connectors(site)
    files = {ISSUERS_FILE: bundle, SUBSCRIBERS_FILE: receivers, CONNECTORS_FILE: senders}
    data = {"settings.json": text, **{name: held for name, held in files.items() if held}}
    yield service_account(API, "application", LABELS)
    yield kubernetes_object(kinds.CONFIG_MAP, API, Wave.APPLICATION, zone="application", labels=LABELS, data=data)
    yield _deployment(
        site, hashlib.sha256("".join((text, receivers, senders, *files_of_proxy(site).values())).encode()).hexdigest()
    )


def _deployment(site: Site, digest: str) -> Document:
    orchestration = site.spec.orchestration.configuration
    spec = {
        # Where it serves, the autoscaler owns the number from the first sync on; Argo CD ignores differences on it.
        "replicas": site.spec.compute.application_tier.instances.optimal if site.serves else STANDBY_PODS,
        "revisionHistoryLimit": 5,
        "minReadySeconds": pause(site).seconds,
        "selector": {"matchLabels": SELECTOR},
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {
                "maxSurge": orchestration.rolling_update.max_surge,
                "maxUnavailable": orchestration.rolling_update.max_unavailable,
            },
        },
        "template": {
            # Changed settings change the template, so that the pods are replaced.
            "metadata": {"labels": LABELS, "annotations": {"checksum/settings": f"sha256:{digest}"}},
            "spec": pod(site).fields,
        },
    }
    return kubernetes_object(kinds.DEPLOYMENT, API, Wave.APPLICATION, zone="application", labels=LABELS, spec=spec)
