"""Replicas are added one at a time, within their bounds, by the connections and the CPU of the specification."""

from __future__ import annotations

from compiler.emit.kubernetes.database.replica_scaling import busy_share
from compiler.model.units import Duration
from tests.compiler.project import changed, documents, emitted, resolved, site

SCALER = "cbp-data/scaledobject-configuration-db.yaml"


def test_the_scaler_scales_the_cluster_between_its_bounds() -> None:
    spec = emitted(SCALER)["spec"]
    assert spec["scaleTargetRef"] == {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "name": "configuration-db",
    }
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (3, 5)


def test_the_triggers_hold_the_two_targets() -> None:
    connections, cpu = emitted(SCALER)["spec"]["triggers"]
    assert connections["metadata"]["threshold"] == "80"
    assert connections["metricType"] == "Value"
    assert connections["metadata"]["serverAddress"] == "http://prometheus-operated.cbp-management.svc:9090"
    assert cpu == {
        "type": "cpu",
        "name": "cpu",
        "metricType": "Utilization",
        "metadata": {"value": "70", "containerName": "postgres"},
    }


def test_the_share_is_that_of_the_connections_which_the_replicas_are_meant_for() -> None:
    assert emitted(SCALER)["spec"]["triggers"][0]["metadata"]["query"] == busy_share(16, Duration(300))
    assert busy_share(16, Duration(300)) == (
        '100 * (sum(avg_over_time(cnpg_pgbouncer_pools_sv_active{namespace="cbp-data",'
        'pod=~"configuration-db-pooler-ro-.+",database="configuration"}[300s]))'
        ' or 0 * count(up{namespace="cbp-data",pod=~"configuration-db-pooler-ro-.+"}))'
        ' / (16 * count(cnpg_pg_replication_in_recovery{namespace="cbp-data",pod=~"configuration-db-[0-9]+"} == 1))'
    )


def test_the_longest_window_passes_before_the_next_step_in_either_direction() -> None:
    trigger = "auto_scaling__database__read_replicas__triggers__cpu__window"
    behavior = emitted(SCALER, **{trigger: "10m"})["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    step = {
        "stabilizationWindowSeconds": 600,
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 600}],
        "tolerance": "0",
    }
    assert behavior == {"scaleUp": step, "scaleDown": step}


def test_a_replica_is_added_at_its_target_and_not_a_tenth_beyond_it_where_the_cluster_can_express_that() -> None:
    for version, stated in (("1.34", False), ("1.35", True)):
        spec = emitted(SCALER, **{"environment__clusters__eu-central-1__kubernetes": version})["spec"]
        behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        assert {name: "tolerance" in direction for name, direction in behavior.items()} == {
            "scaleUp": stated,
            "scaleDown": stated,
        }


def test_nothing_scales_where_reads_are_not_spread_or_not_served_or_the_layer_grows_in_size_alone() -> None:
    disabled = changed({"components.data_layer.scaling.strategy.read_replicas": "Disabled"})
    vertical = changed({"components.data_layer.scaling.type": "Vertical"})
    assert SCALER not in documents(site(disabled))
    assert SCALER not in documents(site(vertical))
    assert SCALER not in documents(site(resolved()["production"], "eu-west-1"))
