"""The cache survives the loss of a pod, a node or a zone, and a restart; its copies are taken and deleted."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.emit.kubernetes.cache.flows import REDIS, REDIS_SENTINEL
from compiler.emit.kubernetes.common.pod_security import CONTAINER
from tests.compiler.project import changed, documents, emitted, resolved, site

REPLICATION = "cbp-data/redisreplication-configuration-cache.yaml"
SENTINEL = "cbp-data/redissentinel-configuration-cache-sentinel.yaml"
CONFIGURATION = "cbp-data/configmap-configuration-cache.yaml"
COPIES = "cbp-data/cronjob-configuration-cache-copies.yaml"
PERSISTENCE = "storage__cache__persistence__enabled"
SECRET = {"name": "configuration-cache", "key": "password"}


def configuration(document: Any) -> list[str]:
    text: str = document["data"]["redis-additional.conf"]
    assert text.endswith("\n")
    return text.splitlines()


def test_a_primary_has_two_replicas_that_a_majority_of_sentinels_can_choose() -> None:
    replication, sentinel = emitted(REPLICATION)["spec"], emitted(SENTINEL)["spec"]
    assert (replication["clusterSize"], sentinel["clusterSize"]) == (3, 3)
    watched = sentinel["redisSentinelConfig"]
    assert (watched["redisReplicationName"], watched["masterGroupName"]) == ("configuration-cache", "configuration")
    assert watched["quorum"] == "2"


def test_nobody_reaches_a_server_without_the_password() -> None:
    for name in (REPLICATION, SENTINEL):
        assert emitted(name)["spec"]["kubernetesConfig"]["redisSecret"] == SECRET
    watched = emitted(SENTINEL)["spec"]["redisSentinelConfig"]
    assert watched["redisReplicationPassword"] == {"secretKeyRef": SECRET}


@pytest.mark.parametrize(("name", "pods"), [(REPLICATION, REDIS), (SENTINEL, REDIS_SENTINEL)])
def test_no_two_share_a_node_and_the_zones_are_even(name: str, pods: Any) -> None:
    spec = emitted(name)["spec"]
    (apart,) = spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (spread,) = spec["topologySpreadConstraints"]
    assert apart["topologyKey"] == "kubernetes.io/hostname"
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "DoNotSchedule")
    assert spread["nodeTaintsPolicy"] == "Honor"
    assert apart["labelSelector"] == spread["labelSelector"] == {"matchLabels": pods.labels}
    assert spec["pdb"] == {"enabled": True, "maxUnavailable": 1}


@pytest.mark.parametrize("name", [REPLICATION, SENTINEL])
def test_the_pods_satisfy_the_restricted_profile_and_have_no_token(name: str) -> None:
    spec = emitted(name)["spec"]
    assert spec["podSecurityContext"]["runAsNonRoot"] is True
    assert spec["podSecurityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for part in (spec, spec["initContainer"], spec.get("redisExporter", spec)):
        assert part["securityContext"] == CONTAINER
    account = emitted(f"cbp-data/serviceaccount-{spec['serviceAccountName']}.yaml")
    assert account["automountServiceAccountToken"] is False


def test_a_persistent_cache_has_a_volume_that_grows_to_its_limit() -> None:
    replication = emitted(REPLICATION)
    claim = replication["spec"]["storage"]["volumeClaimTemplate"]["spec"]
    assert (claim["storageClassName"], claim["resources"]) == ("premium-ssd", {"requests": {"storage": "10Gi"}})
    annotations = replication["metadata"]["annotations"]
    assert annotations["resize.topolvm.io/storage_limit"] == "50Gi"
    assert annotations["resize.topolvm.io/threshold"] == "20%"
    assert {"appendonly yes", "appendfsync everysec"} <= set(configuration(emitted(CONFIGURATION)))


def test_a_cache_that_may_forget_has_neither_a_volume_nor_copies() -> None:
    found = documents(site(changed({PERSISTENCE.replace("__", "."): "false"})))
    (volume,), (mount,) = found[REPLICATION]["spec"]["storage"]["volumeMount"].values()
    assert (volume["emptyDir"], mount["mountPath"]) == ({}, "/data")
    assert not any("resize.topolvm.io" in name for name in found[REPLICATION]["metadata"]["annotations"])
    assert {"appendonly no", 'save ""'} <= set(configuration(found[CONFIGURATION]))
    assert not any("configuration-cache-copies" in name for name in found)


@pytest.mark.parametrize("name", [REPLICATION, SENTINEL])
def test_servers_and_sentinels_run_the_stated_image_and_nothing_before_it(name: str) -> None:
    """The container that writes the configuration takes its security context from one that does not run."""
    spec = emitted(name)["spec"]
    image = site().spec.containers.images.valkey
    assert spec["kubernetesConfig"]["image"] == f"{image.repository}:{image.version}@{image.release}"
    assert spec["initContainer"]["enabled"] is False


def test_the_memory_is_bounded_below_the_limit_and_only_what_ends_by_itself_is_dropped() -> None:
    spec = emitted(REPLICATION)["spec"]
    assert spec["redisConfig"] == {"additionalRedisConfig": "configuration-cache", "maxMemoryPercentOfLimit": 60}
    assert "maxmemory-policy volatile-ttl" in configuration(emitted(CONFIGURATION))


def test_another_configuration_is_another_pod() -> None:
    digests = {
        emitted(REPLICATION, **{PERSISTENCE: persistent})["spec"]["env"][0]["value"] for persistent in ("true", "false")
    }
    assert len(digests) == 2


def test_what_argo_cd_notes_on_a_resource_is_not_written_on_its_pods_and_claims() -> None:
    for name in (REPLICATION, SENTINEL):
        document = emitted(name)
        noted = {key for key in document["metadata"]["annotations"] if key.startswith("argocd.")}
        ignored = document["spec"]["kubernetesConfig"]["ignoreAnnotations"]
        assert noted | {"argocd.argoproj.io/tracking-id"} <= set(ignored)


def test_its_volumes_are_copied_as_often_as_the_specification_says_where_anybody_writes_to_them() -> None:
    assert emitted(COPIES)["spec"]["schedule"] == "40 3 * * *"
    assert emitted(COPIES, storage__cache__persistence__backup_schedule="Weekly")["spec"]["schedule"] == "40 3 * * 0"
    rules = emitted("cbp-data/role-configuration-cache-copies.yaml")["rules"]
    assert [(rule["resources"], rule["verbs"]) for rule in rules] == [
        (["persistentvolumeclaims"], ["list"]),
        (["volumesnapshots"], ["list", "create", "delete"]),
    ]
    standing_by = documents(site(resolved()["production"], "eu-west-1"))
    assert REPLICATION in standing_by
    assert COPIES not in standing_by
