"""Volumes of a bank are encrypted, grow, outlive a mistake, and can be copied: on each cloud."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compiler.project import changed, documents, resolved, site

CLASS, SNAPSHOTS = "cluster/storageclass-premium-ssd.yaml", "cluster/volumesnapshotclass-premium-ssd.yaml"


def on(platform: str) -> Any:
    return documents(site(changed({"environment.clusters.eu-central-1.platform": platform})))


@pytest.mark.parametrize(
    ("platform", "driver", "parameters"),
    [
        ("aws", "ebs.csi.aws.com", {"type": "gp3", "iops": "4000", "throughput": "250", "encrypted": "true"}),
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
    assert (found[CLASS]["provisioner"], found[CLASS]["parameters"]) == (driver, parameters)
    assert (found[SNAPSHOTS]["driver"], found[SNAPSHOTS]["deletionPolicy"]) == (driver, "Delete")


@pytest.mark.parametrize("cluster", ["eu-central-1", "eu-west-1"])
def test_a_volume_grows_stays_when_its_claim_goes_and_is_made_where_its_pod_runs(cluster: str) -> None:
    class_ = documents(site(resolved()["production"], cluster))[CLASS]
    assert class_["allowVolumeExpansion"] is True
    assert class_["reclaimPolicy"] == "Retain"
    assert class_["volumeBindingMode"] == "WaitForFirstConsumer"
    assert class_["metadata"]["annotations"]["resize.topolvm.io/enabled"] == "true"


def test_gp3_can_give_the_smallest_volume_what_the_class_asks_for() -> None:
    smallest = resolved()["production"].spec.storage.cache.size.initial.count // 2**30
    parameters = on("aws")[CLASS]["parameters"]
    assert int(parameters["iops"]) <= 500 * smallest
    assert int(parameters["throughput"]) <= int(parameters["iops"]) // 4
