"""The evaluator of NetworkPolicies against a second reading of Kubernetes' documentation, and against its own laws."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.emit.pages.reachability import Network
from compiler.emit.pages.reachability_endpoints import EVERYTHING, Opening
from tests.compiler.emit.pages.drawn import NAMESPACES, PLACES, PODS, QUESTIONS, Fields, policies
from tests.compiler.emit.pages.oracle import connects
from tests.compiler.project import documents as documents_of
from tests.compiler.project import site


def network(*documents: Fields) -> Network:
    namespaces = [{"kind": "Namespace", "metadata": {"name": name, "labels": own}} for name, own in NAMESPACES.items()]
    return Network([*namespaces, *documents])


def openings(given: Network) -> dict[tuple[str, str], tuple[Opening, ...]]:
    return {(a.name, b.name): given.openings(a, b) for a in PLACES for b in PLACES}


def has(found: tuple[Opening, ...], protocol: str, port: int) -> bool:
    return any(item.protocol == protocol and item.first <= port <= item.last for item in found)


@settings(max_examples=150, deadline=None)
@given(st.lists(policies, max_size=4))
def test_both_readings_agree_on_every_connection(documents: list[Fields]) -> None:
    found = network(*documents)
    for source in PLACES:
        for destination in PLACES:
            open_ports = found.openings(source, destination)
            for protocol, port in QUESTIONS:
                expected = connects(documents, source, destination, protocol, port)
                assert has(open_ports, protocol, port) == expected, (source.name, destination.name, protocol, port)


@settings(max_examples=60, deadline=None)
@given(st.lists(policies, max_size=3), policies)
def test_among_pods_that_are_isolated_already_a_further_policy_closes_nothing(
    documents: list[Fields], further: Fields
) -> None:
    denials = [denial(namespace) for namespace in NAMESPACES]
    before, after = openings(network(*denials, *documents)), openings(network(*denials, *documents, further))
    for pair, ports in before.items():
        assert all(has(after[pair], item.protocol, port) for item in ports for port in (item.first, item.last))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(policies, max_size=4))
def test_the_order_of_policies_says_nothing(data: st.DataObject, documents: list[Fields]) -> None:
    shuffled = data.draw(st.permutations(documents))
    assert openings(network(*documents)) == openings(network(*shuffled))


def denial(namespace: str) -> Fields:
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return {"kind": "NetworkPolicy", "metadata": {"namespace": namespace}, "spec": spec}


def test_without_policies_everybody_reaches_everybody() -> None:
    assert set(openings(network()).values()) == {EVERYTHING}


def test_the_default_denial_of_a_namespace_leaves_its_pods_nothing_and_others_everything() -> None:
    for (source, destination), ports in openings(network(denial("a"))).items():
        assert ports == (() if "a" in (source[0], destination[0]) else EVERYTHING)


def test_a_connection_needs_both_of_its_ends() -> None:
    let_out = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}
    opened = {"kind": "NetworkPolicy", "metadata": {"namespace": "a"}, "spec": let_out}
    api, other = PODS[1], PODS[4]
    assert network(denial("a"), opened).openings(api, other) == EVERYTHING
    assert network(denial("a"), denial("b"), opened).openings(api, other) == ()


def test_ports_that_touch_are_one_opening() -> None:
    spec = {"podSelector": {}, "ingress": [{"ports": [{"port": 81}, {"port": 79, "endPort": 80}]}]}
    policy = {"kind": "NetworkPolicy", "metadata": {"namespace": "a"}, "spec": spec}
    (opening,) = network(policy).openings(PODS[4], PODS[0])
    assert (opening, str(opening)) == (Opening("TCP", 79, 81), "79-81")


@settings(max_examples=40, deadline=None)
@given(st.lists(policies, max_size=3))
def test_a_denial_with_rules_for_nobody_denies_as_much_as_one_without_rules(documents: list[Fields]) -> None:
    """The emitted denial has such rules, so that Argo CD owns its lists."""
    empty = [denial(namespace) for namespace in NAMESPACES]
    stated = [_default_deny_of(item) for item in empty]
    assert openings(network(*stated, *documents)) == openings(network(*empty, *documents))
    for source in PLACES:
        for destination in PLACES:
            for protocol, port in QUESTIONS:
                expected = connects([*empty, *documents], source, destination, protocol, port)
                assert connects([*stated, *documents], source, destination, protocol, port) == expected


def _default_deny_of(denied: Fields) -> Fields:
    """The emitted denial of a zone, for another namespace."""
    emitted = json.dumps(documents_of(site())["cbp-data/networkpolicy-default-deny.yaml"])
    found: Fields = json.loads(emitted.replace("cbp-data", denied["metadata"]["namespace"]))
    return found
