"""The scheduler of a real server spreads the API's pods over zones, and a lost zone stops none of them elsewhere.

Nodes are objects that kwok keeps alive (https://kwok.sigs.k8s.io/): where nobody does, this is not checked.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from tests.cluster.server import Server

ZONES = ("zone-a", "zone-b", "zone-c")
NODES_OF_A_ZONE = 4
API = ("--namespace", "cbp-application", "--selector=app.kubernetes.io/name=configuration-api")
_TAINT = "cbp.bank/zone-lost:NoSchedule"


def node(zone: str, number: int) -> dict[str, Any]:
    name = f"cbp-test-{zone}-{number}"
    capacity = {"cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": zone,
        "type": "kwok",
    }
    metadata = {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}}
    status = {"capacity": capacity, "allocatable": capacity}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status}


NODES = tuple(node(zone, number) for zone in ZONES for number in range(NODES_OF_A_ZONE))


@pytest.fixture
def zones(applied: Server) -> Iterator[Server]:
    """A server with simulated nodes in three zones, or none where nobody simulates them."""
    scale(applied, 0)  # a pod that waited would be placed in the first zone that is there
    # The image of the frozen project is unreleased, and the API server takes no pod of a tag.
    image = f"configuration-api=registry.bank.example/platform/configuration-api@sha256:{'0' * 64}"
    applied.told("set", "image", "deployment/configuration-api", "--namespace", "cbp-application", image)
    for item in NODES:
        applied.told("create", "--filename=-", given=item)
    try:
        names = [item["metadata"]["name"] for item in NODES]
        ready = applied.run("wait", "--for=condition=Ready", "--timeout=60s", *(f"node/{name}" for name in names))
        if ready.returncode:
            pytest.skip("not checked: nobody keeps simulated nodes alive (kwok)")
        yield applied
    finally:
        applied.delete(NODES)


def running(server: Server) -> Counter[str]:
    """Return how many pods of the API run in each zone."""
    of_node = {item["metadata"]["name"]: item["metadata"]["labels"]["topology.kubernetes.io/zone"] for item in NODES}
    pods = server.get("pods", *API)["items"]
    return Counter(of_node[pod["spec"]["nodeName"]] for pod in pods if pod["status"]["phase"] == "Running")


def scale(server: Server, replicas: int) -> None:
    """Ask for a number of pods, and wait until so many run."""
    server.told("scale", "deployment", "configuration-api", "--namespace", "cbp-application", f"--replicas={replicas}")
    state = 'jsonpath={.items[?(@.status.phase=="Running")].metadata.name}'
    for _ in range(120):
        if len(server.run("get", "pods", *API, "--output", state).stdout.split()) == replicas:
            return
    pods = [(pod["metadata"]["name"], pod["status"]) for pod in server.get("pods", *API)["items"]]
    raise AssertionError(f"{replicas} were asked for: {json.dumps(pods)[:3000]}")


def test_pods_are_spread_over_the_zones_and_a_lost_zone_stops_no_other(
    zones: Server, production: tuple[Document, ...]
) -> None:
    deployments = {item["metadata"]["name"]: item for item in production if item["kind"] == "Deployment"}
    deployment = deployments["configuration-api"]
    least = deployment["spec"]["replicas"]
    scale(zones, least)
    assert max(running(zones).values()) - min(running(zones)[zone] for zone in ZONES) <= 1
    lost = [
        item["metadata"]["name"]
        for item in NODES
        if item["metadata"]["labels"]["topology.kubernetes.io/zone"] == ZONES[0]
    ]
    zones.told("taint", "node", *lost, _TAINT)
    names = [pod["metadata"]["name"] for pod in zones.get("pods", *API)["items"] if pod["spec"].get("nodeName") in lost]
    zones.told("delete", "pod", "--namespace", "cbp-application", "--force", "--grace-period=0", *names)
    scale(zones, least + 2)
    assert running(zones)[ZONES[0]] == 0
    assert sum(running(zones).values()) == least + 2
