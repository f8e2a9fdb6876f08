"""Sizes are recommended within the ranges of the tiers, and changed by nobody but Git."""

from __future__ import annotations

import pytest

from compiler.emit.pages.requirements import requirements
from tests.compiler.project import changed, documents, emitted, site

API = "cbp-application/verticalpodautoscaler-configuration-api.yaml"
DATABASE = "cbp-data/verticalpodautoscaler-configuration-db.yaml"


@pytest.mark.parametrize(
    ("file", "tier", "container", "target"),
    [
        (API, "application_tier", "configuration-api", ("apps/v1", "Deployment", "configuration-api")),
        (DATABASE, "database_tier", "postgres", ("postgresql.cnpg.io/v1", "Cluster", "configuration-db")),
    ],
)
def test_each_tier_is_recommended_sizes_of_its_own_range(
    file: str, tier: str, container: str, target: tuple[str, str, str]
) -> None:
    ranges = {f"compute__{tier}__resources__cpu__max": "24 cores", f"compute__{tier}__resources__memory__min": "3GB"}
    spec = emitted(file, **ranges)["spec"]
    assert tuple(spec["targetRef"][key] for key in ("apiVersion", "kind", "name")) == target
    assert spec["updatePolicy"] == {"updateMode": "Off"}
    own, others = spec["resourcePolicy"]["containerPolicies"]
    assert own["containerName"] == container
    assert own["maxAllowed"]["cpu"] == "24"
    assert own["minAllowed"]["memory"] == "3Gi"
    assert others == {"containerName": "*", "mode": "Off"}


def test_the_target_of_each_is_there_and_has_the_container() -> None:
    found = documents(site())
    pod = found["cbp-application/deployment-configuration-api.yaml"]["spec"]["template"]["spec"]
    assert "configuration-api" in {container["name"] for container in pod["containers"]}
    assert "cbp-data/cluster-configuration-db.yaml" in found


def test_a_cluster_without_the_recommender_asks_for_none() -> None:
    without = documents(site(changed({"environment.clusters.eu-central-1.recommender": "false"})))
    assert not {API, DATABASE} & without.keys()
    assert "VPA recommender" not in {item.provider.name for item in requirements(without.values())}
    assert "VPA recommender" in {item.provider.name for item in requirements(documents(site()).values())}


def test_a_cluster_that_stands_by_has_no_load_to_recommend_by() -> None:
    assert not {API, DATABASE} & documents(site(cluster="eu-west-1")).keys()
