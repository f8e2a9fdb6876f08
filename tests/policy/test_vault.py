"""What policies see of the plan for Vault: seconds, paths and devices; what they cannot see is refused."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.emit.artifact import Artifact
from compiler.emit.cluster import cluster_artifacts
from compiler.policy.errors import PolicyError
from compiler.policy.vault import vault
from tests.compiler.project import site


def plan(*documents: dict[str, Any]) -> Artifact:
    document = {"flavour": "openbao", "address": "https://a.example", "documents": list(documents)}
    return Artifact("e/c/vault/plan.yaml", b"", document)


def policy(text: str) -> dict[str, Any]:
    return {"path": "sys/policies/acl/api", "data": {"policy": text}, "writeOnly": []}


def test_durations_are_seconds_and_nothing_else_changes() -> None:
    data = {"token_ttl": "1h", "rotation_period": "soon", "username": "1h", "max_versions": 10}
    (seen,) = vault([plan({"path": "auth/a/role/b", "data": data, "writeOnly": []})])["documents"]
    assert seen["data"] == {**data, "token_ttl": 3600}


def test_a_policy_is_its_paths_and_capabilities() -> None:
    text = '# a path "b" is a comment\n\npath "a" {\n  capabilities = ["read", "list"]\n}\n'
    assert vault([plan(policy(text))])["grants"] == [
        {"policy": "api", "pointer": "/documents/0/data/policy", "path": "a", "capabilities": ["read", "list"]}
    ]


@pytest.mark.parametrize(
    "text",
    [
        'path "a" { capabilities = ["read"] }\n',
        'path "a" {\n  capabilities = ["read"]\n  allowed_parameters = {}\n}\n',
        'path "a" {\n  policy = "write"\n}\n',
        'path "a" {\n  capabilities = ["read"]\n}\npath b {}\n',
    ],
)
def test_a_policy_that_the_rules_would_not_see_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match="sys/policies/acl/api: the policy is not written as the rules read it"):
        vault([plan(policy(text))])


def test_without_a_plan_there_is_nothing_to_judge() -> None:
    with pytest.raises(PolicyError, match="no plan for Vault"):
        vault([Artifact("e/c/vault/audit.hcl", b"")])


def test_the_real_plan_is_seen_whole() -> None:
    at = site()
    seen = vault(cluster_artifacts(at))
    assert seen["file"] == "generated/production/eu-central-1/vault/plan.yaml"
    assert seen["audit"] == ["file", "stdout"]
    texts = [item["data"]["policy"] for item in seen["documents"] if item["path"].startswith("sys/policies/acl/")]
    assert len(seen["grants"]) == sum(text.count("capabilities") for text in texts) > 10
