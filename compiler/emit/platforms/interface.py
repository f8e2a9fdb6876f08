"""The interface of a cloud: what every one has under a name of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.model.load_balancing import ApplicationBalancing
    from compiler.model.units import Duration


@dataclass(frozen=True, slots=True)
class Balancer:
    """The settings of a load balancer, in no cloud's words."""

    balancing: ApplicationBalancing
    internal: bool
    """Whether it has private addresses alone."""
    draining: Duration
    """How long a pod that goes may still answer on the connections that it has."""


class Platform(Protocol):
    """One cloud."""

    @property
    def driver(self) -> str:
        """The CSI driver of volumes and of their snapshots."""

    @property
    def volumes(self) -> Mapping[str, str]:
        """The parameters of a StorageClass of fast, encrypted volumes."""

    @property
    def ingress_class(self) -> str:
        """The IngressClass of the controller that makes load balancers."""

    @property
    def pod_labels(self) -> Mapping[str, str]:
        """The labels without which a pod is not given the identity of its ServiceAccount."""

    @property
    def private_service(self) -> Mapping[str, str]:
        """The annotations of a Service whose load balancer has private addresses alone and keeps its clients'."""

    @property
    def readiness_labels(self) -> Mapping[str, str]:
        """The labels of a namespace whose pods are ready when the load balancer, too, takes them for healthy."""

    def account(self, identity: str) -> dict[str, str]:
        """Return the annotations of a ServiceAccount that gives pods an identity of the cloud, no credential."""

    def ingress(self, balancer: Balancer) -> dict[str, str]:
        """Return the annotations of an Ingress; what the cloud has no word for is left out, and policies say so."""
