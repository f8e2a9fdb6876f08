"""A small world of pods and addresses, and NetworkPolicies drawn for it."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from compiler.emit.pages.reachability_endpoints import Outside, Pod

if TYPE_CHECKING:
    from compiler.emit.pages.reachability_endpoints import Place

Fields = dict[str, Any]

NAMESPACES = {"a": {"team": "x"}, "b": {"team": "y"}}
PODS = tuple(
    Pod(f"{namespace}{number}", namespace, labels, {"web": ("TCP", 80), "dns": ("UDP", 53)} if number else {})
    for namespace in NAMESPACES
    for number, labels in enumerate(({}, {"app": "api"}, {"app": "db", "tier": "data"}))
)
OUTSIDE = tuple(Outside(text, ip_address(text)) for text in ("10.0.0.1", "10.0.1.1", "192.0.2.1", "2001:db8::1"))
PLACES: tuple[Place, ...] = (*PODS, *OUTSIDE)
PORTS = (1, 53, 79, 80, 81, 443, 65535)
QUESTIONS = [(protocol, port) for protocol in ("TCP", "UDP", "SCTP") for port in PORTS]

labels = st.fixed_dictionaries({}, optional={"app": st.sampled_from(["api", "db"]), "tier": st.just("data")})
expressions = st.one_of(
    st.builds(
        lambda key, operator, values: {"key": key, "operator": operator, "values": values},
        st.sampled_from(["app", "tier", "team"]),
        st.sampled_from(["In", "NotIn"]),
        st.lists(st.sampled_from(["api", "db", "data", "x"]), min_size=1, max_size=2),
    ),
    st.builds(
        lambda key, operator: {"key": key, "operator": operator},
        st.sampled_from(["app", "tier"]),
        st.sampled_from(["Exists", "DoesNotExist"]),
    ),
)
selectors = st.fixed_dictionaries(
    {}, optional={"matchLabels": labels, "matchExpressions": st.lists(expressions, max_size=2)}
)
_SPACES: list[Fields] = [{}, {"matchLabels": {"team": "x"}}, {"matchLabels": {"kubernetes.io/metadata.name": "b"}}]
spaces = st.sampled_from(_SPACES)
blocks = st.builds(
    lambda cidr, holes: {"ipBlock": {"cidr": cidr, **({"except": holes} if holes else {})}},
    st.sampled_from(["0.0.0.0/0", "10.0.0.0/16", "10.0.0.0/24", "::/0"]),
    st.lists(st.sampled_from(["10.0.0.0/24", "10.0.1.0/24"]), max_size=1),
)
peers = st.one_of(
    blocks,
    st.fixed_dictionaries({"podSelector": selectors}),
    st.fixed_dictionaries({"namespaceSelector": spaces}, optional={"podSelector": selectors}),
)
ports = st.one_of(
    st.fixed_dictionaries({}, optional={"protocol": st.sampled_from(["TCP", "UDP"])}),
    st.fixed_dictionaries({"port": st.sampled_from([53, 80, "web", "dns"])}, optional={"protocol": st.just("UDP")}),
    st.just({"protocol": "TCP", "port": 79, "endPort": 81}),
)


def ruling(side: str) -> st.SearchStrategy[Fields]:
    return st.fixed_dictionaries({}, optional={side: st.lists(peers, max_size=2), "ports": st.lists(ports, max_size=2)})


policies = st.builds(
    lambda namespace, spec: {"kind": "NetworkPolicy", "metadata": {"namespace": namespace}, "spec": spec},
    st.sampled_from(sorted(NAMESPACES)),
    st.fixed_dictionaries(
        {"podSelector": selectors},
        optional={
            "policyTypes": st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
            "ingress": st.lists(ruling("from"), max_size=2),
            "egress": st.lists(ruling("to"), max_size=2),
        },
    ),
)
