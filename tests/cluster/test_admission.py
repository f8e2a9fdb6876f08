"""A real API server refuses what the rules refuse, and admits the rest; requests are made with ``--dry-run=server``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from compiler.emit.kubernetes.cluster.admission import secret_writers
from compiler.emit.names import COPIES_ADMITTED, IMAGES_ADMITTED, SECRETS_ADMITTED, ZONES_ADMITTED
from tests.compiler.admission import IMAGES, LABELLED, NAMESPACE, denied_by_rules, labelled, pod, secret
from tests.compiler.project import documents, site
from tests.compiler.restored_copies import ADMITTED, REFUSED, RESTORER, restored

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from tests.cluster.server import Server

EFFECTIVE_SECONDS = 60
RESTORING = ("--as", RESTORER, "--as-group", "system:masters")
KINDS = (("Namespace",), ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"))


def created(server: Server, document: Document, *arguments: str) -> subprocess.CompletedProcess[str]:
    return server.run("create", "--dry-run=server", *arguments, "--filename=-", given=document)


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


@pytest.mark.parametrize(("name", "zone", "admitted"), LABELLED)
def test_no_namespace_but_a_zone_s_own_has_its_label(
    guarded: Server, name: str, zone: str | None, admitted: bool
) -> None:
    assert (created(guarded, labelled(name, zone)).returncode == 0) is admitted


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


@pytest.fixture(scope="module")
def restoring(guarded: Server, server: Server) -> Server:
    """The guarded server with the definition of the Cluster; it takes a moment to know a policy."""
    for _ in range(EFFECTIVE_SECONDS):
        if COPIES_ADMITTED in created(server, restored(REFUSED["more instances"]), *RESTORING).stderr:
            break
        time.sleep(1)
    return guarded


def test_the_types_of_every_expression_are_those_of_what_it_judges(restoring: Server) -> None:
    """The server checks the expressions against its definitions, and says what it finds in the policy's status."""
    for name in (IMAGES_ADMITTED, SECRETS_ADMITTED, ZONES_ADMITTED, COPIES_ADMITTED):
        policy = ("get", "validatingadmissionpolicy", name)
        generation = restoring.told(*policy, "--output=jsonpath={.metadata.generation}")
        restoring.wait(generation, *policy, "--output=jsonpath={.status.observedGeneration}")
        assert restoring.told(*policy, "--output=jsonpath={.status.typeChecking.expressionWarnings}") == ""


@pytest.mark.parametrize("name", ADMITTED)
def test_the_restore_test_makes_the_copy_that_is_compiled(restoring: Server, name: str) -> None:
    answered = created(restoring, restored(*ADMITTED[name]), *RESTORING)
    assert answered.returncode == 0, answered.stderr


@pytest.mark.parametrize("name", REFUSED)
def test_the_restore_test_makes_no_cluster_with(restoring: Server, name: str) -> None:
    assert COPIES_ADMITTED in created(restoring, restored(REFUSED[name]), *RESTORING).stderr


def test_others_who_make_a_cluster_are_held_by_their_rights(restoring: Server) -> None:
    assert created(restoring, restored(REFUSED["the name of the database"])).returncode == 0
