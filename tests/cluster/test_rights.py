"""Who may do what, asked of the authorizer of a real API server (SubjectAccessReview)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.compiler.project import resolved

if TYPE_CHECKING:
    from tests.cluster.server import Server

_GROUPS = resolved()["production"].environment.sign_in.groups
READERS = ("--as=somebody", f"--as-group={_GROUPS.readers}", "--as-group=system:authenticated")
OPERATORS = ("--as=somebody", f"--as-group={_GROUPS.operators}", "--as-group=system:authenticated")
NOBODY = ("--as=somebody", "--as-group=system:authenticated")


def account(namespace: str, name: str) -> tuple[str, ...]:
    return (f"--as=system:serviceaccount:{namespace}:{name}",)


API = account("cbp-application", "configuration-api")
SECRETS = account("cbp-application", "configuration-api-secrets")
CACHE = account("cbp-data", "configuration-cache")
RETENTION = account("cbp-data", "configuration-db-retention")

RIGHTS: tuple[tuple[tuple[str, ...], str, str, str, str], ...] = (
    (READERS, "get", "pods", "cbp-application", "yes"),
    (READERS, "list", "deployments.apps", "cbp-application", "yes"),
    (READERS, "list", "clusters.postgresql.cnpg.io", "cbp-data", "yes"),
    (READERS, "get", "networkpolicies.networking.k8s.io", "cbp-data", "yes"),
    (READERS, "get", "secrets", "cbp-application", "no"),
    (READERS, "list", "secrets", "cbp-data", "no"),
    (READERS, "create", "pods/exec", "cbp-application", "no"),
    (READERS, "delete", "pods", "cbp-application", "no"),
    (READERS, "get", "pods/log", "cbp-application", "no"),
    (READERS, "get", "pods", "kube-system", "no"),
    (OPERATORS, "get", "pods/log", "cbp-application", "yes"),
    (OPERATORS, "delete", "pods", "cbp-application", "yes"),
    (OPERATORS, "delete", "pods", "cbp-data", "no"),
    (OPERATORS, "patch", "deployments.apps", "cbp-application", "no"),
    (OPERATORS, "create", "pods/exec", "cbp-application", "no"),
    (OPERATORS, "create", "pods/ephemeralcontainers", "cbp-application", "no"),
    (OPERATORS, "get", "secrets", "cbp-application", "no"),
    (OPERATORS, "create", "serviceaccounts/token", "cbp-application", "no"),
    (NOBODY, "get", "pods", "cbp-application", "no"),
    (API, "get", "secrets", "cbp-application", "no"),
    (API, "list", "pods", "cbp-application", "no"),
    (SECRETS, "create", "tokenreviews.authentication.k8s.io", "", "yes"),
    (SECRETS, "get", "secrets", "cbp-application", "no"),
    (CACHE, "list", "pods", "cbp-data", "no"),
    (RETENTION, "delete", "volumesnapshots.snapshot.storage.k8s.io", "cbp-data", "yes"),
    (RETENTION, "delete", "pods", "cbp-data", "no"),
)


@pytest.mark.parametrize(("who", "verb", "resource", "namespace", "answer"), RIGHTS)
def test_the_authorizer_answers_as_the_table_says(
    applied: Server, who: tuple[str, ...], verb: str, resource: str, namespace: str, answer: str
) -> None:
    scope = ("--namespace", namespace) if namespace else ()
    name, _, part = resource.partition("/")
    below = (f"--subresource={part}",) if part else ()
    asked = applied.run("auth", "can-i", verb, name, *below, *scope, *who)
    assert asked.stdout.strip() == answer, asked.stderr
