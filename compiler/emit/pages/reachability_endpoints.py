"""Ends of connections, inside and outside of the cluster, and the ports that are open between two of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from ipaddress import IPv4Address, IPv6Address

PROTOCOLS = ("SCTP", "TCP", "UDP")
LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod, or any of several with the same labels and ports."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    ports: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """The named ports of its containers: protocol and number."""

    def __hash__(self) -> int:
        return hash((self.name, self.namespace, frozenset(self.labels.items())))


@dataclass(frozen=True, slots=True)
class Outside:
    """An address outside of the cluster. Kubernetes does not define whether an ``ipBlock`` matches a pod's address."""

    name: str
    address: IPv4Address | IPv6Address


Place = Pod | Outside


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """A range of open ports of one protocol, from ``first`` to ``last`` inclusive."""

    protocol: str
    first: int
    last: int

    def __str__(self) -> str:
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return "any" if (self.first, self.last) == (1, LAST_PORT) else ports


EVERYTHING = tuple(Opening(protocol, 1, LAST_PORT) for protocol in PROTOCOLS)


def common(left: Iterable[Opening], right: Iterable[Opening]) -> tuple[Opening, ...]:
    """Return the ports that both sets of openings contain."""
    right = tuple(right)
    return merged(
        Opening(one.protocol, max(one.first, other.first), min(one.last, other.last))
        for one in left
        for other in right
        if one.protocol == other.protocol
    )


def merged(openings: Iterable[Opening]) -> tuple[Opening, ...]:
    """Return the same ports as the fewest possible openings, in order."""
    found: list[Opening] = []
    for item in sorted(item for item in openings if item.first <= item.last):
        before = found[-1] if found else None
        if before and before.protocol == item.protocol and item.first <= before.last + 1:
            found[-1] = Opening(item.protocol, before.first, max(before.last, item.last))
        else:
            found.append(item)
    return tuple(found)
