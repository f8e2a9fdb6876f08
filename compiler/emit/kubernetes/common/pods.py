"""Pods, composed of containers with their own ports, probes and volumes.

Every container runs under Pod Security's restricted profile.
Upstream: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.common.pod_security import CONTAINER, pod_context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.emit.kubernetes.common.resources import Resources

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume, and the path at which a container mounts it."""

    name: str
    source: Mapping[str, Any]
    """The volume's source, as ``{"configMap": {"name": ...}}``."""
    path: str
    read_only: bool = True

    @property
    def volume(self) -> Fields:
        """The entry in the pod's ``volumes``."""
        return {"name": self.name, **self.source}

    @property
    def fields(self) -> Fields:
        """The entry in the container's ``volumeMounts``."""
        return {"name": self.name, "mountPath": self.path, **({"readOnly": True} if self.read_only else {})}


@dataclass(frozen=True, slots=True)
class Container:
    """A container. ``ports`` are TCP ports by name; ``probes`` and ``lifecycle`` are fields of the manifest."""

    name: str
    image: str
    resources: Resources
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    probes: Mapping[str, Any] = field(default_factory=dict)
    lifecycle: Mapping[str, Any] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()

    @property
    def fields(self) -> Fields:
        """The entry in the pod's ``containers``, without empty fields."""
        stated = {
            "command": list(self.command),
            "args": list(self.args),
            "env": [{"name": name, "value": value} for name, value in self.env.items()],
            "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in self.ports.items()],
            "resources": self.resources.fields,
            **self.probes,
            "lifecycle": dict(self.lifecycle),
            "securityContext": CONTAINER,
            "volumeMounts": [mount.fields for mount in self.mounts],
        }
        head = {"name": self.name, "image": self.image, "imagePullPolicy": "IfNotPresent"}
        return {**head, **{key: value for key, value in stated.items() if value}}


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of our own images; it has a token of its ServiceAccount only if a container mounts one.

    ``sidecars`` start before the containers and stop after them. ``placement`` (affinity and spread) and ``lifetime``
    (restart policy or grace period) are fields of the pod's specification.
    """

    service_account: str
    user: int
    containers: tuple[Container, ...]
    sidecars: tuple[Container, ...] = ()
    placement: Mapping[str, Any] = field(default_factory=dict)
    lifetime: Mapping[str, Any] = field(default_factory=dict)

    @property
    def resources(self) -> Resources:
        """The sum over all containers, which the scheduler and quotas count."""
        return reduce(add, (container.resources for container in self._all))

    @property
    def fields(self) -> Fields:
        """The pod's ``spec``."""
        sidecars = [{**container.fields, "restartPolicy": "Always"} for container in self.sidecars]
        volumes = {mount.name: mount.volume for container in self._all for mount in container.mounts}
        return {
            "serviceAccountName": self.service_account,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            **self.lifetime,
            "securityContext": pod_context(self.user),
            **self.placement,
            **({"initContainers": sidecars} if sidecars else {}),
            "containers": [container.fields for container in self.containers],
            "volumes": list(volumes.values()),
        }

    @property
    def _all(self) -> tuple[Container, ...]:
        return (*self.sidecars, *self.containers)
