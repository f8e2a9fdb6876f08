"""Pods, composed of containers that each bring their ports, probes and volumes.

Every container runs under Pod Security's restricted profile; another container, or a sidecar, is one more in the list.
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
    """A volume, and the folder in which a container sees it."""

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
    """One container. ``ports`` are TCP ports by their names; ``probes`` and ``lifecycle`` are stanzas as they stand."""

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
        """The entry in the pod's ``containers``; what the container does not have is left out."""
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
    """A pod of our own images, with no token of its ServiceAccount but one that a container mounts itself.

    ``sidecars`` start before the containers and stop after them. ``placement`` and ``lifetime`` are fields of the pod's
    specification: affinity and spread; the restart policy or the grace period.
    """

    service_account: str
    user: int
    containers: tuple[Container, ...]
    sidecars: tuple[Container, ...] = ()
    placement: Mapping[str, Any] = field(default_factory=dict)
    lifetime: Mapping[str, Any] = field(default_factory=dict)

    @property
    def resources(self) -> Resources:
        """The sum over all containers: what a scheduler and a quota count."""
        return reduce(add, (container.resources for container in self._all))

    @property
    def fields(self) -> Fields:
        """The specification of the pod."""
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
