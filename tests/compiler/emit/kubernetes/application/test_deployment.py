"""The API's pods: how many, how large, how they are probed, placed and confined."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runtime.environment import read_environment
from tests.compiler.emit.kubernetes.application.stating import settings_map
from tests.compiler.project import artifacts, changed, documents, emitted, resolved, site

if TYPE_CHECKING:
    from compiler.emit.artifact import Document

APPLICATION = "cbp-application"
DEPLOYMENT = f"{APPLICATION}/deployment-configuration-api.yaml"


def container(document: Document) -> Mapping[str, Any]:
    (only,) = document["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, Mapping)
    return only


def test_the_deployment_starts_at_the_optimum_and_updates_without_a_gap() -> None:
    spec = emitted(DEPLOYMENT)["spec"]
    assert spec["replicas"] == 4
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def test_a_pod_has_the_resources_that_are_stated() -> None:
    assert container(emitted(DEPLOYMENT))["resources"] == {
        "requests": {"cpu": "2", "memory": "4Gi"},
        "limits": {"cpu": "2", "memory": "4Gi"},
    }


def test_probes_ask_the_path_and_port_of_the_health_check() -> None:
    found = container(emitted(DEPLOYMENT, containers__application__health_check__path="/alive"))
    assert found["ports"] == [
        {"name": "http", "containerPort": 8080, "protocol": "TCP"},
        {"name": "management", "containerPort": 9464, "protocol": "TCP"},
    ]
    expected = {
        "startupProbe": ("/alive", 30),
        "livenessProbe": ("/alive", 3),
        "readinessProbe": ("/alive/ready", 3),
    }
    for probe, (path, failures) in expected.items():
        assert found[probe] == {
            "httpGet": {"path": path, "port": "http"},
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": failures,
        }


def test_a_pod_has_time_to_leave_the_load_balancer_and_to_finish_a_statement() -> None:
    document = emitted(DEPLOYMENT)
    pause = container(document)["lifecycle"]["preStop"]["sleep"]["seconds"]
    statement = resolved()["production"].spec.connections.database.timeout.seconds
    assert document["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > pause + statement


def test_pods_are_spread_over_nodes_and_zones() -> None:
    spec = emitted(DEPLOYMENT)["spec"]["template"]["spec"]
    (term,) = spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (spread,) = spec["topologySpreadConstraints"]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "DoNotSchedule")
    assert spread["nodeTaintsPolicy"] == "Honor"
    free = "orchestration__configuration__affinity__"
    spec = emitted(DEPLOYMENT, **{f"{free}node_anti_affinity": "false", f"{free}zone_spread": "false"})["spec"]
    assert not {"affinity", "topologySpreadConstraints"} & spec["template"]["spec"].keys()


def test_a_pod_runs_under_the_restricted_profile() -> None:
    pod = emitted(DEPLOYMENT)["spec"]["template"]["spec"]
    own = container(emitted(DEPLOYMENT))["securityContext"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert own == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_api_asks_every_sentinel_for_the_primary_by_names_that_their_certificate_holds() -> None:
    env = {item["name"]: item["value"] for item in container(emitted(DEPLOYMENT))["env"]}
    found = read_environment({name: value for name, value in env.items() if not name.endswith("_FILE")}).sentinels
    assert found is not None
    watching = emitted("cbp-data/redissentinel-configuration-cache-sentinel.yaml")["spec"]
    assert found.master == watching["redisSentinelConfig"]["masterGroupName"]
    assert len(set(found.addresses)) == watching["clusterSize"]
    assert {port for _, port in found.addresses} == {26379}
    named = emitted("cbp-data/certificate-configuration-cache-server.yaml")["spec"]["dnsNames"]
    assert {host for host, _ in found.addresses} <= set(named)


def test_the_image_is_named_by_its_digest_where_it_has_one() -> None:
    digest = f"sha256:{'0' * 64}"
    released = emitted(DEPLOYMENT, environment__image__release=digest)
    assert container(released)["image"] == f"registry.bank.example/platform/configuration-api@{digest}"


def test_a_changed_setting_replaces_the_pods_which_keep_those_that_they_were_made_with() -> None:
    def settings(**changes: str) -> tuple[Document, str]:
        at = site(changed(changes) if changes else None)
        return documents(at)[f"{APPLICATION}/configmap-configuration-api.yaml"], settings_map(at)

    before, named = settings()
    after, renamed = settings(**{"limits.threads.worker": "41"})
    for config_map, name in ((before, named), (after, renamed)):
        assert config_map["immutable"] is True
        assert config_map["metadata"]["name"] == name
        assert re.fullmatch("configuration-api-[0-9a-f]{10}", name)
    assert named != renamed
    assert settings(**{"backup.database.retention": "31 days"}) == (before, named)


def test_the_settings_of_the_config_map_are_those_of_the_file() -> None:
    files = artifacts(site())
    config_map = documents(site())[f"{APPLICATION}/configmap-configuration-api.yaml"]
    assert config_map["data"]["settings.json"].encode() == files["runtime/settings.json"].content


def test_the_management_port_is_another_one_than_the_port_of_the_api() -> None:
    found = container(emitted(DEPLOYMENT, containers__application__health_check__port="9464"))
    assert [port["containerPort"] for port in found["ports"]] == [9464, 9465]


def test_the_header_in_which_the_load_balancer_names_clients_is_stated() -> None:
    variables = {item["name"]: item["value"] for item in container(emitted(DEPLOYMENT))["env"]}
    assert variables["CBP_FORWARDED_HEADER"] == "X-Forwarded-For"


def test_the_deployment_names_the_image_that_its_own_is_built_from() -> None:
    document = emitted(DEPLOYMENT, containers__application__base_image="python:3.14-slim")
    assert document["metadata"]["annotations"]["org.opencontainers.image.base.name"] == "python:3.14-slim"
    assert "annotations" not in document["spec"]["template"]["metadata"], "another base comes with another image"
