"""A change by hand is seen: by Argo CD, which heals it, and by ``cbp cluster check``, which names it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from compiler.emit.kubernetes.cluster.admission import secret_writers
from tests.cluster.server import MANAGER
from tests.compiler.cli.running import CBP
from tests.compiler.project import ROOT, copy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compiler.emit.artifact import Document
    from tests.cluster.server import Server

SITE = "production/eu-central-1"


@dataclass(frozen=True, slots=True)
class Tampered:
    """A change by hand: the object, a merge patch or a JSON Patch, what is reported, and whether Argo CD sees it."""

    at: tuple[str, ...]
    patch: object
    reported: str
    argo_cd: bool


APPLICATION, DATA = ("--namespace", "cbp-application"), ("--namespace", "cbp-data")
DEPLOYMENT = ("deployment", "configuration-api", *APPLICATION)
# The API server takes Secrets in the zones from operators alone.
BY_AN_OPERATOR = ("--as", secret_writers()[0], "--as-group", "system:masters")
_CONTAINER = {"name": "debug", "image": "registry.bank.example/debug:1"}
_TAMPERED = {
    "a variable": Tampered(
        DEPLOYMENT,
        [{"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "DEBUG", "value": "1"}}],
        "added    Deployment cbp-application/configuration-api: "
        "spec.template.spec.containers[configuration-api].env[DEBUG] by kubectl-patch",
        argo_cd=False,
    ),
    "a changed limit of the quota": Tampered(
        ("resourcequota", "configuration-api", *APPLICATION),
        {"spec": {"hard": {"pods": "99"}}},
        "differs  ResourceQuota cbp-application/configuration-api: spec.hard.pods is",
        argo_cd=True,
    ),
    "a further limit of the quota": Tampered(
        ("resourcequota", "configuration-api", *APPLICATION),
        {"spec": {"hard": {"count/configmaps": "0"}}},
        'added    ResourceQuota cbp-application/configuration-api: spec.hard["count/configmaps"] by kubectl-patch',
        argo_cd=False,
    ),
    "a default-deny that lets everybody in": Tampered(
        ("networkpolicy", "default-deny", *DATA),
        {"spec": {"ingress": [{}]}},
        "absent   NetworkPolicy cbp-data/default-deny: spec.ingress[0].from",
        argo_cd=True,
    ),
    "a peer in front of the database": Tampered(
        ("networkpolicy", "postgres-ingress", *DATA),
        [{"op": "add", "path": "/spec/ingress/0/from/-", "value": {"namespaceSelector": {}}}],
        "added    NetworkPolicy cbp-data/postgres-ingress: spec.ingress[0].from",
        argo_cd=True,
    ),
    "a verb of the readers": Tampered(
        ("role", "readers", *APPLICATION),
        [{"op": "add", "path": "/rules/0/verbs/-", "value": "delete"}],
        'added    Role cbp-application/readers: rules[0].verbs["delete"] by kubectl-patch',
        argo_cd=True,
    ),
    "a subject of the operators": Tampered(
        ("rolebinding", "operators", *APPLICATION),
        [{"op": "add", "path": "/subjects/-", "value": {"kind": "User", "name": "mallory"}}],
        "added    RoleBinding cbp-application/operators: subjects[mallory] by kubectl-patch",
        argo_cd=True,
    ),
    "a parameter of PostgreSQL": Tampered(
        ("cluster.postgresql.cnpg.io", "configuration-db", *DATA),
        {"spec": {"postgresql": {"parameters": {"fsync": "off"}}}},
        "added    Cluster cbp-data/configuration-db: spec.postgresql.parameters.fsync by kubectl-patch",
        argo_cd=False,
    ),
    "replicas that no autoscaler chose": Tampered(
        DEPLOYMENT,
        {"spec": {"replicas": 1}},
        "differs  Deployment cbp-application/configuration-api: spec.replicas was not written by an autoscaler",
        argo_cd=False,
    ),
    "a zone that warns of nothing": Tampered(
        ("namespace", "cbp-data"),
        {"metadata": {"labels": {"pod-security.kubernetes.io/warn": "privileged"}}},
        'differs  Namespace cbp-data: metadata.labels["pod-security.kubernetes.io/warn"] is "privileged"',
        argo_cd=True,
    ),
    "a container": Tampered(
        DEPLOYMENT,
        [{"op": "add", "path": "/spec/template/spec/containers/-", "value": _CONTAINER}],
        "added    Deployment cbp-application/configuration-api: spec.template.spec.containers[debug] by kubectl-patch",
        argo_cd=False,
    ),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frozen project, compiled."""
    folder = copy(tmp_path_factory.mktemp("project"))
    subprocess.run([CBP, "compile", "--root", folder], capture_output=True, check=True)
    return folder


@pytest.fixture
def healed(applied: Server, production: tuple[Document, ...]) -> Iterator[Server]:
    """A server whose objects are as they were compiled, before a test and after it."""
    yield applied
    applied.apply(production, "--force-conflicts")


def check(server: Server, project: Path, *options: str) -> tuple[int, list[str]]:
    """Return the status and the lines of ``cbp cluster check``."""
    command = [str(CBP), "cluster", "check", SITE, "--root", str(project), *options]
    ran = subprocess.run(command, env=server.environment, capture_output=True, text=True, check=False)
    assert ran.returncode < 2, ran.stderr
    return ran.returncode, ran.stdout.splitlines()


def test_what_was_just_applied_differs_in_nothing(applied: Server, project: Path) -> None:
    status, lines = check(applied, project)
    assert (status, lines[:-1]) == (0, [])


@pytest.mark.parametrize("name", _TAMPERED)
def test_a_change_by_hand_is_named_with_whoever_made_it(
    healed: Server, project: Path, production: tuple[Document, ...], name: str
) -> None:
    tampered = _TAMPERED[name]
    original = healed.get(*tampered.at)
    kind = "json" if isinstance(tampered.patch, list) else "merge"
    healed.told("patch", *tampered.at, f"--type={kind}", "--patch", json.dumps(tampered.patch))
    try:
        status, lines = check(healed, project)
        seen = healed.out_of_sync(production)
    finally:
        restore(healed, tampered.at, original)
    assert status == 1
    assert lines[0].startswith(tampered.reported)
    assert {line.split(":")[0] for line in lines[:-1]} == {lines[0].split(":")[0]}, "no other object differs"
    assert bool(seen) == tampered.argo_cd


def restore(server: Server, at: tuple[str, ...], original: dict[str, Any]) -> None:
    """Put an object back as it was, in the name of Argo CD, so that no other manager is left."""
    fields = {name: value for name, value in original.items() if name != "status"}
    del fields["metadata"]["resourceVersion"]
    server.told("replace", f"--field-manager={MANAGER}", "--filename=-", given=fields)


STRAYS: tuple[tuple[dict[str, Any], str], ...] = (
    (
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "extra", "namespace": "cbp-data"},
            "data": {"key": "value"},
        },
        "stray    ConfigMap cbp-data/extra: no compiled object owns it, by kubectl-create",
    ),
    (
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "token", "namespace": "cbp-application"},
            "stringData": {"password": "canary-of-a-stray"},
        },
        "stray    Secret cbp-application/token: no compiled object owns it",
    ),
    (
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "widened"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "name": "configuration-api", "namespace": "cbp-application"}],
        },
        "stray    ClusterRoleBinding widened: it gives ClusterRole cluster-admin to cbp-application/configuration-api, "
        "by kubectl-create",
    ),
    (
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": "premium-ssd-old", "labels": {"app.kubernetes.io/part-of": "cbp"}},
            "provisioner": "ebs.csi.aws.com",
        },
        "stray    StorageClass premium-ssd-old: it has the label of the compiled objects and is none, "
        "by kubectl-create",
    ),
)


@pytest.mark.parametrize(("stray", "reported"), STRAYS, ids=[str(stray["kind"]) for stray, _ in STRAYS])
def test_an_object_that_nothing_compiled_is_a_stray(
    healed: Server, project: Path, stray: dict[str, Any], reported: str
) -> None:
    healed.told("create", *BY_AN_OPERATOR, "--filename=-", given=stray)
    try:
        assert check(healed, project) == (1, [reported, f"{SITE}: {_objects(project)} objects, 1 difference"])
    finally:
        healed.delete([stray])


def test_the_rights_that_the_page_lists_are_enough_and_hold_no_secret(
    applied: Server, project: Path, tmp_path: Path
) -> None:
    """The objects of docs/cluster.md, for a user who has no other right."""
    block = (ROOT / "docs/cluster.md").read_text().split("```yaml\n")[1].split("```")[0]
    rights = [item for item in yaml.safe_load_all(block) if item]
    applied.apply(rights, manager="test")
    try:
        (account,) = (item["metadata"] for item in rights if item["kind"] == "ServiceAccount")
        token = applied.told("create", "token", account["name"], "--namespace", account["namespace"]).strip()
        named = yaml.safe_load(applied.kubeconfig.read_text())
        for user in named["users"]:
            user["user"] = {"token": token}
        limited = tmp_path / "kubeconfig"
        limited.write_text(json.dumps(named))
        server = type(applied)(limited)
        assert check(server, project, "--without", "secrets")[0] == 0
        for verb in ("get", "list", "watch"):
            assert server.run("auth", "can-i", verb, "secrets", "--all-namespaces").stdout.strip() == "no"
        assert server.run("auth", "can-i", "patch", "deployments", *APPLICATION).stdout.strip() == "no"
    finally:
        applied.delete(rights)


def _objects(project: Path) -> int:
    return len(list((project / "generated" / SITE / "kubernetes").glob("*/*.yaml")))
