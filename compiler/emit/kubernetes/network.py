"""NetworkPolicies: nothing in or out of any zone, and then exactly the traffic that the specification lists.

Sources: ``network.segmentation``, the environment's ``addresses``.
Upstream: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.meta import SELECTOR, Wave, kubernetes_object
from compiler.emit.names import DNS_PORT, HTTPS_PORT, POSTGRES_PORT, REDIS_PORT, VAULT_PORT, namespace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.network import Zone

Rule = dict[str, Any]


def network(site: Site) -> Iterator[Document]:
    """Yield the default denial of every zone, and the policies that open what is listed."""
    for zone in site.spec.network.segmentation.zones:
        spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        yield _policy("default-deny", zone, spec)
    yield _policy("api-ingress", "application", _spec(SELECTOR, "Ingress", _api_ingress(site)))
    yield _policy("api-egress", "application", _spec(SELECTOR, "Egress", _api_egress(site)))
    yield _policy("stores-ingress", "data", _spec({}, "Ingress", [_stores_ingress()]))


def _policy(name: str, zone: Zone, spec: Rule) -> Document:
    return kubernetes_object("networking.k8s.io/v1", "NetworkPolicy", name, Wave.BOUNDARY, zone=zone, spec=spec)


def _spec(selector: dict[str, str], direction: str, rules: Iterable[Rule]) -> Rule:
    pods = {"matchLabels": selector} if selector else {}
    return {"podSelector": pods, "policyTypes": [direction], direction.lower(): list(rules)}


def _api_ingress(site: Site) -> Iterator[Rule]:
    """Clients by the load balancer, engineers by the VPN, and monitoring, which reads the metrics."""
    addresses, traffic = site.environment.addresses, site.spec.network.segmentation.traffic
    ports = _ports(site.spec.containers.application.health_check.port)
    if "Load balancer" in traffic.ingress:
        yield {"from": _blocks(addresses.load_balancer), "ports": ports}
    if "VPN" in traffic.ingress:
        yield {"from": _blocks(addresses.vpn), "ports": ports}
    if "Monitoring" in traffic.egress:
        # Prometheus fetches what leaves for monitoring, so that this egress is an ingress of the pod.
        yield {"from": [_zone("management")], "ports": ports}


def _api_egress(site: Site) -> Iterator[Rule]:
    """The stores and everything that the API depends on; names have to be resolved first."""
    if "Dependencies" not in site.spec.network.segmentation.traffic.egress:
        return
    addresses = site.environment.addresses
    dns = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    yield {"to": [dns], "ports": [{"protocol": protocol, "port": DNS_PORT} for protocol in ("UDP", "TCP")]}
    yield {"to": [_zone("data")], "ports": _ports(POSTGRES_PORT, REDIS_PORT)}
    yield {"to": _blocks(addresses.vault), "ports": _ports(VAULT_PORT)}
    for ranges in (addresses.identity_provider, addresses.fis, addresses.core_banking):
        yield {"to": _blocks(ranges), "ports": _ports(HTTPS_PORT)}


def _stores_ingress() -> Rule:
    source = {**_zone("application"), "podSelector": {"matchLabels": SELECTOR}}
    return {"from": [source], "ports": _ports(POSTGRES_PORT, REDIS_PORT)}


def _zone(zone: Zone) -> Rule:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace(zone)}}}


def _blocks(ranges: Iterable[str]) -> list[Rule]:
    return [{"ipBlock": {"cidr": item}} for item in ranges]


def _ports(*ports: int) -> list[Rule]:
    return [{"protocol": "TCP", "port": port} for port in ports]
