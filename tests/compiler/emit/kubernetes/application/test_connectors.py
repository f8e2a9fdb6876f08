"""Connectors that an environment states: the cluster that serves takes their notifications, by keys from Vault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compiler.diagnostics import Code
from compiler.emit.cluster import vault_documents
from runtime.environment import SendingConnector
from tests.compiler.emit.kubernetes.application import stating
from tests.compiler.emit.kubernetes.application.stating import emitted, file, pod, settings_map
from tests.compiler.project import artifacts, documents, rebound

if TYPE_CHECKING:
    from compiler.emit.site import Site
    from compiler.sources.nodes import Node

FIS = {"name": "fis", "addresses": "fis", "namespace": "payments", "form": "standard-webhooks"}
CARDS = {"name": "cards", "addresses": "receivers", "namespace": "cards", "form": "cloudevents"}
SECRET = "cbp-application/externalsecret-configuration-api-connectors.yaml"  # noqa: S105 - the name of a file
KEYS = "production/configuration-api/eu-central-1/connectors"
RANGES = ["10.30.250.128/28"]


def stated(*connectors: dict[str, str], **changes: object) -> Node:
    return stating.stated(
        environment__connectors=connectors, **({"environment__addresses__receivers": RANGES} | changes)
    )


def serving(*connectors: dict[str, str], cluster: str = "eu-central-1", **changes: object) -> Site:
    return emitted(stated(*connectors, **changes), cluster)


def admitted(at: Site) -> list[str]:
    annotations = documents(at)["cbp-application/ingress-configuration-api.yaml"]["metadata"]["annotations"]
    networks: str = annotations["alb.ingress.kubernetes.io/inbound-cidrs"]
    return networks.split(",")


def test_the_process_reads_the_connectors_that_are_stated() -> None:
    at = serving(FIS, CARDS)
    variables = {item["name"]: item["value"] for item in pod(at)["spec"]["containers"][0]["env"]}
    assert variables["CBP_CONNECTORS_FILE"] == "/etc/cbp/connectors.json"
    found = [
        SendingConnector.model_validate_json(json.dumps(each)) for each in json.loads(file(at, "connectors.json") or "")
    ]
    folder = Path("/var/run/secrets/cbp/connectors")
    assert [(each.name, each.namespace, each.form, each.keys_file) for each in found] == [
        ("fis", "payments", "standard-webhooks", folder / "fis"),
        ("cards", "cards", "cloudevents", folder / "cards"),
    ]


def test_keys_of_connectors_come_from_vault_and_are_in_no_file() -> None:
    at = serving(FIS, CARDS)
    spec = documents(at)[SECRET]["spec"]
    assert spec["data"] == [
        {"secretKey": f"{name}{end}", "remoteRef": {"key": f"data/{KEYS}/{name}/notification-keys", "property": read}}
        for name in ("fis", "cards")
        for end, read in (("", "data.keys"), (".rotated-at", "metadata.created_time"))
    ]
    (mount,) = (item for item in pod(at)["spec"]["containers"][0]["volumeMounts"] if item["name"] == "connectors")
    (volume,) = (item for item in pod(at)["spec"]["volumes"] if item["name"] == "connectors")
    assert mount["mountPath"] == "/var/run/secrets/cbp/connectors"
    assert volume["secret"]["secretName"] == spec["target"]["name"]
    assert not [path for path, each in artifacts(at).items() if b"whsec_" in each.content]


def test_external_secrets_reads_the_keys_of_connectors_and_administrators_write_them() -> None:
    policies = {
        each["path"]: each["data"]["policy"] for each in vault_documents(serving(FIS)) if "policy" in each["data"]
    }
    held = f'"cbp/data/{KEYS}/fis/notification-keys"'
    scope = "sys/policies/acl/production-eu-central-1"
    assert {name for name, text in policies.items() if held in text} == {
        f"{scope}-configuration-api",
        f"{scope}-administrators",
    }


def test_the_load_balancer_admits_the_ranges_that_connectors_send_from_and_pods_still_hear_it_alone() -> None:
    without, found = serving(), serving(FIS, CARDS)
    assert sorted({*admitted(found)} - {*admitted(without)}) == ["10.30.250.128/28", "10.30.250.32/28"]
    policy = "cbp-application/networkpolicy-api-ingress.yaml"
    assert documents(found)[policy] == documents(without)[policy]


def test_a_changed_connector_replaces_the_pods() -> None:
    assert len({settings_map(at) for at in (serving(FIS), serving(CARDS), serving())}) == 3


@pytest.mark.parametrize(("cluster", "features"), [("eu-west-1", ["FIS connector"]), ("eu-central-1", ["Event bus"])])
def test_a_cluster_that_stands_by_or_has_not_the_feature_takes_nothing(cluster: str, features: list[str]) -> None:
    at = serving(FIS, cluster=cluster, components__integration_layer__features=features)
    assert (file(at, "connectors.json"), SECRET in documents(at)) == (None, False)
    assert "CBP_CONNECTORS_FILE" not in json.dumps(pod(at))
    assert "10.30.250.32/28" not in admitted(at)


def test_refused_notifications_raise_an_alert_where_there_is_a_connector() -> None:
    rules = "cbp-application/prometheusrule-configuration-api.yaml"
    names = [
        {rule["alert"] for group in documents(at)[rules]["spec"]["groups"] for rule in group["rules"]}
        for at in (serving(FIS), serving())
    ]
    assert names[0] - names[1] == {"NotificationsRefused"}


def test_a_connector_is_named_once() -> None:
    _, findings = rebound(stated(FIS, {**CARDS, "name": "fis"}))
    assert [(each.code, each.message) for each in findings] == [(Code.SPEC006, "the list names 'fis' twice")]
