"""A small cluster: two compiled objects in one zone, and the live ones as a server would store them."""

from __future__ import annotations

import copy
from typing import Any

from compiler.live.comparison import check
from compiler.live.objects import Compiled, identity

Fields = dict[str, Any]

NAMESPACE: Fields = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cbp-data"}}
DEPLOYMENT: Fields = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "api", "namespace": "cbp-data", "labels": {"app": "api"}},
    "spec": {
        "replicas": 4,
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "api",
                        "image": "registry.bank.example/api:1",
                        "args": ["--one", "--two"],
                        "env": [{"name": "URL", "value": "a"}],
                        "resources": {"limits": {"cpu": "1000m"}},
                    }
                ]
            }
        },
    },
}
POLICY: Fields = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "default-deny", "namespace": "cbp-data"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{"from": [{"podSelector": {}}]}]},
}
SITE = Compiled(
    {identity(item): item for item in (NAMESPACE, DEPLOYMENT, POLICY)},
    frozenset({(identity(DEPLOYMENT), "/spec/replicas")}),
)


def live() -> dict[str, Fields]:
    """Return the live objects by kind, with the defaults that a server adds."""
    found = {item["kind"]: copy.deepcopy(item) for item in (NAMESPACE, DEPLOYMENT, POLICY)}
    for number, fields in enumerate(found.values()):
        fields["metadata"] |= {"uid": f"uid-{number}", "resourceVersion": "7", "managedFields": []}
        fields["status"] = {"phase": "there"}
    found["Deployment"]["spec"]["progressDeadlineSeconds"] = 600
    (container,) = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    container |= {"terminationMessagePolicy": "File", "resources": {"limits": {"cpu": "1"}}}
    return found


def reported(*objects: Fields) -> list[str]:
    """Return the differences between the compiled objects and some live ones, a line for each."""
    return [f"{item.kind} {item}" for item in check(SITE, objects)]


def owned(kind: str, name: str, owner: Fields | None = None, api_version: str = "v1", **body: Any) -> Fields:
    """Return a live object in the zone, which says that another one owns it."""
    metadata: Fields = {"name": name, "namespace": "cbp-data", "uid": f"uid-of-{name}"}
    if owner:
        reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
        metadata["ownerReferences"] = [{**reference, "uid": owner["metadata"]["uid"], "controller": True}]
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}
