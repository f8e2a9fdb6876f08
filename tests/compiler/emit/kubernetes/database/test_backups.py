"""Backups go to the store of their cluster, as often and for as long as the specification says."""

from __future__ import annotations

import pytest

from compiler.emit.text import days
from compiler.model.units import Duration
from tests.compiler.project import changed, documents, emitted, resolved, site

AZURE = "https://bankbackups.blob.core.windows.net/production"
OWN, PEER = (f"cbp-data/objectstore-configuration-db-{name}.yaml" for name in ("eu-central-1", "eu-west-1"))
FULL, INCREMENTAL = (f"cbp-data/scheduledbackup-configuration-db-{name}.yaml" for name in ("full", "incremental"))


def test_a_cluster_has_its_own_store_and_deletes_nothing_from_that_of_another() -> None:
    own, peer = emitted(OWN)["spec"], emitted(PEER)["spec"]
    assert own["configuration"]["destinationPath"] == "s3://bank-cbp-production-eu-central-1"
    assert peer["configuration"]["destinationPath"] == "s3://bank-cbp-production-eu-west-1"
    assert own["retentionPolicy"] == "30d"
    assert "retentionPolicy" not in peer


def test_backups_and_log_are_compressed_and_encrypted() -> None:
    configuration = emitted(OWN)["spec"]["configuration"]
    assert configuration["s3Credentials"] == {"inheritFromIAMRole": True}
    for part in ("data", "wal"):
        assert configuration[part].items() >= {"compression": "gzip", "encryption": "AES256"}.items()


def test_azure_is_reached_with_the_identity_of_the_pods_and_encrypts_by_itself() -> None:
    configuration = emitted(OWN, **{"environment__clusters__eu-central-1__backups__location": AZURE})["spec"][
        "configuration"
    ]
    assert configuration["azureCredentials"] == {"inheritFromAzureAD": True}
    assert not any("encryption" in configuration[part] for part in ("data", "wal"))


def test_a_store_is_asked_at_its_own_endpoint_by_whoever_reads_it() -> None:
    changes = {"environment.clusters.eu-central-1.backups.endpoint": "https://store.bank.example"}
    assert "endpointURL" not in emitted(OWN)["spec"]["configuration"]
    for cluster in ("eu-central-1", "eu-west-1"):
        stores = documents(site(changed(changes), cluster))
        assert stores[OWN]["spec"]["configuration"]["endpointURL"] == "https://store.bank.example"
        assert "endpointURL" not in stores[PEER]["spec"]["configuration"]


def test_the_plugin_takes_no_guarantee_from_its_pod() -> None:
    resources = emitted(OWN)["spec"]["instanceSidecarConfiguration"]["resources"]
    assert resources["requests"] == resources["limits"]


def test_a_full_backup_is_weekly_in_the_store_and_an_incremental_one_an_hourly_snapshot() -> None:
    full, incremental = emitted(FULL)["spec"], emitted(INCREMENTAL)["spec"]
    assert (full["schedule"], full["method"]) == ("0 0 1 * * 0", "plugin")
    assert full["pluginConfiguration"] == {"name": "barman-cloud.cloudnative-pg.io"}
    assert (incremental["schedule"], incremental["method"]) == ("0 30 * * * *", "volumeSnapshot")
    for spec in (full, incremental):
        assert spec["cluster"] == {"name": "configuration-db"}
        assert spec["immediate"] is True
        assert spec["backupOwnerReference"] == "none"


def test_another_word_is_another_schedule() -> None:
    assert emitted(FULL, backup__database__schedule__full="Daily")["spec"]["schedule"] == "0 0 1 * * *"


def test_a_cluster_that_stands_by_backs_up_what_it_holds() -> None:
    found = documents(site(resolved()["production"], "eu-west-1"))
    assert {OWN, PEER, FULL, INCREMENTAL} <= found.keys()
    assert "retentionPolicy" in found[PEER]["spec"]
    assert "retentionPolicy" not in found[OWN]["spec"]


def test_a_cluster_alone_reads_no_other_store() -> None:
    alone = documents(site(resolved()["staging"]))
    assert [name for name in alone if "objectstore" in name] == [OWN]


@pytest.mark.parametrize(
    ("retention", "expected"), [("30 days", "30d"), ("1 second", "1d"), ("25 hours", "2d"), ("48 hours", "2d")]
)
def test_a_retention_is_never_shorter_than_it_was_asked_for(retention: str, expected: str) -> None:
    assert days(Duration.parse(retention)) == expected
    changes = {"backup.database.retention": retention}
    assert documents(site(changed(changes)))[OWN]["spec"]["retentionPolicy"] == expected
