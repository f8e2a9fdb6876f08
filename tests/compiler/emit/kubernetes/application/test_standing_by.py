"""Pods that stand by read, by a certificate; a takeover replaces them one by one, and leaves the rest as it is."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from compiler.emit.kubernetes.application.rollout import most_standby_pods
from compiler.emit.kubernetes.database.connection_budget import connections
from compiler.emit.pages.disaster import rolling
from tests.compiler.project import changed, documents, resolved, site

DEPLOYMENT = "cbp-application/deployment-configuration-api.yaml"
ROLE = "cbp-data/databaserole-configuration-standby.yaml"
CLUSTER = "cbp-data/cluster-configuration-db.yaml"
STANDING_BY = documents(site(cluster="eu-west-1"))
SERVING = documents(site(cluster="eu-west-1").serving())


def variables(found: dict[str, Any]) -> dict[str, str]:
    (container,) = found[DEPLOYMENT]["spec"]["template"]["spec"]["containers"]
    return {item["name"]: item["value"] for item in container["env"]}


def test_they_read_every_instance_in_sessions_that_change_nothing_and_know_no_password() -> None:
    told = variables(STANDING_BY)
    assert [name for name in told if name.startswith("CBP_DATABASE")] == ["CBP_DATABASE_URL"]
    address = urlsplit(told["CBP_DATABASE_URL"])
    assert (address.username, address.hostname) == ("configuration_standby", "configuration-db-r.cbp-data.svc")
    assert dict(parse_qsl(address.query)) == {
        "sslmode": "verify-full",
        "sslrootcert": "/var/run/secrets/cbp/authority/ca.crt",
        "sslcert": "/var/run/secrets/cbp/database/tls.crt",
        "sslkey": "/var/run/secrets/cbp/database/tls.key",
        "default_transaction_read_only": "on",
    }


def test_there_are_two_and_no_autoscaler_changes_their_number() -> None:
    assert STANDING_BY[DEPLOYMENT]["spec"]["replicas"] == 2
    assert not [item for item in STANDING_BY.values() if item["kind"] == "HorizontalPodAutoscaler"]


def test_a_takeover_replaces_the_pods_and_leaves_everything_around_them() -> None:
    before, after = STANDING_BY[DEPLOYMENT], SERVING[DEPLOYMENT]
    assert before["metadata"] == after["metadata"]
    assert before["spec"] | {"replicas": 0, "template": {}} == after["spec"] | {"replicas": 0, "template": {}}
    assert before["spec"]["template"]["metadata"] == after["spec"]["template"]["metadata"]
    around = {path for path in STANDING_BY if "/cbp-application/" in f"/{path}"} & SERVING.keys()
    followed = ("deployment", "networkpolicy-api-egress", "prometheusrule", "role-readers")
    for path in around:
        if not path.partition("/")[2].startswith((*followed, "ingress")):
            assert STANDING_BY[path] == SERVING[path], path
    (ingress,) = (path for path in around if "/ingress" in path)
    balancers = [deepcopy(found[ingress]) for found in (STANDING_BY, SERVING)]
    weights = [each["metadata"]["annotations"].pop("external-dns.alpha.kubernetes.io/aws-weight") for each in balancers]
    assert weights == ["0", "100"]
    assert balancers[0] == balancers[1], "the load balancer stays, and its name gets the weight"


def test_the_role_and_its_way_in_outlast_a_takeover_so_that_pods_connect_until_they_are_replaced() -> None:
    found = [documents(site(cluster="eu-central-1")), STANDING_BY, SERVING]
    for item in found:
        assert "hostssl configuration configuration_standby all cert" in item[CLUSTER]["spec"]["postgresql"]["pg_hba"]
        assert item[ROLE]["spec"]["inRoles"] == ["configuration_api"]
        assert item[ROLE]["spec"]["disablePassword"] is True
    assert [item[ROLE]["spec"]["clientCertificate"]["enabled"] for item in found] == [False, True, False]


def test_an_environment_with_one_cluster_has_neither_the_role_nor_its_rule() -> None:
    alone = documents(site(resolved()["staging"]))
    assert ROLE not in alone
    assert alone[CLUSTER]["spec"]["postgresql"]["pg_hba"] == ["hostnossl all all all reject"]


def test_the_server_accepts_the_pods_of_an_update_however_small_it_is() -> None:
    for cores in ("250m", "1 core", "8 cores"):
        at = site(changed({"compute.database_tier.resources.cpu.reserved": cores}), cluster="eu-west-1")
        process, database, budget = at.settings.process, at.settings.database, connections(at)
        of_pod = process.workers * (database.pool_size + database.read_pool_size + 1)
        assert budget.standby == most_standby_pods(at) * of_pod
        spec = documents(at)[CLUSTER]["spec"]["postgresql"]["parameters"]
        reserved = int(spec["superuser_reserved_connections"])
        assert budget.standby + reserved <= int(spec["max_connections"])


def test_the_update_of_a_takeover_has_the_time_that_its_pods_take_and_half_of_a_short_objective() -> None:
    at = site(cluster="eu-west-1")
    optimal = at.spec.compute.application_tier.instances.optimal
    assert rolling(at) > optimal * SERVING[DEPLOYMENT]["spec"]["minReadySeconds"]
    assert rolling(site(changed({"recovery.rto.target": "5 minutes"}))) == 150
