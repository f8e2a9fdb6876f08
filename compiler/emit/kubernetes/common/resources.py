"""Requests and limits of containers, as amounts that can be added up.

Upstream: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compiler.emit.text import quantity
from compiler.model.units import Bytes, Cores

MEBIBYTE = Bytes(1024**2)
GIBIBYTE = Bytes(1024**3)


@dataclass(frozen=True, slots=True)
class Amounts:
    """An amount of CPU and of memory."""

    cpu: Cores
    memory: Bytes

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.cpu + other.cpu, self.memory + other.memory)

    def __mul__(self, times: int) -> Amounts:
        return Amounts(self.cpu * times, self.memory * times)

    @property
    def quantities(self) -> dict[str, str]:
        """The amounts as Kubernetes quantities: ``{"cpu": "2", "memory": "4Gi"}``."""
        return {"cpu": quantity(self.cpu), "memory": quantity(self.memory)}


@dataclass(frozen=True, slots=True)
class Resources:
    """The requests and the limits of a container, or of all containers of a pod."""

    requests: Amounts
    limits: Amounts

    def __add__(self, other: Resources) -> Resources:
        return Resources(self.requests + other.requests, self.limits + other.limits)

    def __mul__(self, times: int) -> Resources:
        return Resources(self.requests * times, self.limits * times)

    @property
    def fields(self) -> dict[str, Any]:
        """The field ``resources`` of a container."""
        return {"requests": self.requests.quantities, "limits": self.limits.quantities}


def guaranteed(cpu: Cores, memory: Bytes) -> Resources:
    """Return requests equal to limits: a pod of such containers is evicted last."""
    amounts = Amounts(cpu, memory)
    return Resources(amounts, amounts)
