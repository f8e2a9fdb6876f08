"""Connections that a change of network policies opens or closes, and address ranges that may reach a load balancer.

A rule is taken apart into its single openings: one peer on one port. An opening is new where none of the policy's old
openings contains it. Upstream: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any

from compiler.difference.effects import Class, Effect, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Range = IPv4Network | IPv6Network
_LAST_PORT = 65535
_PEERS = {"ingress": "from", "egress": "to"}
_INBOUND = "inbound-cidrs"


@dataclass(frozen=True, slots=True)
class Opening:
    """One peer on one range of ports; ``peer`` is JSON, and empty for everybody."""

    direction: str
    protocol: str
    first: int
    last: int
    name: str
    peer: str

    @property
    def range(self) -> Range | None:
        """The addresses of the peer, where it is a range without exceptions."""
        block = json.loads(self.peer).get("ipBlock", {}) if self.peer else {}
        return ip_network(block["cidr"], strict=False) if block and not block.get("except") else None

    @property
    def port(self) -> str:
        """The ports, as ``TCP 443``."""
        if self.name:
            return f"{self.protocol} {self.name}"
        if (self.first, self.last) == (1, _LAST_PORT):
            return f"any {self.protocol}"
        return f"{self.protocol} {self.first}" + (f"-{self.last}" if self.last != self.first else "")

    @property
    def shown(self) -> str:
        """The peer for people."""
        if not self.peer:
            return "everywhere"
        return str(self.range) if self.range else self.peer

    def contains(self, other: Opening) -> bool:
        """Return whether this opening is as wide as another one."""
        if (self.direction, self.protocol, self.name) != (other.direction, other.protocol, other.name):
            return False
        if not self.first <= other.first <= other.last <= self.last:
            return False
        mine, others = self.range, other.range
        if mine and others:
            return _inside(others, mine)
        return not self.peer or self.peer == other.peer


def of_policy(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterator[Effect]:
    """Yield what a changed, new or removed NetworkPolicy opens and closes."""
    old, new = (tuple(_openings(side["spec"])) if side else () for side in (before, after))
    if before and not after and not old:
        yield Effect(Class.NETWORK, Reason("pods that no other policy selects are open"))
    if before and after and before["spec"].get("podSelector") != after["spec"].get("podSelector"):
        yield Effect(Class.NETWORK, Reason("it selects other pods: those that no policy selects are open"))
    for opening in _added(old, new):
        yield Effect(Class.NETWORK, _reason(opening, old))
    for opening in _added(new, old):
        yield Effect(Class.DOWN, Reason(f"connections on {opening.port} are closed: {{peer}}", {"peer": opening.shown}))


def of_ranges(before: Any, after: Any) -> Iterator[Effect]:
    """Yield what a changed list of address ranges opens: a list, or a text with commas; nothing of it is everybody."""
    old, new = ({ip_network(item, strict=False) for item in _listed(side)} for side in (before, after))
    if old and not new:
        yield Effect(Class.NETWORK, Reason("every address is admitted"))
    for added in sorted(new, key=str):
        if old and not any(_inside(added, item) for item in old):
            text = f"{_addresses(added.num_addresses)} more are admitted: {{range}}"
            yield Effect(Class.NETWORK, Reason(text, {"range": str(added)}))


def is_of_ranges(steps: tuple[str, ...]) -> bool:
    """Return whether a field lists the address ranges that a load balancer admits."""
    return any(step.endswith(_INBOUND) or step == "loadBalancerSourceRanges" for step in steps)


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [item.strip() for item in value.split(",")] if isinstance(value, str) else list(value)


def _added(old: Iterable[Opening], new: Iterable[Opening]) -> list[Opening]:
    known = tuple(old)
    return [opening for opening in dict.fromkeys(new) if not any(item.contains(opening) for item in known)]


def _reason(opening: Opening, old: Iterable[Opening]) -> Reason:
    added = opening.range
    if added is None:
        return Reason(f"connections on {opening.port} are open: {{peer}}", {"peer": opening.shown})
    known = [item.range for item in old if (item.direction, item.port) == (opening.direction, opening.port)]
    inside = [item for item in known if item and _inside(item, added)]
    number = added.num_addresses - sum(item.num_addresses for item in inside)
    return Reason(f"{_addresses(number)} more, on {opening.port}: {{range}}", {"range": str(added)})


def _addresses(number: int) -> str:
    return f"{number:,} address" + ("" if number == 1 else "es")


def _inside(inner: Range, outer: Range) -> bool:
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)


def _openings(spec: Mapping[str, Any]) -> Iterator[Opening]:
    for direction, peers in _PEERS.items():
        for rule in spec.get(direction) or ():
            for peer in rule.get(peers) or (None,):
                text = json.dumps(peer, sort_keys=True) if peer else ""
                for port in rule.get("ports") or (None,):
                    yield from _ports(direction, port, text)


def _ports(direction: str, port: Mapping[str, Any] | None, peer: str) -> Iterator[Opening]:
    if port is None:
        for protocol in ("TCP", "UDP", "SCTP"):
            yield Opening(direction, protocol, 1, _LAST_PORT, "", peer)
        return
    protocol, number = port.get("protocol", "TCP"), port.get("port")
    if number is None:
        yield Opening(direction, protocol, 1, _LAST_PORT, "", peer)
    elif isinstance(number, int):
        yield Opening(direction, protocol, number, port.get("endPort", number), "", peer)
    else:
        yield Opening(direction, protocol, 0, 0, str(number), peer)
