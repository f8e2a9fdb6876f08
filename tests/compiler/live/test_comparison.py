"""What a live object has and the compiled one has not is named, unless a server or an operator is known to add it."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.live.expected import DEFAULTS, METADATA
from compiler.live.made import MAKES
from tests.compiler.live.cases import live, reported

API = "Deployment cbp-data/api: "
CONTAINERS = f"{API}spec.template.spec.containers"


def container(fields: dict[str, Any]) -> dict[str, Any]:
    (found,) = fields["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def test_defaults_and_other_spellings_of_an_amount_are_no_differences() -> None:
    assert reported(*live().values()) == []


def test_an_object_that_is_not_there_is_absent() -> None:
    found = live()
    del found["NetworkPolicy"]
    assert reported(*found.values()) == ["absent NetworkPolicy cbp-data/default-deny"]


def test_an_object_that_is_being_deleted_is_as_good_as_absent() -> None:
    found = live()
    found["NetworkPolicy"]["metadata"]["deletionTimestamp"] = "2026-01-05T00:00:00Z"
    assert reported(*found.values())[0] == "absent NetworkPolicy cbp-data/default-deny: it is being deleted"


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "an image": ({"image": "evil:1"}, 'differs {}[api].image is "evil:1", compiled: "registry.bank.example/api:1"'),
    "a default of another value": ({"terminationMessagePath": "/etc"}, "added {}[api].terminationMessagePath"),
    "a further argument": ({"args": ["--one", "--two", "--three"]}, 'added {}[api].args["--three"]'),
    "arguments in another order": ({"args": ["--two", "--one"]}, "differs {}[api].args is in another order"),
    "a missing argument": ({"args": ["--one"]}, 'absent {}[api].args["--two"]'),
    "a larger limit": ({"resources": {"limits": {"cpu": "2"}}}, "differs {}[api].resources.limits.cpu is"),
    "a further limit": (
        {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}},
        "added {}[api].resources.limits.memory",
    ),
    "a mount": ({"volumeMounts": [{"name": "host", "mountPath": "/"}]}, "added {}[api].volumeMounts"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_a_container_is_named_with_its_place(name: str) -> None:
    change, wanted = CHANGES[name]
    found = live()
    container(found["Deployment"]).update(change)
    (line,) = reported(*found.values())
    assert line.startswith(wanted.format(CONTAINERS))


def test_a_value_that_may_be_a_credential_is_not_shown() -> None:
    found = live()
    container(found["Deployment"])["env"] = [{"name": "URL", "value": "canary"}, {"name": "B", "value": "canary"}]
    assert reported(*found.values()) == [
        f"differs {CONTAINERS}[api].env[URL].value has another value than the compiled one",
        f"added {CONTAINERS}[api].env[B]",
    ]


def test_a_peer_that_opens_a_policy_is_an_addition() -> None:
    found = live()
    found["NetworkPolicy"]["spec"]["ingress"].append({})
    assert reported(*found.values()) == ["added NetworkPolicy cbp-data/default-deny: spec.ingress[1]"]


def test_an_empty_selector_beside_a_stated_one_is_an_addition() -> None:
    """Beside a podSelector, an empty namespaceSelector means every namespace."""
    found = live()
    found["NetworkPolicy"]["spec"]["ingress"][0]["from"][0]["namespaceSelector"] = {}
    assert reported(*found.values()) == [
        "added NetworkPolicy cbp-data/default-deny: spec.ingress[0].from[0].namespaceSelector"
    ]


def managed(manager: str, fields: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"manager": manager, "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields}]


def test_an_addition_is_reported_with_the_manager_that_owns_it() -> None:
    found = live()
    spec = found["Deployment"]["spec"]["template"]["spec"]
    spec["containers"].append({"name": "debug", "image": "debug:1"})
    items: dict[str, Any] = {'k:{"name":"debug"}': {".": {}, "f:image": {}}}
    owned = {"f:spec": {"f:template": {"f:spec": {"f:containers": items}}}}
    found["Deployment"]["metadata"]["managedFields"] = managed("kubectl-edit", owned)
    assert reported(*found.values()) == [f"added {CONTAINERS}[debug] by kubectl-edit"]


@pytest.mark.parametrize(
    ("manager", "lines"),
    [
        ("kube-controller-manager", []),
        ("kubectl-scale", [f"differs {API}spec.replicas was not written by an autoscaler, by kubectl-scale"]),
    ],
)
def test_a_number_that_argo_cd_leaves_to_the_autoscaler_belongs_to_it(manager: str, lines: list[str]) -> None:
    found = live()
    found["Deployment"]["spec"]["replicas"] = 6
    found["Deployment"]["metadata"]["managedFields"] = managed(manager, {"f:spec": {"f:replicas": {}}})
    assert reported(*found.values()) == lines


def test_a_default_is_tolerated_at_one_place_only() -> None:
    tables = {"every kind": METADATA, **{str(kind): table for kind, table in DEFAULTS.items()}}
    for kind, table in tables.items():
        places = [(place, str(value)) for place, value in table]
        assert len(set(places)) == len(places), kind
        assert not [place for place, _ in table if place in ("*", "spec", "metadata", "spec *")], kind
    assert not [kind for kind, made in MAKES.items() if kind in made]
