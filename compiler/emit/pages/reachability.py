"""An evaluation of NetworkPolicies as a cluster applies them: the ports that are open from one place to another.

A pod that no policy selects for a direction is open in it; a selected one is closed, except for the union of the rules
of all policies that select it. A connection needs the egress of its source and the ingress of its destination.
Upstream: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import orjson

from compiler.emit.pages.reachability_endpoints import EVERYTHING, LAST_PORT, Opening, Outside, Pod, common, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compiler.emit.artifact import Document
    from compiler.emit.pages.reachability_endpoints import Place

Fields = dict[str, Any]

_PEERS = {"Ingress": "from", "Egress": "to"}
_POLICIES, _PAIRS = 512, 16384
"""The policies and the pairs of places that are kept: more than two clusters have."""


class Network:
    """The policies of a cluster and the labels of its namespaces."""

    def __init__(self, documents: Iterable[Document]) -> None:
        documents = tuple(documents)
        self._policies: dict[tuple[str, str], list[_Policy]] = {}
        self._selected: dict[tuple[str, str, frozenset[tuple[str, str]]], tuple[_Policy, ...]] = {}
        for item in (item for item in documents if item["kind"] == "NetworkPolicy"):
            policy = _policy(orjson.dumps((item["metadata"]["namespace"], item["spec"])))
            for direction in _directions(policy.spec):
                self._policies.setdefault((policy.namespace, direction), []).append(policy)
        self._namespaces: dict[str, frozenset[tuple[str, str]]] = {
            item["metadata"]["name"]: frozenset(item["metadata"].get("labels", {}).items())
            for item in documents
            if item["kind"] == "Namespace"
        }

    def openings(self, source: Place, destination: Place) -> tuple[Opening, ...]:
        """Return the ports on which connections from one place to another are allowed."""
        leaving = self._allowed("Egress", source, destination, destination)
        return common(leaving, self._allowed("Ingress", destination, source, destination)) if leaving else ()

    def _allowed(self, direction: str, end: Place, peer: Place, destination: Place) -> tuple[Opening, ...]:
        """Return the ports, always the destination's, that the policies of one end allow in one direction."""
        policies = () if isinstance(end, Outside) else self._selecting(end, direction)
        labels = frozenset() if isinstance(peer, Outside) else self._namespaces.get(peer.namespace, frozenset())
        return _opened(direction, policies, peer, labels, destination) if policies else EVERYTHING

    def _selecting(self, pod: Pod, direction: str) -> tuple[_Policy, ...]:
        """Return the policies of one direction that select a pod, cached: each pod is asked for many times."""
        key = (pod.namespace, direction, frozenset(pod.labels.items()))
        if key not in self._selected:
            near = self._policies.get(key[:2], ())
            self._selected[key] = tuple(item for item in near if selects(item.spec.get("podSelector", {}), pod.labels))
        return self._selected[key]


@dataclass(frozen=True, slots=True, eq=False)
class _Policy:
    """A NetworkPolicy; equal ones are one object."""

    namespace: str
    spec: Fields


@lru_cache(maxsize=_POLICIES)
def _policy(text: bytes) -> _Policy:
    return _Policy(*orjson.loads(text))


@lru_cache(maxsize=_PAIRS)
def _opened(
    direction: str,
    policies: tuple[_Policy, ...],
    peer: Place,
    labels: frozenset[tuple[str, str]],
    destination: Place,
) -> tuple[Opening, ...]:
    """Return the ports that policies open to a peer; ``labels`` are its namespace's. Cached for all clusters."""
    found: list[Opening] = []
    for policy in policies:
        for rule in policy.spec.get(direction.lower()) or ():
            peers = rule.get(_PEERS[direction])
            if not peers or any(_matches(item, policy, peer, labels) for item in peers):
                found += _ports(rule.get("ports"), destination)
    return merged(found)


def _matches(peer: Fields, policy: _Policy, place: Place, labels: frozenset[tuple[str, str]]) -> bool:
    if "ipBlock" in peer:
        return isinstance(place, Outside) and _inside(peer["ipBlock"], place)
    if isinstance(place, Outside):
        return False
    if "namespaceSelector" in peer:
        # The API server gives every namespace its own name as a label.
        near = selects(peer["namespaceSelector"], {**dict(labels), "kubernetes.io/metadata.name": place.namespace})
    else:
        near = place.namespace == policy.namespace
    return near and selects(peer.get("podSelector", {}), place.labels)


def selects(selector: Fields, labels: Mapping[str, str]) -> bool:
    """Return whether a label selector matches; an empty one matches everything."""
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        _expressed(item, labels) for item in selector.get("matchExpressions", ())
    )


def _expressed(expression: Fields, labels: Mapping[str, str]) -> bool:
    key, operator = expression["key"], expression["operator"]
    found = key in labels if operator in ("Exists", "DoesNotExist") else labels.get(key) in expression["values"]
    return found == (operator in ("Exists", "In"))


def _directions(spec: Fields) -> list[str]:
    return spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])


def _inside(block: Fields, place: Outside) -> bool:
    return place.address in _network(block["cidr"]) and not any(
        place.address in _network(cidr) for cidr in block.get("except", ())
    )


_network = lru_cache(ip_network)


def _ports(ports: list[Fields] | None, destination: Place) -> Iterator[Opening]:
    if not ports:
        yield from EVERYTHING
    for item in ports or ():
        protocol, port = item.get("protocol", "TCP"), item.get("port")
        if port is None:
            yield Opening(protocol, 1, LAST_PORT)
        elif isinstance(port, int):
            yield Opening(protocol, port, item.get("endPort", port))
        elif isinstance(destination, Pod) and destination.ports.get(port, ("", 0))[0] == protocol:
            number = destination.ports[port][1]
            yield Opening(protocol, number, number)
