"""A second reading of Kubernetes' documentation: one connection to one port at a time, in the order of its sentences.

It shares no code with the evaluator, and stands for nothing but itself.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from compiler.emit.pages.reachability_endpoints import Outside, Pod
from tests.compiler.emit.pages.drawn import NAMESPACES, Fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.emit.pages.reachability_endpoints import Place


def connects(documents: list[Fields], source: Place, destination: Place, protocol: str, port: int) -> bool:
    for direction, subject, peer in (("Egress", source, destination), ("Ingress", destination, source)):
        if isinstance(subject, Outside):
            continue
        isolating = [item for item in documents if isolates(item, subject, direction)]
        if isolating and not any(
            admits(rule, direction, item["metadata"]["namespace"], peer, destination, protocol, port)
            for item in isolating
            for rule in item["spec"].get(direction.lower(), [])
        ):
            return False
    return True


def isolates(policy: Fields, pod: Pod, direction: str) -> bool:
    if policy["metadata"]["namespace"] != pod.namespace or not chosen(policy["spec"]["podSelector"], pod.labels):
        return False
    if "policyTypes" in policy["spec"]:
        return direction in policy["spec"]["policyTypes"]
    return direction == "Ingress" or len(policy["spec"].get("egress", [])) > 0


def admits(
    rule: Fields, direction: str, namespace: str, peer: Place, destination: Place, protocol: str, port: int
) -> bool:
    listed = rule.get("from" if direction == "Ingress" else "to", [])
    if listed and not any(meant(item, namespace, peer) for item in listed):
        return False
    wanted = rule.get("ports", [])
    return not wanted or any(covers(item, destination, protocol, port) for item in wanted)


def meant(peer: Fields, namespace: str, place: Place) -> bool:
    if isinstance(place, Outside):
        block = peer.get("ipBlock")
        return (
            block is not None
            and place.address in ip_network(block["cidr"])
            and all(place.address not in ip_network(hole) for hole in block.get("except", []))
        )
    if "ipBlock" in peer:
        return False
    if "namespaceSelector" not in peer and place.namespace != namespace:
        return False
    own = {**NAMESPACES[place.namespace], "kubernetes.io/metadata.name": place.namespace}
    return chosen(peer.get("namespaceSelector", {}), own) and chosen(peer.get("podSelector", {}), place.labels)


def covers(item: Fields, destination: Place, protocol: str, port: int) -> bool:
    if item.get("protocol", "TCP") != protocol:
        return False
    if "port" not in item:
        return True
    if isinstance(item["port"], str):
        return isinstance(destination, Pod) and destination.ports.get(item["port"]) == (protocol, port)
    first: int = item["port"]
    last: int = item.get("endPort", first)
    return first <= port <= last


def chosen(selector: Fields, own: Mapping[str, str]) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if key not in own or own[key] != value:
            return False
    return all(holds(expression, own.get(expression["key"])) for expression in selector.get("matchExpressions", []))


def holds(expression: Fields, value: str | None) -> bool:
    match expression["operator"]:
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "In":
            return value in expression["values"]
        case _:
            return value not in expression["values"]
