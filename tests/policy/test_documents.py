"""What policies see of rendered documents: the Kubernetes objects, with whole numbers for quantities."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.emit.artifact import Artifact
from compiler.emit.site import sites
from compiler.policy.documents import documents, normalised
from tests.compiler.project import artifacts, resolved


def test_only_documents_with_an_api_version_and_a_kind_are_judged() -> None:
    service = {"apiVersion": "v1", "kind": "Service"}
    artifacts = (
        Artifact("production/one/kubernetes/app/service-api.yaml", b"", service),
        Artifact("production/one/runtime/settings.json", b"", {"kind": "settings"}),
        Artifact("production/one/vault/policy.hcl", b""),
    )
    assert documents(artifacts) == [
        {"file": "generated/production/one/kubernetes/app/service-api.yaml", "object": service}
    ]


def test_every_container_has_its_resources_in_numbers() -> None:
    resources = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": 2, "ephemeral-storage": "1k"}}
    pod = {"initContainers": [{"resources": resources}], "containers": [{"resources": resources}]}
    read = {"requests": {"cpu": 500, "memory": 2**30}, "limits": {"cpu": 2000, "ephemeral-storage": 1000}}
    template = seen("Deployment", {"template": {"spec": pod}})["template"]
    assert template["spec"] == {"initContainers": [{"resources": read}], "containers": [{"resources": read}]}


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        (
            "ResourceQuota",
            {"hard": {"pods": "10", "requests.cpu": "20", "limits.memory": "40Gi"}},
            {"hard": {"pods": 10, "requests.cpu": 20_000, "limits.memory": 40 * 2**30}},
        ),
        (
            "LimitRange",
            {"limits": [{"type": "Container", "max": {"cpu": "8"}, "default": {"memory": "1Gi"}}]},
            {"limits": [{"type": "Container", "max": {"cpu": 8000}, "default": {"memory": 2**30}}]},
        ),
        (
            "StatefulSet",
            {"volumeClaimTemplates": [{"spec": {"resources": {"requests": {"storage": "10Gi"}}}}]},
            {"volumeClaimTemplates": [{"spec": {"resources": {"requests": {"storage": 10 * 2**30}}}}]},
        ),
        ("Pod", {"volumes": [{"emptyDir": {"sizeLimit": "64Mi"}}]}, {"volumes": [{"emptyDir": {"sizeLimit": 2**26}}]}),
        ("ExternalSecret", {"refreshInterval": "1h30m"}, {"refreshInterval": 5400}),
        ("Certificate", {"duration": "48h", "renewBefore": "60s"}, {"duration": 172_800, "renewBefore": 60}),
        ("Cluster", {"storage": {"size": "1Ti", "class": "fast"}}, {"storage": {"size": 2**40, "class": "fast"}}),
    ],
)
def test_quantities_are_read_wherever_kubernetes_has_them(kind: str, spec: Any, expected: Any) -> None:
    assert seen(kind, spec) == expected


def test_what_cannot_be_read_stays_for_a_rule_to_deny() -> None:
    spec = {"containers": [{"resources": {"limits": {"memory": "4GB"}, "requests": "all"}}], "hard": {"cpu": "1"}}
    assert seen("Pod", spec) == spec


def test_the_rendered_document_itself_is_left_as_it_is() -> None:
    document = {"apiVersion": "v1", "kind": "Pod", "spec": {"resources": {"limits": {"cpu": "1"}}}}
    normalised(document)
    assert document["spec"] == {"resources": {"limits": {"cpu": "1"}}}


def seen(kind: str, spec: Any) -> Any:
    return normalised({"apiVersion": "v1", "kind": kind, "spec": spec})["spec"]


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_objects_come_in_the_order_of_their_files(environment: str) -> None:
    """So their order follows from what is read of them (:mod:`compiler.lineage.parts`)."""
    for at in sites(resolved()[environment]):
        files = [item["file"] for item in documents(tuple(artifacts(at).values()))]
        assert files == sorted(files)
        assert len(files) == len({*files})
