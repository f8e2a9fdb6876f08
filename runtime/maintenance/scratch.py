"""The scratch Cluster of a restore test: made from the archive or from a volume snapshot, and deleted after the test.

Upstream: https://cloudnative-pg.io/documentation/current/recovery/,
https://kubernetes.io/docs/concepts/architecture/garbage-collection/#foreground-deletion
"""

from __future__ import annotations

import base64
import ssl
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from runtime.maintenance.kubernetes import KubernetesError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runtime.maintenance.kubernetes import KubernetesApi

POLL_SECONDS = 5
REMOVAL_SECONDS = 300
_API = "/apis/postgresql.cnpg.io/v1/namespaces"
_VOLUMES = {"PG_DATA": "storage", "PG_WAL": "walStorage"}


@dataclass(frozen=True, slots=True)
class Access:
    """The superuser's connection to the restored database; ``tls`` trusts the authority of its Cluster alone."""

    host: str
    database: str
    user: str
    password: str = field(repr=False)
    tls: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class Scratch:
    """A Cluster with the compiled ``manifest``, whose bootstrap reads the archive.

    ``now`` is a clock in seconds, and ``sleep`` waits for some.
    """

    api: KubernetesApi
    manifest: Mapping[str, Any]
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def newest_snapshot(self, cluster: str) -> dict[str, str] | None:
        """Return the names of the volume snapshots of a Cluster's newest completed Backup, by the Cluster's field.

        Raises:
            KubernetesError: the API is unreachable or refuses.
        """
        backups = [
            item
            for item in self.api.list(f"{_API}/{self._namespace}/backups")
            if item["spec"]["cluster"]["name"] == cluster
            and item["spec"].get("method") == "volumeSnapshot"
            and item.get("status", {}).get("phase") == "completed"
        ]
        if not backups:
            return None
        newest = max(backups, key=lambda item: datetime.fromisoformat(item["metadata"]["creationTimestamp"]))
        elements = newest["status"]["snapshotBackupStatus"]["elements"]
        return {_VOLUMES[element["type"]]: element["name"] for element in elements}

    def make(self, snapshot: Mapping[str, str] | None) -> None:
        """Request the Cluster, from the archive alone or from a snapshot and the log after it.

        Raises:
            KubernetesError: the API is unreachable or refuses, or there is one of that name.
        """
        manifest = dict(self.manifest)
        if snapshot is not None:
            group = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot"}
            volumes = {field: {**group, "name": name} for field, name in snapshot.items()}
            spec = manifest["spec"]
            recovery = {**spec["bootstrap"]["recovery"], "volumeSnapshots": volumes}
            manifest = {**manifest, "spec": {**spec, "bootstrap": {"recovery": recovery}}}
        if not self.api.create(f"{_API}/{self._namespace}/clusters", manifest):
            raise KubernetesError(f"{self._name}: there is one already, which another run has made")

    def wait(self, seconds: float) -> None:
        """Wait until the Cluster accepts connections.

        Raises:
            KubernetesError: it does not within these seconds, or the API refuses.
        """
        until, phase = self.now() + seconds, ""
        while self.now() < until:
            status = (self.api.read(self._path) or {}).get("status", {})
            phase = status.get("phase", "no phase yet")
            conditions = {item["type"]: item["status"] for item in status.get("conditions", ())}
            if conditions.get("Ready") == "True":
                return
            self.sleep(POLL_SECONDS)
        raise KubernetesError(f"{self._name}: not restored within {seconds:.0f} seconds, it is at: {phase}")

    def remove(self) -> None:
        """Delete the Cluster if there is one, and wait until its pods and volumes are gone.

        Raises:
            KubernetesError: they are not within five minutes, or the API refuses.
        """
        self.api.delete(self._path, after_dependents=True)
        until = self.now() + REMOVAL_SECONDS
        while self.api.read(self._path) is not None:
            if self.now() > until:
                raise KubernetesError(f"{self._name}: not deleted within {REMOVAL_SECONDS} seconds")
            self.sleep(POLL_SECONDS)

    def access(self) -> Access:
        """Return the superuser's connection, from the Secrets that the operator has made.

        Raises:
            KubernetesError: a Secret is missing, or the API refuses.
        """
        user, authority = self._secret("superuser"), self._secret("ca")
        return Access(
            f"{self._name}-rw.{self._namespace}.svc",
            self.manifest["spec"]["bootstrap"]["recovery"]["database"],
            user["username"],
            user["password"],
            ssl.create_default_context(cadata=authority["ca.crt"]),
        )

    def _secret(self, name: str) -> dict[str, str]:
        found = self.api.read(f"/api/v1/namespaces/{self._namespace}/secrets/{self._name}-{name}")
        if found is None:
            raise KubernetesError(f"{self._name}-{name}: the operator has not made this Secret")
        return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}

    @property
    def _name(self) -> str:
        name: str = self.manifest["metadata"]["name"]
        return name

    @property
    def _namespace(self) -> str:
        namespace: str = self.manifest["metadata"]["namespace"]
        return namespace

    @property
    def _path(self) -> str:
        return f"{_API}/{self._namespace}/clusters/{self._name}"
