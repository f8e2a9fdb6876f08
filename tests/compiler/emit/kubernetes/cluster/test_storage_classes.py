"""Volumes of a bank are encrypted, grow, outlive a mistake, and can be copied: on each cloud."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compiler.project import changed, documents, resolved, site

SNAPSHOTS = "cluster/volumesnapshotclass-premium-ssd.yaml"
SPEED = "cluster/volumeattributesclass-premium-ssd-4000-250.yaml"
DATA, LOG, CACHE = (f"cluster/storageclass-premium-ssd-{name}.yaml" for name in ("data", "log", "cache"))


def on(platform: str) -> Any:
    return documents(site(changed({"environment.clusters.eu-central-1.platform": platform})))


@pytest.mark.parametrize(
    ("platform", "driver", "parameters"),
    [
        ("aws", "ebs.csi.aws.com", {"type": "gp3", "encrypted": "true"}),
        (
            "azure",
            "disk.csi.azure.com",
            {
                "skuName": "Premium_LRS",
                "cachingMode": "ReadOnly",
                "networkAccessPolicy": "DenyAll",
                "publicNetworkAccess": "Disabled",
            },
        ),
    ],
)
def test_premium_ssd_is_what_each_cloud_calls_it(platform: str, driver: str, parameters: dict[str, str]) -> None:
    found = on(platform)
    for name in (DATA, LOG, CACHE):
        assert (found[name]["provisioner"], found[name]["parameters"]) == (driver, parameters)
    assert (found[SNAPSHOTS]["driver"], found[SNAPSHOTS]["deletionPolicy"]) == (driver, "Delete")


@pytest.mark.parametrize("cluster", ["eu-central-1", "eu-west-1"])
def test_a_volume_can_grow_and_is_made_where_its_pod_runs(cluster: str) -> None:
    found = documents(site(resolved()["production"], cluster))
    for name in (DATA, LOG, CACHE):
        assert found[name]["allowVolumeExpansion"] is True
        assert found[name]["volumeBindingMode"] == "WaitForFirstConsumer"


def test_disks_with_data_stay_when_their_claim_goes_and_those_with_copies_do_not() -> None:
    found = on("aws")
    assert {name: found[name]["reclaimPolicy"] for name in (DATA, LOG, CACHE)} == {
        DATA: "Retain",
        LOG: "Retain",
        CACHE: "Delete",
    }


def test_the_volume_of_the_log_has_a_ceiling_of_its_own() -> None:
    """The resizer reads its limit from the claim, where the operator writes the same one for data and log."""
    found = on("aws")
    enabled = {
        name: found[name]["metadata"]["annotations"].get("resize.topolvm.io/enabled") for name in (DATA, LOG, CACHE)
    }
    assert enabled == {DATA: "true", LOG: None, CACHE: "true"}


def test_what_a_volume_in_use_can_change_is_in_a_class_that_it_can_leave() -> None:
    speed = on("aws")[SPEED]
    assert (speed["apiVersion"], speed["driverName"]) == ("storage.k8s.io/v1", "ebs.csi.aws.com")
    assert speed["parameters"] == {"iops": "4000", "throughput": "250"}
    # The class cannot change itself: its name says its values, so that others are another class.
    assert all(value in speed["metadata"]["name"] for value in speed["parameters"].values())


def test_a_volume_too_small_for_that_speed_does_without() -> None:
    """gp3 has 500 operations per second for each GiB: the claim of a smaller disk would wait for ever."""
    sizes = {"storage.database.size.initial": "7GB", "storage.database.size.max": "80GB"}
    spec = documents(site(changed(sizes)))["cbp-data/cluster-configuration-db.yaml"]["spec"]
    assert "pvcTemplate" not in spec["storage"]
    assert spec["walStorage"]["size"] == "8Gi"
    assert "pvcTemplate" in spec["walStorage"]


def test_where_the_size_decides_the_speed_no_volume_names_such_a_class() -> None:
    found = on("azure")
    assert not [name for name in found if "volumeattributesclass" in name]
    spec = found["cbp-data/cluster-configuration-db.yaml"]["spec"]
    assert "pvcTemplate" not in spec["storage"]
    assert "pvcTemplate" not in spec["walStorage"]
