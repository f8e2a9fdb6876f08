"""The restore test copies the database, has rights to its own copy alone, and is measured by the exporter."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from compiler.emit.kubernetes.database.postgres_cluster import QUERIES
from runtime.maintenance import __main__ as program
from tests.compiler.project import documents, emitted, resolved, site

NAME = "configuration-restore-test"
JOB, ROLE, MANIFEST = (f"cbp-data/{kind}-{NAME}.yaml" for kind in ("cronjob", "role", "configmap"))
CLUSTER = "cbp-data/cluster-configuration-db.yaml"


def copy(**changes: str) -> dict[str, Any]:
    document = json.loads(emitted(MANIFEST, **changes)["data"]["cluster.json"])
    assert isinstance(document, dict)
    return document


def test_the_copy_is_what_the_database_is_and_archives_nothing() -> None:
    spec, database = copy()["spec"], emitted(CLUSTER)["spec"]
    for same in ("imageName", "resources", "serviceAccountTemplate"):
        assert spec[same] == database[same]
    assert spec["postgresql"]["parameters"] == database["postgresql"]["parameters"]
    (archive,) = (plugin for plugin in database["plugins"] if plugin["isWALArchiver"])
    (external,) = spec["externalClusters"]
    assert external["plugin"]["parameters"] == archive["parameters"]
    assert spec["bootstrap"]["recovery"] == {
        "source": external["name"],
        "database": "configuration",
        "owner": "configuration_bootstrap",
    }
    assert "plugins" not in spec
    assert spec["instances"] == 1


def test_its_disks_hold_the_largest_database_and_go_with_it() -> None:
    spec = copy(storage__database__size__max="2TB")["spec"]
    assert spec["storage"] == {"size": "2Ti", "storageClass": "premium-ssd-cache"}
    assert emitted("cluster/storageclass-premium-ssd-cache.yaml")["reclaimPolicy"] == "Delete"


def test_its_schedule_and_its_patience_are_those_of_the_specification() -> None:
    job = emitted(JOB, backup__database__testing__schedule="Weekly", recovery__rto__target="30 minutes")["spec"]
    assert job["schedule"] == "20 5 * * 0"
    assert "suspend" not in job
    pod = job["jobTemplate"]["spec"]
    (container,) = pod["template"]["spec"]["containers"]
    command = container["command"]
    assert command[command.index("--longest-seconds") + 1] == "3600"
    assert pod["activeDeadlineSeconds"] > 3600
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert command[command.index("--manifest") + 1] == "/etc/cbp-restore/cluster.json"
    assert mounts["/etc/cbp-restore"] == "manifest"
    assert str(program.CREDENTIALS) in mounts


def test_a_manual_test_is_started_by_a_person() -> None:
    assert emitted(JOB, backup__database__testing__validation="Manual")["spec"]["suspend"] is True


def test_it_may_delete_its_copy_and_no_other_cluster() -> None:
    rules = emitted(ROLE)["rules"]
    assert [(rule["resources"], rule.get("resourceNames"), rule["verbs"]) for rule in rules] == [
        (["clusters"], None, ["create"]),
        (["clusters"], ["configuration-db-restored"], ["get", "delete"]),
        (["backups"], None, ["list"]),
        (["secrets"], ["configuration-db-restored-superuser", "configuration-db-restored-ca"], ["get"]),
    ]


@pytest.mark.parametrize(("cluster", "tested"), [("eu-central-1", True), ("eu-west-1", False)])
def test_a_standby_is_restored_all_the_time_and_has_no_test(cluster: str, tested: bool) -> None:
    assert (JOB in documents(site(resolved()["production"], cluster))) is tested


def test_the_exporter_is_told_of_the_results() -> None:
    (reference,) = emitted(CLUSTER)["spec"]["monitoring"]["customQueriesConfigMap"]
    queries = emitted(f"cbp-data/configmap-{reference['name']}.yaml")["data"][reference["key"]]
    assert yaml.safe_load(queries) == QUERIES
