"""The sum of all connections is the same wherever a document states a part of it."""

from __future__ import annotations

import pytest

from compiler.emit.kubernetes.database.connection_budget import Connections, connections
from tests.compiler.project import changed, emitted, site

POOLERS = {
    name: f"cbp-data/pooler-{name}.yaml" for name in ("configuration-db-pooler-rw", "configuration-db-pooler-ro")
}
CLUSTER = "cbp-data/cluster-configuration-db.yaml"


def budget(**changes: str) -> Connections:
    at = site(changed({path.replace("__", "."): text for path, text in changes.items()}))
    return connections(at)


def test_the_sum_is_written_out() -> None:
    """Two connections a core: 16 for the primary, 32 for two replicas; 11 pods of 2 workers go past the poolers too.

    One of two instances of a pooler opens as many alone.
    """
    found = budget()
    assert found == Connections(
        clients=250,
        busy=16,
        servers={"configuration-db-pooler-rw": 16, "configuration-db-pooler-ro": 32},
        direct=11 * 2 * 3,
        standby=5 * 2 * (10 + 1),
    )
    assert found.role == 2 * (16 + 32) + 66
    assert found.maximum == found.role + 2 * 2 * 2 + 8 + 4 + 10


def test_every_document_states_its_part_of_the_same_sum() -> None:
    found, cluster = budget(), emitted(CLUSTER)["spec"]
    parameters = cluster["postgresql"]["parameters"]
    limits = {role["name"]: role.get("connectionLimit") for role in cluster["managed"]["roles"]}
    assert parameters["max_connections"] == str(found.maximum)
    assert parameters["superuser_reserved_connections"] == "10"
    logging_in = {"configuration_api": found.role, "configuration_migrator": 8, "vault_manager": 4}
    assert limits == {**logging_in, "configuration_bootstrap": None}
    for name, path in POOLERS.items():
        pgbouncer = emitted(path)["spec"]["pgbouncer"]["parameters"]
        assert pgbouncer["max_client_conn"] == "250"
        assert pgbouncer["default_pool_size"] == pgbouncer["max_db_connections"] == str(found.servers[name])


def test_one_pooler_alone_takes_all_clients() -> None:
    found = budget(components__data_layer__scaling__strategy__read_replicas="Disabled")
    assert found.clients == 500
    assert set(found.servers) == {"configuration-db-pooler-rw"}


@pytest.mark.parametrize(("reserved", "busy"), [("0.1 cores", 1), ("1.5 cores", 3), ("8 cores", 16)])
def test_the_cores_decide_how_many_connections_work_at_once(reserved: str, busy: int) -> None:
    assert budget(compute__database_tier__resources__cpu__reserved=reserved).busy == busy
