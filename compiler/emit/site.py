"""Sites of the specification: a site is one cluster of one environment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from compiler.emit.settings import settings

if TYPE_CHECKING:
    from compiler.model.environment import Cluster, Connector, Environment, Subscriber
    from compiler.model.specification import Specification
    from compiler.resolve.resolved import Resolved
    from runtime.settings import Settings

FEATURES: Final = {"fis": "FIS connector", "core_banking": "Core banking interface", "receivers": None}
"""The feature of ``components.integration_layer`` that connectors in ranges of the environment need, if any."""


@dataclass(frozen=True, slots=True)
class Site:
    """One cluster of one environment, the specification that it runs, and the settings of its API."""

    environment: Environment
    spec: Specification
    name: str
    cluster: Cluster
    settings: Settings

    @property
    def serves(self) -> bool:
        """Whether the cluster serves; one that stands by holds a replica of the data, which its API reads alone.

        A cluster that takes over serves as soon as it has its predecessor's token.
        """
        handover = self.cluster.handover
        return self.cluster.role == "primary" and (handover is None or handover.token is not None)

    def serving(self) -> Site:
        """Return the cluster as it would be if it served."""
        return replace(self, cluster=self.cluster.model_copy(update={"role": "primary", "handover": None}))

    @property
    def replicated(self) -> bool:
        """Whether the environment's clusters replicate one database."""
        return self.has_peers and "Asynchronous secondary" in self.spec.redundancy.data.replication

    @property
    def has_peers(self) -> bool:
        """Whether the environment has other clusters, so that each of them may stand by."""
        return len(self.environment.clusters) > 1

    @property
    def fails_over(self) -> bool:
        """Whether the API's name leads to another cluster by itself, once this one is lost."""
        return self.has_peers and "Automatic detection" in self.spec.redundancy.application.failover

    @property
    def reads_replicas(self) -> bool:
        """Whether reads are spread over replicas of the database."""
        return self.spec.components.data_layer.scaling.strategy.read_replicas == "Enabled"

    @property
    def scales_pods(self) -> bool:
        """Whether an autoscaler sets the number of the API's pods; else it is the optimal one, which Git states."""
        scaling = self.spec.components.api_layer.scaling
        return self.serves and scaling.type == "Horizontal" and scaling.strategy == "Auto-scaling"

    @property
    def scales_replicas(self) -> bool:
        """Whether an autoscaler sets the number of the database's replicas."""
        return self.serves and self.reads_replicas and "Horizontal" in self.spec.components.data_layer.scaling.type

    @property
    def grows_volumes(self) -> bool:
        """Whether volumes of the stores grow by themselves."""
        return "Vertical" in self.spec.components.data_layer.scaling.type

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        """The systems to which the cluster delivers changes: it has to serve, and to have the event bus."""
        delivers = self.serves and "Event bus" in self.spec.components.integration_layer.features
        return self.environment.subscribers if delivers else ()

    @property
    def connectors(self) -> tuple[Connector, ...]:
        """The systems whose notifications the cluster takes: it has to serve, and to have their connector."""
        features = {*self.spec.components.integration_layer.features, None}
        found = (each for each in self.environment.connectors if FEATURES[each.addresses] in features)
        return tuple(found) if self.serves else ()

    @property
    def folder(self) -> str:
        """The cluster's folder below ``generated/``."""
        return f"{self.environment.name}/{self.name}"

    @property
    def header(self) -> str:
        """The first line of the cluster's files: their sources, and the command that writes them."""
        name = self.environment.name
        return f"Compiled from spec/ and environments/{name}/. Edit those; cbp compile writes this file."


def sites(resolved: Resolved) -> tuple[Site, ...]:
    """Return the clusters of an environment, in the order of its file."""
    return tuple(site_of(resolved, name) for name in resolved.environment.clusters)


def site_of(resolved: Resolved, name: str) -> Site:
    """Return the cluster with this name, which the environment has."""
    environment, spec = resolved.environment, resolved.spec
    return Site(environment, spec, name, environment.clusters[name], settings(environment, spec, name))
