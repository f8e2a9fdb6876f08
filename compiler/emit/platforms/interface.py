"""The interface of a cloud: the settings that every cloud has under different names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compiler.emit.artifact import Document
    from compiler.model.containers import LogOptions
    from compiler.model.environment import Balancers
    from compiler.model.load_balancing import ApplicationBalancing
    from compiler.model.units import Bytes, Duration


@dataclass(frozen=True, slots=True)
class Balancer:
    """The settings of a load balancer, independent of the cloud."""

    balancing: ApplicationBalancing
    internal: bool
    """Whether it has private addresses only."""
    draining: Duration
    """The time that a terminating pod has to answer on its open connections."""
    idle: Duration
    """The time after which it closes a connection on which nobody says anything, and gives an answer up."""
    server: str
    """The name in the certificate of the pods, to which it speaks over TLS."""
    admitted: tuple[str, ...]
    """The networks that may open connections to it."""
    settings: Balancers
    """The settings that the cloud keeps."""
    firewall: str | None
    """The firewall of others that stands before it, if there is one."""
    acl: str | None
    """The name of the firewall that is rendered for it, if there is one."""
    capacity: int
    """The capacity that is reserved for it, in the units of the cloud; 0 for none."""


@dataclass(frozen=True, slots=True)
class StoreWords:
    """Words of ``bootstrap.md`` about a cloud's object store, which no manifest can set up."""

    name: str
    tokens: str
    """The service at which a pod gets credentials for its ServiceAccount's token."""
    reaching: tuple[str, ...]
    """The lines of ``bootstrap.md`` on reaching both privately."""
    copying: tuple[str, ...]
    """The settings of a copy in another region that nobody can delete."""


class Platform(Protocol):
    """A cloud: its names for drivers, classes, labels and annotations."""

    @property
    def driver(self) -> str:
        """The name of the CSI driver of volumes and snapshots."""

    @property
    def volumes(self) -> Mapping[str, str]:
        """The parameters of a StorageClass for fast, encrypted volumes, which no volume can change."""

    @property
    def performance(self) -> Mapping[str, str]:
        """The parameters that a volume in use can change, of a VolumeAttributesClass; none where the size decides."""

    @property
    def fast_from(self) -> Bytes:
        """The least size of a volume that can have this performance."""

    @property
    def ingress_class(self) -> str:
        """The IngressClass of the controller that creates load balancers."""

    @property
    def pod_labels(self) -> Mapping[str, str]:
        """The labels that a pod needs to get the cloud identity of its ServiceAccount."""

    def private_service(self, subnets: Sequence[str]) -> dict[str, str]:
        """Return the annotations of a Service for a private load balancer that preserves its clients' addresses."""

    @property
    def checks_pods(self) -> bool:
        """Whether the load balancer of such a Service checks its pods itself, rather than their nodes."""

    @property
    def renders_firewalls(self) -> bool:
        """Whether a firewall before a load balancer can be an object of the cluster."""

    def balancing(self, balancer: Balancer) -> tuple[str, ...]:
        """Return the lines of ``bootstrap.md`` on the surroundings of the load balancer that people set up."""

    @property
    def store(self) -> StoreWords:
        """The words about its object store."""

    def record(self, cluster: str, *, serves: bool) -> dict[str, str]:
        """Return the annotations of an Ingress for a record that fails over by itself; none where no cloud has one."""

    @property
    def failing_over(self) -> tuple[str, ...]:
        """The lines of ``bootstrap.md`` on that record of a name, which leads to one of two regions."""

    @property
    def readiness_labels(self) -> Mapping[str, str]:
        """The labels of a namespace in which a pod is ready only once it is healthy for the load balancer, too."""

    def account(self, identity: str) -> dict[str, str]:
        """Return the annotations of a ServiceAccount that give its pods a cloud identity, without a credential."""

    def ingress(self, balancer: Balancer) -> dict[str, str]:
        """Return the annotations of an Ingress; a setting that the cloud lacks is left out, and policies report it."""

    def nodes(self, log: LogOptions) -> dict[str, Document]:
        """Return the settings of nodes for the rotation of logs, by the name of the file of each operating system."""
