"""Every emitted object of Kubernetes' own kinds satisfies the strict schemas of the version that its cluster runs."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.emit.artifact import Artifact
from compiler.schemas import core
from tests.compiler.project import SOMEWHERE, artifacts, changed, resolved, site

VERSIONS = ["1.33", "1.34", "1.35", "1.36", "1.37"]


def service(**changes: Any) -> Artifact:
    document = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "x"},
        "spec": {"ports": [{"port": 80}]},
        **changes,
    }
    return Artifact("a/service.yaml", b"", document)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_emitted_object_is_valid_for_every_supported_version(version: str) -> None:
    for environment in resolved():
        item = changed({"environment.clusters.eu-central-1.kubernetes": version}, environment)
        files = artifacts(site(item)).values()
        assert core.check(files, version, SOMEWHERE) == ()


def test_there_are_schemas_for_every_supported_version_and_they_are_in_order() -> None:
    assert set(VERSIONS) <= set(core.versions())
    assert core.versions()[0] == "1.25"
    assert list(core.versions()) == sorted(core.versions(), key=lambda version: int(version[2:]))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"spec": {"ports": [{"port": "80"}]}}, "/spec/ports/0/port"),
        ({"spec": {"ports": [{"port": 80, "colour": "blue"}]}}, "/spec/ports/0"),
        ({"specs": {}}, "/"),
    ],
)
def test_what_a_schema_refuses_is_a_finding_at_the_generated_file(changes: dict[str, Any], pointer: str) -> None:
    (finding,) = core.check([service(**changes)], "1.35", SOMEWHERE)
    assert (finding.code, finding.path) == ("SCHEMA001", "generated/a/service.yaml")
    assert finding.message.endswith(f" at {pointer}")


def test_a_version_without_schemas_is_a_finding_at_the_line_that_asks_for_it() -> None:
    (finding,) = core.check([service()], "1.99", SOMEWHERE)
    assert (finding.code, finding.span) == ("SCHEMA002", SOMEWHERE)
    assert "1.35" in finding.help


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("argoproj.io/v1alpha1", "AppProject"),
        ("example.com/v1", "Service"),
        ("v2", "Service"),
        ("apps/v1beta9", "Deployment"),
    ],
)
def test_a_kind_of_another_group_or_version_is_not_taken_for_kubernetes_own(api_version: str, kind: str) -> None:
    assert not core.describes(service(apiVersion=api_version, kind=kind), "1.35")
    assert core.describes(service(), "1.35")


def test_a_file_that_is_no_object_is_not_judged() -> None:
    settings = Artifact("runtime/settings.json", b"{}", {"version": 1})
    assert core.check([settings, Artifact("x", b"")], "1.35", SOMEWHERE) == ()
