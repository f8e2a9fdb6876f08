"""A real API server refuses what the rules refuse, and admits the rest; requests are made with ``--dry-run=server``."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from compiler.emit.kubernetes.cluster.admission import secret_writers
from compiler.emit.names import IMAGES_ADMITTED
from compiler.policy.denial import answer
from compiler.policy.gate import load
from tests.compiler.project import documents, site
from tests.policy.policies import POLICIES

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from tests.cluster.server import Server

NAMESPACE = "cbp-application"
RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}
DIGEST = f"@sha256:{'0' * 64}"
IMAGES = {
    f"registry.bank.example/a{DIGEST}": True,
    f"registry.bank.example/a:1.0{DIGEST}": True,
    "registry.bank.example/a:1.0": False,
    "registry.bank.example/a": False,
    f"registry.bank.example/a{DIGEST}0": False,
    f"registry.bank.example/a@sha256:{'0' * 63}": False,
}
EFFECTIVE_SECONDS = 60
KINDS = (("Namespace",), ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"))


def created(server: Server, document: Document, *arguments: str) -> subprocess.CompletedProcess[str]:
    return server.run("create", "--dry-run=server", *arguments, "--filename=-", given=document)


def pod(image: str, *, initial: str = "") -> Document:
    def container(name: str, image: str) -> dict[str, Any]:
        return {"name": name, "image": image, "securityContext": RESTRICTED}

    context = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"containers": [container("a", image)], "securityContext": context, "serviceAccountName": "judged"}
    if initial:
        spec["initContainers"] = [container("b", initial)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "judged", "namespace": NAMESPACE}, "spec": spec}


def secret() -> Document:
    metadata = {"name": "judged", "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"a": "b"}}


def denied_by_rules(document: Document, rule: str) -> bool:
    judged = {
        "environment": site().environment.model_dump(mode="json"),
        "spec": site().spec.model_dump(mode="json"),
        "documents": [{"file": "judged.yaml", "object": document}],
    }
    return bool(answer(rule, load(POLICIES).engine.evaluate(f"gate.{rule}", json.dumps(judged))).denials)


@pytest.fixture(scope="module")
def guarded(api_server: Server) -> Iterator[Server]:
    """The server with the namespaces, the policies and a ServiceAccount; it takes a moment to know a policy."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "judged", "namespace": NAMESPACE}}
    namespaces, policies = ([item for item in documents(site()).values() if item["kind"] in kinds] for kinds in KINDS)
    try:
        for given in (namespaces, policies, [account]):
            assert api_server.apply(given) == ""
        for _ in range(EFFECTIVE_SECONDS):
            if IMAGES_ADMITTED in created(api_server, pod("a:1")).stderr:
                break
            time.sleep(1)
        yield api_server
    finally:
        api_server.delete([*policies, *namespaces])


@pytest.mark.parametrize(("image", "admitted"), IMAGES.items())
def test_the_rule_and_the_api_server_agree_about_an_image(guarded: Server, image: str, admitted: bool) -> None:
    fixed = next(iter(IMAGES))
    for document in (pod(image), pod(fixed, initial=image)):
        answered = created(guarded, document)
        assert (answered.returncode == 0) is admitted, answered.stderr
        assert (IMAGES_ADMITTED in answered.stderr) is not admitted
        assert denied_by_rules(document, "K8S003") is not admitted


def test_a_secret_of_anybody_but_an_operator_is_refused_as_in_a_file(guarded: Server) -> None:
    assert "Secrets come from operators alone" in created(guarded, secret()).stderr
    assert denied_by_rules(secret(), "PWD005")


@pytest.mark.parametrize("user", secret_writers())
def test_an_operator_writes_secrets(guarded: Server, user: str) -> None:
    answered = created(guarded, secret(), "--as", user, "--as-group", "system:masters")
    assert answered.returncode == 0, answered.stderr


def test_anybody_may_change_what_a_secret_is_called_by_and_an_operator_alone_what_it_holds(guarded: Server) -> None:
    """Controllers have to remove finalizers and owners of Secrets that are not theirs."""
    writer = ("--as", secret_writers()[0], "--as-group", "system:masters")
    named = ("secret", "judged", "--namespace", NAMESPACE)
    assert guarded.told("create", *writer, "--filename=-", given=secret())
    try:
        assert guarded.run("label", *named, "a=b").returncode == 0
        change = ("patch", *named, "--patch", '{"stringData": {"a": "c"}}')
        assert "Secrets come from operators alone" in guarded.run(*change).stderr
        assert guarded.run(*change, *writer).returncode == 0
    finally:
        assert guarded.run("delete", *named).returncode == 0


@pytest.mark.parametrize(("name", "zone", "admitted"), [("a", None, True), ("a", "data", False), ("cbp-b", "b", False)])
def test_no_namespace_but_a_zone_s_own_has_its_label(
    guarded: Server, name: str, zone: str | None, admitted: bool
) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted", **({"cbp.bank/zone": zone} if zone else {})}
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    assert (created(guarded, document).returncode == 0) is admitted


@pytest.mark.parametrize(
    "change",
    [
        "cbp.bank/zone-",
        "cbp.bank/zone=public",
        "pod-security.kubernetes.io/enforce-",
        "pod-security.kubernetes.io/enforce=privileged",
    ],
)
def test_a_zone_keeps_its_labels(guarded: Server, change: str) -> None:
    answered = guarded.run("label", "namespace", "cbp-data", change, "--overwrite", "--dry-run=server")
    assert "cbp-zones-by-label" in answered.stderr
