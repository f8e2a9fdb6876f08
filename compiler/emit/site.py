"""Where the specification is emitted for: one cluster of one environment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.model.environment import Cluster, Environment
    from compiler.model.specification import Specification


@dataclass(frozen=True, slots=True)
class Site:
    """One cluster of one environment, with the specification that it runs."""

    environment: Environment
    spec: Specification
    name: str
    cluster: Cluster

    @property
    def serves(self) -> bool:
        """Whether the cluster serves; one that stands by holds a replica of the data, and runs nothing else.

        One that takes over serves as soon as it has what its predecessor said.
        """
        handover = self.cluster.handover
        return self.cluster.role == "primary" and (handover is None or handover.token is not None)

    def serving(self) -> Site:
        """The cluster as it would be if it served."""
        return replace(self, cluster=self.cluster.model_copy(update={"role": "primary", "handover": None}))

    @property
    def folder(self) -> str:
        """The cluster's folder below ``generated/``."""
        return f"{self.environment.name}/{self.name}"
