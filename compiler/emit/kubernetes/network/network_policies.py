"""NetworkPolicies: a default denial for every zone, and exactly the declared flows.

Sources: ``network.segmentation``, the ``addresses`` of the environment and of its clusters.
Upstream: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.endpoints import Pods, Ranges
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.names import DEFAULT_DENY, namespace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.common.endpoints import Endpoint
    from compiler.emit.kubernetes.common.flows import Flow
    from compiler.emit.site import Site
    from compiler.model.network import Zone

Rule = dict[str, Any]

NOBODY = "cbp.bank/nobody"
"""A label that no pod is given."""


def network_policies(site: Site, declared: Sequence[Flow]) -> Iterator[Document]:
    """Yield the default denial of every zone, and the ingress and egress policies of each kind of pod."""
    for zone in site.spec.network.segmentation.zones:
        yield _default_deny(zone)
        for pods in _pods(zone, declared):
            received = [_rule("from", flow.source, flow, site) for flow in declared if flow.destination is pods]
            opened = [_rule("to", flow.destination, flow, site) for flow in declared if flow.source is pods]
            if received:
                yield _policy(zone, pods, "Ingress", received)
            if opened:
                yield _policy(zone, pods, "Egress", opened)


def _default_deny(zone: Zone) -> Document:
    """Return the policy that selects every pod of a zone, and lets it connect to nobody and be reached by nobody.

    Both lists have a rule, since the API server drops an empty list: nobody would own the field then, and Argo CD would
    call a policy synced into which somebody has patched ``ingress: [{}]``. A list with a rule is Argo CD's as a whole.
    """
    peers = [_nobody(zone)]
    ports = [{"protocol": "TCP", "port": 1}]
    spec = {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": peers, "ports": ports}],
        "egress": [{"to": peers, "ports": ports}],
    }
    return kubernetes_object(kinds.NETWORK_POLICY, DEFAULT_DENY, Wave.BOUNDARY, zone=zone, spec=spec)


def _nobody(zone: Zone) -> Rule:
    """Return a peer that no pod can be: it would have to have a label, and not to have it."""
    impossible = [{"key": NOBODY, "operator": operator} for operator in ("Exists", "DoesNotExist")]
    return {**_space(namespace(zone)), "podSelector": {"matchExpressions": impossible}}


def _space(name: str) -> Rule:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


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
        yield {**_space(peer.namespace), "podSelector": selector(peer)}


def selector(pods: Pods) -> Rule:
    """Return the label selector of exactly one kind of pods."""
    found: Rule = {"matchLabels": dict(pods.labels)}
    if pods.labelled:
        found["matchExpressions"] = [{"key": pods.labelled, "operator": "Exists"}]
    return found
