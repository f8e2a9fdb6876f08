"""The files of a cluster: what kubectl builds of them, and what is in none of them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest
import yaml

from compiler.emit.cluster import PAGES, environment_artifacts, page
from compiler.emit.site import sites
from tests.compiler.project import ROOT, artifacts, changed, documents, resolved

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

SITES = [site for environment in resolved().values() for site in sites(environment)]


@pytest.mark.parametrize("at", SITES, ids=[site.folder for site in SITES])
def test_kubectl_builds_exactly_the_emitted_objects(at: Site, tmp_path: Path) -> None:
    for path, artifact in artifacts(at).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(artifact.content)
    built = subprocess.run(
        [ROOT / ".venv/bin/kubectl", "kustomize", tmp_path / "kubernetes"], capture_output=True, check=True
    )
    objects = {identity(item): item for item in yaml.safe_load_all(built.stdout)}
    assert objects == {identity(item): item for item in documents(at).values()}


@pytest.mark.parametrize("at", SITES, ids=[site.folder for site in SITES])
def test_a_page_by_itself_is_the_one_among_all_files(at: Site) -> None:
    assert {name: page(at, name).content for name in PAGES} == {name: artifacts(at)[name].content for name in PAGES}


def identity(document: Document) -> tuple[object, ...]:
    metadata = document["metadata"]
    return document["apiVersion"], document["kind"], metadata.get("namespace"), metadata["name"]


@pytest.mark.parametrize("at", SITES, ids=[site.folder for site in SITES])
def test_a_file_is_the_text_of_its_document_and_lies_in_its_cluster(at: Site) -> None:
    for path, artifact in artifacts(at).items():
        assert artifact.path == f"{at.folder}/{path}"
        assert artifact.content.endswith(b"\n")
        if artifact.document is not None:
            assert yaml.safe_load(artifact.content) == artifact.document


def test_a_cluster_that_stands_by_has_nothing_that_changes_data_and_of_its_own_the_way_in_alone() -> None:
    primary, recovery = (documents(site) for site in SITES if site.environment.name == "production")
    assert recovery.keys() - primary.keys() == {
        "cbp-application/externalsecret-configuration-api-client.yaml",
        "cbp-application/secretstore-configuration-api-client.yaml",
        "cbp-data/role-configuration-api-client.yaml",
        "cbp-data/rolebinding-configuration-api-client.yaml",
    }
    kinds = {document["kind"] for document in recovery.values()}
    assert not kinds & {"Database", "HorizontalPodAutoscaler", "Job", "Pooler", "ScaledObject"}
    assert {"Cluster", "DatabaseRole", "Deployment", "Ingress", "NetworkPolicy", "PodDisruptionBudget"} <= kinds


def test_two_clusters_exchange_what_they_have_with_their_roles() -> None:
    roles = {f"environment.clusters.{name}.role": role for name, role in EXCHANGED.items()}
    before, after = resolved()["production"], changed(roles)
    for site, other in zip(sites(before), reversed(sites(after)), strict=True):
        assert documents(site).keys() == {
            with_names_exchanged(path, site.name, other.name) for path in documents(other)
        }


def with_names_exchanged(path: str, one: str, other: str) -> str:
    return re.sub(f"{one}|{other}", lambda found: other if found[0] == one else one, path)


EXCHANGED = {"eu-central-1": "recovery", "eu-west-1": "primary"}


SECRETS = re.compile(
    r"PRIVATE KEY|://[^/\s:@{]+:[^/\s@{]+@|\bhvs\.|AKIA[0-9A-Z]{16}|\beyJ[A-Za-z0-9_-]{10,}"  # how credentials look
)
NAMES = re.compile(r"(password|token|secret|credential)s?", re.IGNORECASE)  # and what they are called


def test_no_file_holds_a_credential() -> None:
    for at in SITES:
        for artifact in (*artifacts(at).values(), *environment_artifacts(resolved()[at.environment.name])):
            assert not SECRETS.findall(artifact.content.decode()), artifact.path
            for key, value in texts(artifact.document):
                assert not NAMES.fullmatch(key) or value == f"{{{{ .{key} }}}}", (artifact.path, key, value)
            assert (artifact.document or {}).get("kind") != "Secret"


def texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a document with the key that it stands behind."""
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from texts(below, name)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from texts(below, key)
    elif isinstance(value, str):
        yield key, value
