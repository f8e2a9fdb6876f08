"""``cbp cluster check``: the three forms of its report, its exit codes, and what it asks of kubectl."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from compiler.emit.cluster import environment_artifacts
from compiler.live.objects import compiled
from compiler.report import markdown
from tests.compiler.cli.running import cbp, last_line
from tests.compiler.project import FROZEN, artifacts, documents, resolved, site

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from click.testing import Result

    from compiler.emit.artifact import Document

SITE = "production/eu-central-1"
CANARY = "canary-of-a-secret"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with what is compiled for one cluster."""
    folder = tmp_path_factory.mktemp("project")
    for artifact in (*artifacts(site()).values(), *environment_artifacts(resolved()["production"])):
        file = folder / "generated" / artifact.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(artifact.content)
    for name in ("spec", "environments"):
        (folder / name).symlink_to(FROZEN / name)
    return folder


def emitted() -> list[dict[str, Any]]:
    """Return the compiled objects, as a cluster would have them."""
    found: list[dict[str, Any]] = json.loads(json.dumps(list(documents(site()).values())))
    return found


def checked(project: Path, tmp_path: Path, objects: Sequence[Document], *options: str) -> Result:
    file = tmp_path / "live.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    return cbp("cluster", "check", SITE, "--root", str(project), "--from", str(file), *options)


def tampered() -> list[dict[str, Any]]:
    objects = emitted()
    (quota,) = (item for item in objects if item["kind"] == "ResourceQuota")
    quota["spec"]["hard"]["count/secrets"] = "0"
    (budget,) = (
        item
        for item in objects
        if item["kind"] == "PodDisruptionBudget" and item["metadata"]["namespace"] == "cbp-application"
    )
    objects.remove(budget)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "kept", "namespace": "cbp-data"}}
    return [*objects, {**secret, "data": {"password": CANARY}, "stringData": {"password": CANARY}}]


LINES = [
    ("absent", "PodDisruptionBudget cbp-application/configuration-api", "", ""),
    ("added", "ResourceQuota cbp-application/configuration-api", 'spec.hard["count/secrets"]', ""),
    ("stray", "Secret cbp-data/kept", "", "no compiled object owns it"),
]


def test_a_cluster_as_it_was_compiled_has_no_difference(project: Path, tmp_path: Path) -> None:
    result = checked(project, tmp_path, emitted())
    assert (result.exit_code, result.stdout) == (0, f"{SITE}: {len(emitted())} objects, 0 differences\n")


def test_the_text_is_a_line_for_each_difference(project: Path, tmp_path: Path) -> None:
    result = checked(project, tmp_path, tampered())
    assert (result.exit_code, result.stdout.splitlines()) == (
        1,
        [
            "absent   PodDisruptionBudget cbp-application/configuration-api",
            'added    ResourceQuota cbp-application/configuration-api: spec.hard["count/secrets"]',
            "stray    Secret cbp-data/kept: no compiled object owns it",
            f"{SITE}: {len(emitted())} objects, 3 differences",
        ],
    )


def test_the_json_holds_the_parts_of_each_difference(project: Path, tmp_path: Path) -> None:
    result = checked(project, tmp_path, tampered(), "--format", "json")
    names = ("kind", "object", "place", "reason")
    assert json.loads(result.stdout) == {
        "cluster": SITE,
        "objects": len(emitted()),
        "differences": [dict(zip(names, line, strict=True)) for line in LINES],
    }


def test_the_markdown_is_a_table(project: Path, tmp_path: Path) -> None:
    result = checked(project, tmp_path, tampered(), "--format", "markdown")
    head, *rows = result.stdout.splitlines()
    assert head == f"### cbp cluster check: {SITE}: {len(emitted())} objects, 3 differences"
    assert rows[1] == "| | object | place | reason |"
    assert rows[3:] == [f"| {' | '.join(map(markdown.text, line))} |" for line in LINES]


def test_a_page_of_many_differences_stays_one_that_an_issue_can_hold(project: Path, tmp_path: Path) -> None:
    metadata = {"namespace": "cbp-data"}
    strays = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {**metadata, "name": f"stray-{number}"}}
        for number in range(2000)
    ]
    page = checked(project, tmp_path, [*emitted(), *strays], "--format", "markdown").stdout
    assert len(page) <= markdown.LONGEST
    assert page.splitlines()[-1].startswith("... and ")


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_no_report_holds_the_value_of_a_secret(project: Path, tmp_path: Path, form: str) -> None:
    assert CANARY not in checked(project, tmp_path, tampered(), "--format", form).output


def test_without_a_cluster_of_that_name_nothing_is_compared(project: Path, tmp_path: Path) -> None:
    (tmp_path / "live.json").write_text("{}")
    result = cbp("cluster", "check", "production", "--root", str(project), "--from", str(tmp_path / "live.json"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "name a cluster as ENVIRONMENT/CLUSTER" in result.stderr


@pytest.mark.parametrize("text", ["[1]", "{", "", '{"kind": "Pod"}'])
def test_a_file_that_holds_no_objects_is_no_empty_cluster(project: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "live.json").write_text(text)
    result = cbp("cluster", "check", SITE, "--root", str(project), "--from", str(tmp_path / "live.json"))
    assert (result.exit_code, result.stdout) == (2, "")


_KUBECTL = """#!/usr/bin/env python3
import json, os, sys
folder, arguments = os.path.dirname(os.path.abspath(__file__)), sys.argv[1:]
with open(f"{folder}/asked", "a") as asked:
    print(json.dumps(arguments), file=asked)
if "refused" in arguments:
    sys.exit("Error from server (Forbidden): configmaps is forbidden")
if "api-resources" in arguments:
    print(open(f"{folder}/{'namespaced' if '--namespaced=true' in arguments else 'everywhere'}").read())
elif "--show-labels" in arguments:
    if "cbp-data" in arguments:
        print("kept   Opaque   1   5d   app=a,part=b\\nconfiguration-db-vault   Opaque   2   5d   <none>")
else:
    zone = arguments[arguments.index("--namespace") + 1] if "--namespace" in arguments else ""
    items = [item for item in json.load(open(f"{folder}/live")) if item["metadata"].get("namespace", "") == zone]
    print(json.dumps({"kind": "List", "apiVersion": "v1", "items": items}))
"""


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a kubectl that answers from files: the cluster has what is compiled, and a Secret of nobody's."""
    program = tmp_path / "kubectl"
    program.write_text(_KUBECTL)
    program.chmod(0o755)
    (tmp_path / "namespaced").write_text("configmaps\nsecrets\npods\nevents\npods.metrics.k8s.io\ndeployments.apps\n")
    (tmp_path / "everywhere").write_text("namespaces\nnodes\nstorageclasses.storage.k8s.io\n")
    (tmp_path / "live").write_text(json.dumps(emitted()))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def asked(kubectl: Path) -> list[list[str]]:
    return [json.loads(line) for line in (kubectl / "asked").read_text().splitlines()]


def test_a_cluster_is_read_zone_by_zone_and_secrets_by_their_names_alone(project: Path, kubectl: Path) -> None:
    result = cbp("cluster", "check", SITE, "--root", str(project), "--context", "there")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        1,
        "stray    Secret cbp-data/kept: no compiled object owns it",
    )
    assert last_line(result) == f"{SITE}: {len(emitted())} objects, 1 difference"
    questions = asked(kubectl)
    assert all(question[:2] == ["--context", "there"] for question in questions)
    assert {question[2] for question in questions} == {"api-resources", "get"}
    read = [question[3] for question in questions if "--output=json" in question]
    assert read == [*["configmaps,pods,deployments.v1.apps"] * 4, "namespaces,storageclasses.v1.storage.k8s.io"]
    secrets = [question for question in questions if "secrets" in question]
    assert all("--show-labels" in question and "--output=json" not in question for question in secrets)


def test_a_resource_that_is_left_out_is_not_asked_for(project: Path, kubectl: Path) -> None:
    result = cbp("cluster", "check", SITE, "--root", str(project), "--without", "secrets", "--without", "pods")
    assert result.exit_code == 0
    assert not [question for question in asked(kubectl) if "secrets" in str(question) or "pods" in str(question)]


def test_a_resource_that_is_left_out_has_to_exist(project: Path, kubectl: Path) -> None:
    result = cbp("cluster", "check", SITE, "--root", str(project), "--without", "secret")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the cluster has no resource 'secret'" in result.stderr


def test_a_cluster_that_cannot_be_read_is_no_cluster_without_differences(project: Path, kubectl: Path) -> None:
    result = cbp("cluster", "check", SITE, "--root", str(project), "--context", "refused")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "configmaps is forbidden" in result.stderr


def test_without_kubectl_the_remedy_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = cbp("cluster", "check", SITE, "--root", str(project))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "kubectl is not on PATH: install it, or give the objects with --from FILE" in result.stderr


def test_the_numbers_that_argo_cd_leaves_to_autoscalers_are_those_of_the_cluster(project: Path) -> None:
    left = {(str(item), pointer) for item, pointer in compiled(project, *SITE.split("/")).left_to_others}
    assert left == {
        ("Deployment cbp-application/configuration-api", "/spec/replicas"),
        ("Cluster cbp-data/configuration-db", "/spec/instances"),
    }
