"""A pod is the sum of its containers: another container, or a sidecar, is one more in a list."""

from __future__ import annotations

from compiler.emit.kubernetes.common.pods import Container, Mount, Pod
from compiler.emit.kubernetes.common.resources import MEBIBYTE, Amounts, Resources, guaranteed
from compiler.model.units import Cores

SHARED = Mount("shared", {"emptyDir": {}}, "/shared")
MAIN = Container(
    name="main",
    image="main:1",
    resources=Resources(Amounts(Cores(1000), MEBIBYTE * 512), Amounts(Cores(2000), MEBIBYTE * 1024)),
    mounts=(SHARED, Mount("own", {"emptyDir": {}}, "/own", read_only=False)),
)
PROXY = Container(name="proxy", image="proxy:1", resources=guaranteed(Cores(500), MEBIBYTE * 128), mounts=(SHARED,))
POD = Pod("account", 65532, (MAIN,), sidecars=(PROXY,))


def test_a_sidecar_starts_first_and_is_restarted_by_itself() -> None:
    (sidecar,) = POD.fields["initContainers"]
    assert (sidecar["name"], sidecar["restartPolicy"]) == ("proxy", "Always")
    assert [container["name"] for container in POD.fields["containers"]] == ["main"]


def test_what_a_pod_requests_is_the_sum_of_all_its_containers() -> None:
    assert POD.resources.fields == {
        "requests": {"cpu": "1500m", "memory": "640Mi"},
        "limits": {"cpu": "2500m", "memory": "1152Mi"},
    }


def test_a_volume_that_two_containers_see_is_one_volume() -> None:
    assert [volume["name"] for volume in POD.fields["volumes"]] == ["shared", "own"]
    assert MAIN.fields["volumeMounts"] == [
        {"name": "shared", "mountPath": "/shared", "readOnly": True},
        {"name": "own", "mountPath": "/own"},
    ]


def test_a_container_has_no_field_that_it_does_not_need_and_is_restricted() -> None:
    assert PROXY.fields.keys() == {
        "name",
        "image",
        "imagePullPolicy",
        "resources",
        "securityContext",
        "volumeMounts",
    }
