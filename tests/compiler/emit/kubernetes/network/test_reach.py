"""Who reaches whom, in every environment and cluster: the rendered policies against a table written by hand.

The labels below are those that the makers of the pods give them, read from their own documentation and sources, and
not from the flows that the policies are made of.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from itertools import product
from typing import TYPE_CHECKING

import pytest

from compiler.emit.cluster import flows
from compiler.emit.pages.reachability import Network
from compiler.emit.pages.reachability_endpoints import Outside, Pod
from compiler.emit.site import sites
from tests.compiler.project import artifacts, documents, resolved, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Network, IPv6Network

    from compiler.emit.pages.reachability_endpoints import Place
    from compiler.emit.site import Site

SITES = [at for environment in resolved().values() for at in sites(environment)]
every_site = pytest.mark.parametrize("at", SITES, ids=[at.folder for at in SITES])
Table = dict[tuple[str, str], set[str]]

POSTGRES = {"cnpg.io/cluster": "configuration-db", "app.kubernetes.io/name": "postgresql"}
RESTORED = {**POSTGRES, "cnpg.io/cluster": "configuration-db-restored"}
POOLER = {**POSTGRES, "cnpg.io/podRole": "pooler"}
SENTINEL = {"app": "configuration-cache-sentinel-sentinel", "role": "sentinel", "redis_setup_type": "sentinel"}
PODS = {
    "api": ("cbp-application", {"app.kubernetes.io/name": "configuration-api", "app.kubernetes.io/part-of": "cbp"}),
    "instance": ("cbp-data", {**POSTGRES, "cnpg.io/podRole": "instance", "role": "primary"}),
    "join job": ("cbp-data", {**POSTGRES, "cnpg.io/jobRole": "join"}),
    "pooler rw": ("cbp-data", {**POOLER, "cnpg.io/poolerName": "configuration-db-pooler-rw"}),
    "pooler ro": ("cbp-data", {**POOLER, "cnpg.io/poolerName": "configuration-db-pooler-ro"}),
    "migration": ("cbp-data", {"app.kubernetes.io/component": "migration", "app.kubernetes.io/part-of": "cbp"}),
    "anchors": ("cbp-data", {"app.kubernetes.io/component": "audit-anchors", "app.kubernetes.io/part-of": "cbp"}),
    "snapshots": ("cbp-data", {"app.kubernetes.io/component": "snapshots", "app.kubernetes.io/part-of": "cbp"}),
    "retention": ("cbp-data", {"app.kubernetes.io/name": "configuration-db-retention"}),
    "restore test": ("cbp-data", {"app.kubernetes.io/component": "restore-test", "app.kubernetes.io/part-of": "cbp"}),
    "restored": ("cbp-data", {**RESTORED, "cnpg.io/podRole": "instance", "role": "primary"}),
    "restoring": ("cbp-data", {**RESTORED, "cnpg.io/jobRole": "full-recovery"}),
    "copies": ("cbp-data", {"app.kubernetes.io/name": "configuration-cache-copies"}),
    "redis": ("cbp-data", {"app": "configuration-cache", "role": "replication", "redis_setup_type": "replication"}),
    "sentinel": ("cbp-data", SENTINEL),
    "prometheus": ("cbp-management", {"app.kubernetes.io/name": "prometheus", "prometheus": "platform"}),
    "adapter": ("cbp-management", {"app.kubernetes.io/name": "prometheus-adapter"}),
    "node metrics": ("cbp-management", {"app.kubernetes.io/name": "node-metrics", "app.kubernetes.io/part-of": "cbp"}),
    "probes": ("cbp-management", {"app.kubernetes.io/name": "probes", "app.kubernetes.io/part-of": "cbp"}),
    "prometheus operator": ("monitoring", {"app.kubernetes.io/name": "kube-prometheus-stack-prometheus-operator"}),
    "alertmanager": ("monitoring", {"app.kubernetes.io/name": "alertmanager", "alertmanager": "platform"}),
    "state metrics": ("monitoring", {"app.kubernetes.io/name": "kube-state-metrics"}),
    "cert-manager": ("cert-manager", {"app.kubernetes.io/name": "cert-manager", "app": "cert-manager"}),
    "dns": ("kube-system", {"k8s-app": "kube-dns"}),
    "cnpg": ("cnpg-system", {"app.kubernetes.io/name": "cloudnative-pg", "pod-template-hash": "1"}),
    "barman": ("cnpg-system", {"app": "barman-cloud"}),
    "redis operator": ("redis-operator", {"name": "redis-operator"}),
    "keda": ("keda", {"app": "keda-operator", "app.kubernetes.io/name": "keda-operator"}),
    "keda webhooks": ("keda", {"app": "keda-admission-webhooks"}),
    "external secrets": ("external-secrets", {"app.kubernetes.io/name": "external-secrets"}),
    "argo cd": ("argocd", {"app.kubernetes.io/name": "argocd-application-controller"}),
    # Strangers: in each zone, and with the labels of ours in a namespace of somebody else.
    "stranger in public": ("cbp-public", {"app": "stranger"}),
    "stranger in application": ("cbp-application", {"app": "stranger"}),
    "stranger in data": ("cbp-data", {"app": "stranger"}),
    "another database": ("cbp-data", {"cnpg.io/cluster": "another", "cnpg.io/podRole": "instance"}),
    "stranger in management": ("cbp-management", {"app": "stranger"}),
    "impostor api": ("elsewhere", {"app.kubernetes.io/name": "configuration-api"}),
    "impostor prometheus": ("cbp-public", {"app.kubernetes.io/name": "prometheus"}),
}  # fmt: skip
SHARED = {
    "vpn": "vpn",
    "clients": "clients",
    "sign-in": "identity_provider",
    "fis": "fis",
    "core banking": "core_banking",
}
OWN = {
    "load balancer": "load_balancer",
    "vault": "vault",
    "kubernetes": "kubernetes_api",
    "object store": "object_store",
    "cloud identity": "cloud_identity",
    "nodes": "nodes",
}
NAMES = {"53", "53 UDP"}
STANDING_BY: Table = {
    ("instance", "instance"): {"5432", "8000"},
    ("join job", "instance"): {"5432"},
    ("cnpg", "instance"): {"5432", "8000"},
    ("instance", "object store"): {"443"},
    ("join job", "object store"): {"443"},
    ("instance", "cloud identity"): {"443"},
    ("join job", "cloud identity"): {"443"},
    ("instance", "kubernetes"): {"443"},
    ("join job", "kubernetes"): {"443"},
    ("instance", "dns"): NAMES,
    ("join job", "dns"): NAMES,
    ("redis", "redis"): {"6379"},
    ("redis", "dns"): NAMES,
    ("sentinel", "redis"): {"6379"},
    ("sentinel", "sentinel"): {"26379"},
    ("redis operator", "redis"): {"6379"},
    ("redis operator", "sentinel"): {"26379"},
    ("prometheus", "instance"): {"9187"},
    ("prometheus", "redis"): {"9121"},
    ("prometheus", "kubernetes"): {"443"},
    ("prometheus", "dns"): NAMES,
    ("prometheus", "alertmanager"): {"9093"},
    ("prometheus", "state metrics"): {"8080"},
    ("prometheus", "cert-manager"): {"9402"},
    ("prometheus", "nodes"): {"10250"},
    ("retention", "kubernetes"): {"443"},
    ("instance", "object store of eu-central-1"): {"443"},
    ("join job", "object store of eu-central-1"): {"443"},
    ("load balancer", "api"): {"8443"},
    ("prometheus", "api"): {"9464", "9901"},
    ("api", "instance"): {"5432"},
    ("api", "redis"): {"6379"},
    ("api", "sentinel"): {"26379"},
    ("api", "sign-in"): {"443"},
    ("api", "dns"): NAMES,
}
SERVING: Table = {
    **{pair: ports for pair, ports in STANDING_BY.items() if pair[1] != "object store of eu-central-1"},
    ("copies", "kubernetes"): {"443"},
    ("migration", "instance"): {"5432"},
    ("migration", "dns"): NAMES,
    ("anchors", "instance"): {"5432"},
    ("anchors", "vault"): {"8200"},
    ("anchors", "dns"): NAMES,
    ("restore test", "instance"): {"5432"},
    ("restore test", "restored"): {"5432"},
    ("restore test", "kubernetes"): {"443"},
    ("restore test", "dns"): NAMES,
    ("cnpg", "restored"): {"5432", "8000"},
    **{
        (pods, place): ports
        for pods in ("restored", "restoring")
        for place, ports in (
            ("object store", {"443"}),
            ("cloud identity", {"443"}),
            ("kubernetes", {"443"}),
            ("dns", NAMES),
        )
    },
    ("load balancer", "instance"): {"5432"},
    ("api", "pooler rw"): {"5432"},
    ("api", "pooler ro"): {"5432"},
    ("api", "fis"): {"443"},
    ("api", "core banking"): {"443"},
    ("pooler rw", "instance"): {"5432"},
    ("pooler ro", "instance"): {"5432"},
    ("pooler rw", "kubernetes"): {"443"},
    ("pooler ro", "kubernetes"): {"443"},
    ("pooler rw", "dns"): NAMES,
    ("pooler ro", "dns"): NAMES,
    ("vault", "instance"): {"5432"},
    ("prometheus", "pooler rw"): {"9127"},
    ("prometheus", "pooler ro"): {"9127"},
    ("adapter", "prometheus"): {"9090"},
    ("keda", "prometheus"): {"9090"},
    ("kubernetes", "adapter"): {"6443"},
    ("adapter", "kubernetes"): {"443"},
    ("adapter", "dns"): NAMES,
}
LOCKING: Table = {
    ("anchors", "object store"): {"443"},
    ("anchors", "cloud identity"): {"443"},
    ("snapshots", "instance"): {"5432"},
    ("snapshots", "object store"): {"443"},
    ("snapshots", "cloud identity"): {"443"},
    ("snapshots", "dns"): NAMES,
}
"""Where a bucket under Object Lock is stated, for the anchors of the audit trail and snapshots of the configuration."""
MEASURED: Table = {("prometheus", "node metrics"): {"9100"}}
"""Where the platform does not measure its nodes."""
PROBING: Table = {
    ("prometheus", "probes"): {"9115"},
    ("probes", "load balancer"): {"443"},
    ("probes", "load balancer of eu-central-1"): {"443"},
    ("probes", "load balancer of eu-west-1"): {"443"},
    ("probes", "dns"): NAMES,
}
"""Where the environment says where probes call from: the load balancer of the cluster itself has no other name."""
ZONES = {"cbp-public", "cbp-application", "cbp-data", "cbp-management"}


def ranges(at: Site) -> Iterator[tuple[IPv4Network | IPv6Network, str]]:
    """Every range of the environment and of each of its clusters, and what it is to the one that is looked at."""
    for name, purpose in SHARED.items():
        yield from ((ip_network(cidr), name) for cidr in getattr(at.environment.addresses, purpose))
    for cluster, its in at.environment.clusters.items():
        for name, purpose in OWN.items():
            whose = name if cluster == at.name else f"{name} of {cluster}"
            yield from ((ip_network(cidr), whose) for cidr in getattr(its.addresses, purpose))


def places(at: Site) -> list[Place]:
    """Every pod, the first and last address of every range, the ones beside it, and one of nobody."""
    found: list[Place] = [Pod(name, *where) for name, where in PODS.items()]
    inside = dict(ranges(at))
    found += [Outside(name, network[edge]) for network, name in inside.items() for edge in (0, -1)]
    known = {place.address for place in found if isinstance(place, Outside)}
    beside = {address + step for address in known for step in (-1, 1)} - known
    found += [Outside("beside", item) for item in sorted(beside) if not any(item in network for network in inside)]
    return [*found, Outside("internet", ip_address("203.0.113.1")), Outside("metadata", ip_address("169.254.169.254"))]


def concerned(source: Place, destination: Place) -> bool:
    """Whether one end is in a zone: what passes between others is not for these policies to say."""
    return any(isinstance(end, Pod) and end.namespace in ZONES for end in (source, destination))


def reached(at: Site) -> Table:
    network, every = Network(documents(at).values()), places(at)
    found: Table = {}
    for source, destination in product(every, every):
        if concerned(source, destination):
            ports = {
                f"{opening}{' UDP' if opening.protocol == 'UDP' else ''}"
                for opening in network.openings(source, destination)
            }
            assert found.setdefault((source.name, destination.name), ports) == ports, (source, destination)
    return {pair: ports for pair, ports in found.items() if ports}


def expected(at: Site) -> Table:
    measured = {} if at.cluster.node_metrics else MEASURED
    if at.cluster.addresses.probes:
        measured = measured | {
            pair: ports for pair, ports in PROBING.items() if pair[1] != f"load balancer of {at.name}"
        }
    if not at.serves:
        return STANDING_BY | measured
    return (SERVING | LOCKING if at.cluster.anchors else SERVING) | measured


@every_site
def test_everybody_reaches_exactly_whom_they_must(at: Site) -> None:
    assert reached(at) == expected(at)


@every_site
def test_the_table_and_the_declared_flows_say_the_same(at: Site) -> None:
    declared = {
        f"{port}{'' if protocol == 'TCP' else ' UDP'}"
        for flow in flows(at)
        for protocol in flow.protocols
        for port in flow.ports
    }
    assert len({(flow.source.name, flow.destination.name) for flow in flows(at)}) == len(flows(at))
    assert len(flows(at)) == len(expected(at))
    assert declared == set.union(*expected(at).values())


def test_a_pod_in_the_public_zone_is_alone() -> None:
    assert not [pair for pair in reached(site()) if "stranger in public" in pair]


@every_site
def test_the_page_for_reviewers_shows_what_is_open(at: Site) -> None:
    text = artifacts(at)["network.md"].content.decode()
    rows = {
        line.split(" | ")[0].strip("| "): line for line in text.split("## Why")[0].splitlines() if line.startswith("| ")
    }
    assert rows["any other of cbp-data"].count("·") == rows["any other of cbp-data"].count(" | ")
    for flow in flows(at):
        line = f"| {flow.source.name} | {flow.destination.name} | {', '.join(map(str, flow.ports))} | {flow.reason} |"
        assert line in text


def test_the_page_shows_the_ports_between_two_places() -> None:
    lines = artifacts(site())["network.md"].content.decode().splitlines()
    header = next(line for line in lines if line.startswith("| from \\ to | api |"))
    row = next(line for line in lines if line.startswith("| postgres |"))
    cells = dict(zip(header.split(" | "), row.split(" | "), strict=True))
    assert cells["postgres"] == "5432, 8000"
    assert cells["redis"] == "·"
