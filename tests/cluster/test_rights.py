"""Who may do what, asked of the authorizer of a real API server (SubjectAccessReview)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.compiler.project import resolved

if TYPE_CHECKING:
    from tests.cluster.server import Server

_GROUPS = resolved()["production"].environment.sign_in.groups
_EVERYBODY = "system:authenticated"
READERS = {"user": "somebody", "groups": [_GROUPS.readers, _EVERYBODY]}
OPERATORS = {"user": "somebody", "groups": [_GROUPS.operators, _EVERYBODY]}
NOBODY = {"user": "somebody", "groups": [_EVERYBODY]}


def account(namespace: str, name: str) -> dict[str, Any]:
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", _EVERYBODY]
    return {"user": f"system:serviceaccount:{namespace}:{name}", "groups": groups}


API = account("cbp-application", "configuration-api")
SECRETS = account("cbp-application", "configuration-api-secrets")
CACHE = account("cbp-data", "configuration-cache")
RETENTION = account("cbp-data", "configuration-db-retention")

RIGHTS: tuple[tuple[dict[str, Any], str, str, str, bool], ...] = (
    (READERS, "get", "pods", "cbp-application", True),
    (READERS, "list", "deployments.apps", "cbp-application", True),
    (READERS, "list", "clusters.postgresql.cnpg.io", "cbp-data", True),
    (READERS, "get", "networkpolicies.networking.k8s.io", "cbp-data", True),
    (READERS, "get", "secrets", "cbp-application", False),
    (READERS, "list", "secrets", "cbp-data", False),
    (READERS, "create", "pods/exec", "cbp-application", False),
    (READERS, "delete", "pods", "cbp-application", False),
    (READERS, "get", "pods/log", "cbp-application", False),
    (READERS, "get", "pods", "kube-system", False),
    (OPERATORS, "get", "pods/log", "cbp-application", True),
    (OPERATORS, "delete", "pods", "cbp-application", True),
    (OPERATORS, "watch", "pods", "cbp-application", True),
    (OPERATORS, "delete", "pods", "cbp-data", False),
    (OPERATORS, "patch", "deployments.apps", "cbp-application", False),
    (OPERATORS, "create", "pods/exec", "cbp-application", False),
    (OPERATORS, "create", "pods/ephemeralcontainers", "cbp-application", False),
    (OPERATORS, "get", "secrets", "cbp-application", False),
    (OPERATORS, "create", "serviceaccounts/token", "cbp-application", False),
    (NOBODY, "get", "pods", "cbp-application", False),
    (API, "get", "secrets", "cbp-application", False),
    (API, "list", "pods", "cbp-application", False),
    (SECRETS, "create", "tokenreviews.authentication.k8s.io", "", True),
    (SECRETS, "create", "subjectaccessreviews.authorization.k8s.io", "", False),
    (SECRETS, "get", "secrets", "cbp-application", False),
    (CACHE, "list", "pods", "cbp-data", False),
    (RETENTION, "delete", "backups.postgresql.cnpg.io", "cbp-data", True),
    (RETENTION, "delete", "volumesnapshots.snapshot.storage.k8s.io", "cbp-data", False),
    (RETENTION, "delete", "pods", "cbp-data", False),
)


@pytest.mark.parametrize(("who", "verb", "resource", "namespace", "allowed"), RIGHTS)
def test_the_authorizer_answers_as_the_table_says(
    applied: Server, who: dict[str, Any], verb: str, resource: str, namespace: str, allowed: bool
) -> None:
    assert applied.allows(who, verb, resource, namespace) == allowed
