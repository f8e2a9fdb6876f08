"""Chores in the data zone: a CronJob that runs our own image, with an account that has the rights it needs and no more.

Upstream: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import PART_OF, Wave, kubernetes_object
from compiler.emit.kubernetes.common.pod_security import CONTAINER, OWN_USER, pod_context
from compiler.emit.names import namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

PYTHON = "/opt/venv/bin/python"
CREDENTIALS = "/var/run/secrets/kubernetes.io/serviceaccount"
LONGEST_SECONDS = 600
TOKEN_SECONDS = 600  # the least that Kubernetes gives
RESOURCES = {"cpu": "100m", "memory": "128Mi"}


@dataclass(frozen=True, slots=True)
class Chore:
    """One chore: when it runs (five fields of cron, in UTC), what it may do, and its command line."""

    name: str
    schedule: str
    arguments: tuple[str, ...]
    rights: tuple[tuple[str, str, tuple[str, ...]], ...]
    """API group, resource and verbs."""

    @property
    def pods(self) -> dict[str, str]:
        """The labels of its pods, which nothing else has."""
        return {"app.kubernetes.io/name": self.name}


def chore_objects(site: Site, chore: Chore) -> Iterator[Document]:
    """Yield the CronJob, its ServiceAccount, and the Role and RoleBinding of that."""
    account = {"kind": "ServiceAccount", "name": chore.name, "namespace": namespace("data")}
    rules = [{"apiGroups": [group], "resources": [name], "verbs": list(verbs)} for group, name, verbs in chore.rights]
    role = {"apiGroup": kinds.ROLE.group, "kind": kinds.ROLE.name, "name": chore.name}
    for kind, wave, body in (
        (kinds.SERVICE_ACCOUNT, Wave.ACCESS, {"automountServiceAccountToken": False}),
        (kinds.ROLE, Wave.ACCESS, {"rules": rules}),
        (kinds.ROLE_BINDING, Wave.ACCESS, {"roleRef": role, "subjects": [account]}),
        (kinds.CRON_JOB, Wave.CONNECTION, {"spec": _job(site, chore)}),
    ):
        yield kubernetes_object(kind, chore.name, wave, zone="data", labels=chore.pods, **body)


def _job(site: Site, chore: Chore) -> dict[str, Any]:
    template = {"metadata": {"labels": {**PART_OF, **chore.pods}}, "spec": _pod(site, chore)}
    return {
        "schedule": chore.schedule,
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 3600,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {
            "spec": {"backoffLimit": 2, "activeDeadlineSeconds": LONGEST_SECONDS, "template": template},
        },
    }


def _pod(site: Site, chore: Chore) -> dict[str, Any]:
    return {
        "serviceAccountName": chore.name,
        # The token is mounted below, for this container alone and no longer than it runs.
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "securityContext": pod_context(OWN_USER),
        "containers": [_container(site, chore)],
        "volumes": [{"name": "credentials", "projected": {"sources": _credentials(), "defaultMode": 0o440}}],
    }


def _container(site: Site, chore: Chore) -> dict[str, Any]:
    return {
        "name": "chore",
        "image": site.environment.image.reference,
        "imagePullPolicy": "IfNotPresent",
        "command": [PYTHON, "-m", "runtime.maintenance", *chore.arguments],
        "resources": {"requests": RESOURCES, "limits": RESOURCES},
        "securityContext": CONTAINER,
        "volumeMounts": [{"name": "credentials", "mountPath": CREDENTIALS, "readOnly": True}],
    }


def _credentials() -> list[dict[str, Any]]:
    """A token of this pod, and the certificate of the API server that every namespace is given."""
    certificate = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    token = {"path": "token", "expirationSeconds": TOKEN_SECONDS}
    return [{"serviceAccountToken": token}, {"configMap": certificate}]
