"""The poolers pool transactions, with the times of the specification, and survive the loss of a node."""

from __future__ import annotations

import pytest

from tests.compiler.project import changed, documents, emitted, resolved, site

NAMES = ("configuration-db-pooler-rw", "configuration-db-pooler-ro")
each_pooler = pytest.mark.parametrize("name", NAMES)


def pooler(name: str, **changes: str) -> dict[str, object]:
    spec = emitted(f"cbp-data/pooler-{name}.yaml", **changes)["spec"]
    assert isinstance(spec, dict)
    return spec


@each_pooler
def test_a_pooler_lends_connections_for_a_transaction(name: str) -> None:
    spec = pooler(name)
    assert spec["type"] == name[-2:]
    assert spec["instances"] == 2
    assert spec["cluster"] == {"name": "configuration-db"}
    pgbouncer = spec["pgbouncer"]
    assert isinstance(pgbouncer, dict)
    assert pgbouncer["poolMode"] == "transaction"
    assert (
        pgbouncer["parameters"].items()
        >= {
            "server_connect_timeout": "3",
            "server_idle_timeout": "300",
            "server_login_retry": "1",
            "query_wait_timeout": "30",
            "max_prepared_statements": "200",
            "client_tls_sslmode": "require",
        }.items()
    )


@each_pooler
def test_the_instances_of_a_pooler_share_no_node_and_a_drain_takes_one(name: str) -> None:
    template = pooler(name)["template"]
    assert isinstance(template, dict)
    labels = template["metadata"]["labels"]
    (term,) = template["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (spread,) = template["spec"]["topologySpreadConstraints"]
    assert (spread["whenUnsatisfiable"], spread["nodeTaintsPolicy"]) == ("DoNotSchedule", "Honor")
    budget = emitted(f"cbp-data/poddisruptionbudget-{name}.yaml")["spec"]
    assert budget["maxUnavailable"] == 1
    for selector in (term["labelSelector"], spread["labelSelector"], budget["selector"]):
        assert selector["matchLabels"]["cnpg.io/poolerName"] == name
        assert selector["matchLabels"].items() <= labels.items()


@each_pooler
def test_a_pooler_runs_under_the_restricted_profile_with_memory_of_its_own(name: str) -> None:
    template = pooler(name)["template"]
    assert isinstance(template, dict)
    pod = template["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["requests"] == container["resources"]["limits"]


def test_without_read_replicas_there_is_no_pooler_for_them() -> None:
    changes = {"components.data_layer.scaling.strategy.read_replicas": "Disabled"}
    names = {name for name in documents(site(changed(changes))) if "pooler" in name and "/pooler" in name}
    assert names == {"cbp-data/pooler-configuration-db-pooler-rw.yaml"}


def test_a_cluster_that_stands_by_has_no_clients_and_no_pooler() -> None:
    found = documents(site(resolved()["production"], "eu-west-1"))
    assert not {name for name in found if "pooler" in name and "networkpolicy" not in name}
