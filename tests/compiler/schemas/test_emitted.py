"""Every emitted object of a custom kind, by the schemas of the pinned releases of the operators: see CBP_SCHEMAS."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.emit import kinds
from compiler.emit.artifact import Artifact
from compiler.emit.cluster import cluster_artifacts, environment_artifacts
from compiler.emit.site import sites
from compiler.schemas.custom import CustomSchemas
from tests.compiler.project import ROOT, changed, resolved


@pytest.fixture(scope="session")
def schemas(schema_path: str) -> CustomSchemas:
    """The schemas that CBP_SCHEMAS names; a folder that is named and not there is an error."""
    if not schema_path:
        pytest.skip("not checked: CBP_SCHEMAS names no folder of schemas (docs/schemas.md)")
    return CustomSchemas(ROOT / schema_path)


@pytest.mark.parametrize("platform", ["aws", "azure"])
@pytest.mark.parametrize("role", ["primary", "recovery"])
def test_every_object_satisfies_its_schema_wherever_it_is_emitted(
    schemas: CustomSchemas, platform: str, role: str
) -> None:
    for name, real in resolved().items():
        for cluster in real.environment.clusters:
            at = f"environment.clusters.{cluster}"
            for artifacts in emitted(name, {f"{at}.platform": platform, f"{at}.role": role}):
                assert schemas.check(artifacts) == ()
                assert schemas.unchecked(artifacts) == {}


def test_every_kind_that_can_be_emitted_has_a_schema(schemas: CustomSchemas) -> None:
    files = [Artifact(kind.name, b"", {"apiVersion": kind.api_version, "kind": kind.name}) for kind in kinds.KINDS]
    assert schemas.unchecked(files) == {}


def emitted(environment: str, changes: dict[str, str]) -> list[tuple[Artifact, ...]]:
    """Return the files of an environment with values changed, and of each of its clusters."""
    item = changed(changes, environment)
    clusters = [cluster_artifacts(site) for site in sites(item)]
    return [tuple(environment_artifacts(item)), *clusters]


def test_the_folder_that_is_named_is_there(schema_path: str) -> None:
    assert not schema_path or Path(ROOT / schema_path).is_dir()
