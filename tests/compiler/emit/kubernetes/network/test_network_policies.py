"""Nothing goes in or out of a zone, and then exactly the flows that the specification asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compiler.emit.cluster import flows
from compiler.emit.kubernetes.monitoring.probes import WORD
from compiler.emit.names import namespace
from compiler.emit.pages.requirements import requirements
from compiler.emit.site import sites
from compiler.sources.nodes import MappingNode, ScalarNode, SequenceNode, lookup
from tests.compiler.project import changed, documents, keys, listing, rebound, resolved, site, with_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.resolve.resolved import Resolved

TRAFFIC = "network.segmentation.traffic"
SITES = [at for environment in resolved().values() for at in sites(environment)]
every_site = pytest.mark.parametrize("at", SITES, ids=[at.folder for at in SITES])
Pair = tuple[str, str]


def policies(at: Site) -> dict[str, Document]:
    return {name: document for name, document in documents(at).items() if document["kind"] == "NetworkPolicy"}


def rules(at: Site) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each rule of a flow, with the name of its policy and the side on which it names its peers."""
    flowing = {name: document for name, document in policies(at).items() if "default-deny" not in name}
    for name, document in flowing.items():
        for direction, side in (("ingress", "from"), ("egress", "to")):
            for rule in document["spec"].get(direction, ()):
                yield name, side, rule


def pairs(at: Site) -> set[Pair]:
    return {(flow.source.name, flow.destination.name) for flow in flows(at)}


def without(path: str) -> Resolved:
    """Production without one entry of a list."""
    *above, last = keys(path)
    tree = resolved()["production"].tree
    node = lookup(tree, tuple(above))
    assert isinstance(node, SequenceNode)
    kept = tuple(item for index, item in enumerate(node.items) if index != last)
    result, findings = rebound(with_value(tree, tuple(above), SequenceNode(kept, node.span)))
    assert result, findings
    return result


@every_site
def test_every_zone_denies_everything_first(at: Site) -> None:
    for zone in ("public", "application", "data", "management"):
        spec = policies(at)[f"cbp-{zone}/networkpolicy-default-deny.yaml"]["spec"]
        # The lists are Argo CD's, since neither is empty: what somebody patches into them is healed.
        impossible = [{"key": "cbp.bank/nobody", "operator": operator} for operator in ("Exists", "DoesNotExist")]
        nobody = {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": f"cbp-{zone}"}},
            "podSelector": {"matchExpressions": impossible},
        }
        ports = [{"protocol": "TCP", "port": 1}]
        assert spec == {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [nobody], "ports": ports}],
            "egress": [{"to": [nobody], "ports": ports}],
        }


def test_there_is_a_policy_for_each_kind_of_pod_and_direction_and_no_other() -> None:
    both, data = ("ingress", "egress"), ("postgres", "pooler-rw", "pooler-ro", "redis", "sentinel", "restored")
    assert policies(site()).keys() == {
        *(f"cbp-{zone}/networkpolicy-default-deny.yaml" for zone in ("public", "application", "data", "management")),
        *(f"cbp-application/networkpolicy-api-{direction}.yaml" for direction in both),
        *(f"cbp-data/networkpolicy-{pods}-{direction}.yaml" for pods in data for direction in both),
        "cbp-data/networkpolicy-postgres-jobs-egress.yaml",
        "cbp-data/networkpolicy-migration-egress.yaml",
        "cbp-data/networkpolicy-restore-test-egress.yaml",
        "cbp-data/networkpolicy-restored-jobs-egress.yaml",
        "cbp-data/networkpolicy-audit-anchors-egress.yaml",
        "cbp-data/networkpolicy-configuration-snapshots-egress.yaml",
        "cbp-data/networkpolicy-snapshot-retention-egress.yaml",
        "cbp-data/networkpolicy-cache-copies-egress.yaml",
        "cbp-management/networkpolicy-node-metrics-ingress.yaml",
        *(
            f"cbp-management/networkpolicy-{pods}-{way}.yaml"
            for pods in ("prometheus", "metrics-adapter", "probes")
            for way in both
        ),
    }


@every_site
def test_a_policy_selects_pods_for_one_direction_and_has_rules_for_it(at: Site) -> None:
    for name, document in policies(at).items():
        spec = document["spec"]
        if "default-deny" not in name:
            assert spec["podSelector"]["matchLabels"], name
            (direction,) = spec["policyTypes"]
            assert spec.keys() == {"podSelector", "policyTypes", direction.lower()}
            assert name.endswith(f"-{direction.lower()}.yaml")
            assert spec[direction.lower()], name


@every_site
def test_a_rule_names_its_ports_and_pods_by_namespace_and_labels_together(at: Site) -> None:
    for name, side, rule in rules(at):
        assert rule.keys() == {side, "ports"}, name
        assert all(port.keys() == {"protocol", "port"} and isinstance(port["port"], int) for port in rule["ports"])
        for peer in rule[side]:
            if "ipBlock" not in peer:
                assert peer.keys() == {"namespaceSelector", "podSelector"}, name
                assert peer["namespaceSelector"]["matchLabels"].keys() == {"kubernetes.io/metadata.name"}
                assert peer["podSelector"]["matchLabels"], name


@every_site
def test_every_range_that_concerns_the_cluster_is_a_peer_and_no_other_range_is(at: Site) -> None:
    found = {peer["ipBlock"]["cidr"] for _, side, rule in rules(at) for peer in rule[side] if "ipBlock" in peer}
    own, shared = at.cluster.addresses, at.environment.addresses
    expected = {
        *own.kubernetes_api,
        *own.object_store,
        *(own.cloud_identity or ()),
        *(own.nodes or ()),
        *own.load_balancer,
        *shared.identity_provider,
    }
    if own.probes:
        expected |= {cidr for each in at.environment.clusters.values() for cidr in each.addresses.load_balancer}
    if at.serves:
        expected |= {*own.vault}
        expected |= {*shared.fis, *shared.core_banking}
    else:
        expected |= {*at.environment.clusters["eu-central-1"].addresses.object_store}
    assert found == expected


def test_a_cluster_reaches_into_another_region_for_the_api_s_name_and_for_the_archive_that_it_follows() -> None:
    production = {at.name: at for at in SITES if at.environment.name == "production"}
    for name, at in production.items():
        found = {peer["ipBlock"]["cidr"] for _, side, rule in rules(at) for peer in rule[side] if "ipBlock" in peer}
        (other,) = (item.cluster.addresses for key, item in production.items() if key != name)
        elsewhere = {*other.load_balancer, *other.vault, *other.kubernetes_api, *other.object_store}
        assert found & elsewhere == {*other.load_balancer, *(() if at.serves else other.object_store)}


@every_site
def test_a_flow_names_a_statement_that_there_is(at: Site) -> None:
    of = resolved()[at.environment.name]
    for flow in flows(at):
        node = lookup(of.tree, keys(flow.statement))
        assert node, flow.statement
        if flow.item:
            assert isinstance(node, SequenceNode)
            assert flow.item in [item.text for item in node.items if isinstance(item, ScalarNode)]


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        (f"{TRAFFIC}.ingress.0", {("load-balancer", "api")}),
        (f"{TRAFFIC}.ingress.1", set()),
        ("components.integration_layer.features.0", {("api", "fis")}),
        ("components.integration_layer.features.1", {("api", "core-banking")}),
    ],
)
def test_an_entry_that_is_not_listed_takes_its_flow_along_and_nothing_else(path: str, gone: set[Pair]) -> None:
    assert pairs(site()) - pairs(site(without(path))) == gone


def test_without_dependencies_the_api_opens_nothing_and_everything_else_stays() -> None:
    at = site(without(f"{TRAFFIC}.egress.0"))
    assert pairs(site()) - pairs(at) == {pair for pair in pairs(site()) if pair[0] == "api"}
    assert "cbp-application/networkpolicy-api-egress.yaml" not in policies(at)


def test_without_monitoring_nobody_fetches_measurements_and_the_management_zone_is_closed() -> None:
    at = site(without(f"{TRAFFIC}.egress.1"))
    assert pairs(at) == {
        (flow.source.name, flow.destination.name) for flow in flows(site()) if flow.item not in ("Monitoring", WORD)
    }
    assert [name for name in policies(at) if "management" in name] == ["cbp-management/networkpolicy-default-deny.yaml"]


def test_reads_have_a_way_of_their_own_where_there_are_replicas_for_them() -> None:
    at = site(changed({"components.data_layer.scaling.strategy.read_replicas": "Disabled"}))
    readers = {pair for pair in pairs(site()) if "pooler-ro" in pair}
    assert pairs(site()) - pairs(at) == {*readers, ("keda", "prometheus")}


def test_a_load_balancer_reaches_the_pods_that_it_checks_where_it_checks_pods() -> None:
    """Amazon's asks the pods from its own subnets; Azure's asks the nodes, which answer for their pods."""
    checked = ("load-balancer", "postgres")
    assert checked in pairs(site())
    assert checked not in pairs(site(changed({"environment.clusters.eu-central-1.platform": "azure"})))


def test_vault_reaches_the_database_only_where_it_changes_passwords() -> None:
    at = site(changed({"access_control.secrets.rotation.enabled": "false"}))
    assert pairs(site()) - pairs(at) == {("vault", "postgres")}


def test_the_api_reaches_the_identity_provider_whose_keys_it_fetches_and_not_vault_which_it_does_not_call() -> None:
    assert {destination for source, destination in pairs(site()) if source == "api"} == {
        *("pooler-rw", "pooler-ro", "postgres", "redis", "sentinel", "identity-provider", "fis", "core-banking", "dns")
    }


def test_names_are_also_resolved_at_the_cache_of_a_node_that_the_cluster_states() -> None:
    """A cache on the node answers in the place of the Service; the servers stay open for when it is down."""
    cache = "environment.clusters.eu-central-1.addresses.dns"
    at = site(listing(cache, "169.254.20.10/32", "172.20.0.10/32"))
    resolving = {source for source, destination in pairs(site()) if destination == "dns"}
    assert pairs(at) - pairs(site()) == {(source, "dns-cache") for source in resolving}
    (flow,) = (flow for flow in flows(at) if (flow.source.name, flow.destination.name) == ("api", "dns-cache"))
    assert (flow.protocols, flow.ports) == (("UDP", "TCP"), (53,))
    found = {peer["ipBlock"]["cidr"] for _, side, rule in rules(at) for peer in rule[side] if "ipBlock" in peer}
    assert {"169.254.20.10/32", "172.20.0.10/32"} <= found


def test_a_store_is_reached_at_the_port_of_its_own_endpoint() -> None:
    changes = {"environment.clusters.eu-central-1.backups.endpoint": "https://store.bank.example:9000"}
    of = changed(changes)
    ports = {
        (at.name, flow.destination.name): flow.ports
        for at in sites(of)
        for flow in flows(at)
        if flow.source.name == "postgres" and "object-store" in flow.destination.name
    }
    assert ports == {
        ("eu-central-1", "object-store"): (9000,),
        ("eu-west-1", "object-store"): (443,),
        ("eu-west-1", "object-store-eu-central-1"): (9000,),
    }


def test_kubelets_are_scraped_where_the_nodes_are_known() -> None:
    *above, last = keys("environment.clusters.eu-central-1.addresses.nodes")
    tree = resolved()["production"].tree
    node = lookup(tree, tuple(above))
    assert isinstance(node, MappingNode)
    entries = {key: entry for key, entry in node.entries.items() if key != last}
    of, findings = rebound(with_value(tree, tuple(above), MappingNode(entries, node.span)))
    assert of, findings
    assert pairs(site()) - pairs(site(of)) == {("prometheus", "nodes")}


def test_a_controller_of_the_platform_that_runs_in_a_zone_is_reached_and_reaches_the_api_server() -> None:
    """The default denial cuts off what nobody declared: all others have namespaces of their own."""
    needed = requirements(documents(site()).values())
    zones = {namespace(zone) for zone in site().spec.network.segmentation.zones}
    inside = {item.provider.name for item in needed if item.provider.namespace in zones}
    assert inside == {"Prometheus adapter"}
    assert {("metrics-adapter", "kubernetes-api"), ("kubernetes-api", "metrics-adapter")} <= pairs(site())


def test_pods_that_stand_by_reach_the_stores_of_their_own_cluster_and_who_signs_clients_in_alone() -> None:
    at = site(cluster="eu-west-1")
    assert {to for source, to in pairs(at) if source == "api"} == {
        *("postgres", "redis", "sentinel", "identity-provider", "dns")
    }
    assert not {name for pair in pairs(at) for name in pair} & {"pooler-rw", "pooler-ro", "vault", "fis"}
    assert "cbp-application/networkpolicy-default-deny.yaml" in policies(at)
