"""Maintenance jobs in the data zone: CronJobs that run our own image, and their ServiceAccounts with their rights.

Upstream: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.access import bound_role, service_account
from compiler.emit.kubernetes.common.metadata import PART_OF, Wave, kubernetes_object
from compiler.emit.kubernetes.common.pod_security import OWN_USER
from compiler.emit.kubernetes.common.pods import Container, Mount, Pod
from compiler.emit.kubernetes.common.resources import MEBIBYTE, guaranteed
from compiler.emit.names import namespace
from compiler.model.units import Cores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

PYTHON = "/opt/venv/bin/python"
CREDENTIALS = "/var/run/secrets/kubernetes.io/serviceaccount"
LONGEST_SECONDS = 600
TOKEN_SECONDS = 600  # the shortest that Kubernetes issues
RESOURCES = guaranteed(Cores(100), MEBIBYTE * 128)


@dataclass(frozen=True, slots=True)
class MaintenanceJob:
    """A job: its schedule (five fields of cron, in UTC), its command line, and its rights."""

    name: str
    schedule: str
    arguments: tuple[str, ...]
    rights: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Rights, each an API group, a resource and verbs."""

    @property
    def pods(self) -> dict[str, str]:
        """The labels of its pods, which no other pods have."""
        return {"app.kubernetes.io/name": self.name}


def maintenance_job(site: Site, job: MaintenanceJob) -> Iterator[Document]:
    """Yield the CronJob, its ServiceAccount, and that account's Role and RoleBinding."""
    account = {"kind": "ServiceAccount", "name": job.name, "namespace": namespace("data")}
    rules = [{"apiGroups": [group], "resources": [name], "verbs": list(verbs)} for group, name, verbs in job.rights]
    yield service_account(job.name, "data", job.pods)
    yield from bound_role(job.name, "data", rules, account, job.pods)
    yield cron_job(job.name, job.schedule, job.pods, _pod(site, job), LONGEST_SECONDS)


def cron_job(
    name: str, schedule: str, labels: dict[str, str], pod: Pod, longest_seconds: int, *, suspended: bool = False
) -> Document:
    """Return the CronJob that runs a pod with these labels, one run at a time, each for so long at most.

    A ``suspended`` one runs only when a person makes a Job from it.
    """
    template = {"metadata": {"labels": {**PART_OF, **labels}}, "spec": pod.fields}
    spec = {
        "schedule": schedule,
        "timeZone": "Etc/UTC",
        **({"suspend": True} if suspended else {}),
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 3600,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {
            "spec": {"backoffLimit": 2, "activeDeadlineSeconds": longest_seconds, "template": template},
        },
    }
    return kubernetes_object(kinds.CRON_JOB, name, Wave.CONNECTION, zone="data", labels=labels, spec=spec)


def _pod(site: Site, job: MaintenanceJob) -> Pod:
    container = Container(
        name="maintenance",
        image=site.environment.image.reference,
        command=(PYTHON, "-m", "runtime.maintenance", *job.arguments),
        resources=RESOURCES,
        # The token is mounted here, for this container alone.
        mounts=(credentials(),),
    )
    return Pod(job.name, OWN_USER, (container,), lifetime={"restartPolicy": "Never"})


def credentials() -> Mount:
    """Return the mount of a token for the pod, and of the API server's certificate, present in every namespace."""
    certificate = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    token = {"path": "token", "expirationSeconds": TOKEN_SECONDS}
    sources = [{"serviceAccountToken": token}, {"configMap": certificate}]
    return Mount("credentials", {"projected": {"sources": sources, "defaultMode": 0o440}}, CREDENTIALS)
