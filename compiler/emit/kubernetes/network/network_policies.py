"""NetworkPolicies: a default denial for every zone, and exactly the declared flows.

Sources: ``network.segmentation``, the ``addresses`` of the environment and of its clusters.
Upstream: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.endpoints import Pods, Ranges
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.common.endpoints import Endpoint
    from compiler.emit.kubernetes.common.flows import Flow
    from compiler.emit.site import Site
    from compiler.model.network import Zone

Rule = dict[str, Any]


def network_policies(site: Site, declared: Sequence[Flow]) -> Iterator[Document]:
    """Yield the default denial of every zone, and the ingress and egress policies of each kind of pod."""
    for zone in site.spec.network.segmentation.zones:
        spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        yield kubernetes_object(kinds.NETWORK_POLICY, "default-deny", Wave.BOUNDARY, zone=zone, spec=spec)
        for pods in _pods(zone, declared):
            received = [_rule("from", flow.source, flow, site) for flow in declared if flow.destination is pods]
            opened = [_rule("to", flow.destination, flow, site) for flow in declared if flow.source is pods]
            if received:
                yield _policy(zone, pods, "Ingress", received)
            if opened:
                yield _policy(zone, pods, "Egress", opened)


def _pods(zone: Zone, declared: Sequence[Flow]) -> list[Pods]:
    """Return the kinds of pods of a zone that are an end of a flow, in the order of the flows."""
    found: dict[str, Pods] = {}
    for flow in declared:
        for end in (flow.destination, flow.source):
            if isinstance(end, Pods) and end.zone == zone:
                found.setdefault(end.name, end)
    return list(found.values())


def _policy(zone: Zone, pods: Pods, direction: str, rules: list[Rule]) -> Document:
    key = direction.lower()
    spec = {"podSelector": selector(pods), "policyTypes": [direction], key: rules}
    return kubernetes_object(kinds.NETWORK_POLICY, f"{pods.name}-{key}", Wave.BOUNDARY, zone=zone, spec=spec)


def _rule(side: str, peer: Endpoint, flow: Flow, site: Site) -> Rule:
    ports = [{"protocol": protocol, "port": port} for protocol in flow.protocols for port in flow.ports]
    return {side: list(_peers(peer, site)), "ports": ports}


def _peers(peer: Endpoint, site: Site) -> Iterator[Rule]:
    """Yield the peers of a rule; pods by namespace and labels together, since either alone would allow far more."""
    if isinstance(peer, Ranges):
        yield from ({"ipBlock": {"cidr": cidr}} for cidr in peer.of(site))
    else:
        space = {"matchLabels": {"kubernetes.io/metadata.name": peer.namespace}}
        yield {"namespaceSelector": space, "podSelector": selector(peer)}


def selector(pods: Pods) -> Rule:
    """Return the label selector of exactly one kind of pods."""
    found: Rule = {"matchLabels": dict(pods.labels)}
    if pods.labelled:
        found["matchExpressions"] = [{"key": pods.labelled, "operator": "Exists"}]
    return found
