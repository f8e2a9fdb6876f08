"""Nothing goes in or out of a zone, and then exactly the traffic that the specification lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.compiler.project import changed, documents, resolved, site

if TYPE_CHECKING:
    from compiler.emit.artifact import Document

LISTED = "network.segmentation.traffic"


def policy(name: str, zone: str = "application", **lists: str) -> Document:
    item = changed({f"{LISTED}.{kind}.0": text for kind, text in lists.items()})
    return documents(site(item))[f"cbp-{zone}/networkpolicy-{name}.yaml"]


def flat(rules: list[dict[str, Any]], side: str) -> list[tuple[str, tuple[int, ...]]]:
    """Each peer with the ports that are open for it; a peer of pods as its namespace and its labels."""
    return [(peer(item), tuple(port["port"] for port in rule["ports"])) for rule in rules for item in rule[side]]


def peer(item: dict[str, Any]) -> str:
    if "ipBlock" in item:
        assert item.keys() == {"ipBlock"}
        return str(item["ipBlock"]["cidr"])
    (space,) = item["namespaceSelector"]["matchLabels"].values()
    labels = item.get("podSelector", {}).get("matchLabels", {})
    return "/".join([space, *labels.values()])


def test_every_zone_denies_everything_first() -> None:
    for zone in ("public", "application", "data", "management"):
        spec = policy("default-deny", zone)["spec"]
        assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_api_is_reached_by_the_load_balancer_the_vpn_and_monitoring() -> None:
    addresses = resolved()["production"].environment.addresses
    spec = policy("api-ingress")["spec"]
    assert spec["policyTypes"] == ["Ingress"]
    assert flat(spec["ingress"], "from") == [
        (addresses.load_balancer[0], (8080,)),
        (addresses.vpn[0], (8080,)),
        ("cbp-management", (8080,)),
    ]


def test_the_api_reaches_its_dependencies_and_the_names_that_lead_to_them() -> None:
    addresses = resolved()["production"].environment.addresses
    spec = policy("api-egress")["spec"]
    assert spec["policyTypes"] == ["Egress"]
    assert flat(spec["egress"], "to") == [
        ("kube-system/kube-dns", (53, 53)),
        ("cbp-data", (5432, 6379)),
        (addresses.vault[0], (8200,)),
        (addresses.identity_provider[0], (443,)),
        (addresses.fis[0], (443,)),
        (addresses.core_banking[0], (443,)),
    ]


def test_the_stores_are_reached_by_the_api_alone() -> None:
    spec = policy("stores-ingress", "data")["spec"]
    assert spec["podSelector"] == {}
    assert flat(spec["ingress"], "from") == [("cbp-application/configuration-api", (5432, 6379))]


def test_there_is_no_other_policy() -> None:
    names = {name for name in documents(site()) if "networkpolicy" in name}
    assert names == {
        *(f"cbp-{zone}/networkpolicy-default-deny.yaml" for zone in ("public", "application", "data", "management")),
        "cbp-application/networkpolicy-api-ingress.yaml",
        "cbp-application/networkpolicy-api-egress.yaml",
        "cbp-data/networkpolicy-stores-ingress.yaml",
    }
