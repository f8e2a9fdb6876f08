"""The API server is told to refuse what the rules refuse in files; tests/cluster asks a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.emit import kinds
from compiler.emit.names import IMAGES_ADMITTED, SECRETS_ADMITTED, ZONES_ADMITTED
from tests.compiler.project import documents, resolved, site
from tests.policy.policies import POLICIES

if TYPE_CHECKING:
    from compiler.emit.artifact import Document


def policy(name: str) -> Document:
    return documents(site())[f"cluster/validatingadmissionpolicy-{name}.yaml"]


def binding(name: str) -> Document:
    return documents(site())[f"cluster/validatingadmissionpolicybinding-{name}.yaml"]


@pytest.mark.parametrize("name", [IMAGES_ADMITTED, SECRETS_ADMITTED, ZONES_ADMITTED])
def test_a_policy_fails_closed_and_its_binding_denies(name: str) -> None:
    assert policy(name)["spec"]["failurePolicy"] == "Fail"
    assert (binding(name)["spec"]["policyName"], binding(name)["spec"]["validationActions"]) == (name, ["Deny"])


@pytest.mark.parametrize("name", [IMAGES_ADMITTED, SECRETS_ADMITTED])
def test_pods_and_secrets_are_judged_in_the_zones_and_not_in_the_platform_s(name: str) -> None:
    (selected,) = binding(name)["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert selected == {"key": "cbp.bank/zone", "operator": "In", "values": ["public", "application", "data"]}


def test_a_namespace_is_judged_anywhere_since_any_could_claim_a_zone() -> None:
    assert "matchResources" not in binding(ZONES_ADMITTED)["spec"]


def test_a_digest_is_the_same_for_the_rule_and_for_the_api_server() -> None:
    digest = "@sha256:[0-9a-f]{64}$"
    refused = policy(IMAGES_ADMITTED)["spec"]["variables"][-1]["expression"]
    assert f"matches('{digest}')" in refused
    assert f"`{digest}`" in (POLICIES / "kubernetes/image_mutable/image_mutable.rego").read_text(encoding="utf-8")


def test_development_alone_may_run_images_by_tag() -> None:
    found = documents(site(resolved()["development"]))
    assert f"cluster/validatingadmissionpolicy-{IMAGES_ADMITTED}.yaml" not in found
    assert f"cluster/validatingadmissionpolicy-{SECRETS_ADMITTED}.yaml" in found


def test_the_operators_that_write_secrets_are_those_whose_kinds_need_some_made() -> None:
    """External Secrets copies them from Vault, cert-manager keeps keys, and CloudNativePG certificates."""
    (judged,) = policy(SECRETS_ADMITTED)["spec"]["validations"]
    writers = {
        f"system:serviceaccount:{kind.provider.namespace}:{kind.provider.writes_secrets_as}"
        for kind in (kinds.EXTERNAL_SECRET, kinds.CERTIFICATE, kinds.POSTGRES_CLUSTER)
    }
    assert {word for word in judged["expression"].split("'") if word.startswith("system:")} == writers
