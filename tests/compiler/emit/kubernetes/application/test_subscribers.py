"""Subscribers that an environment states: delivered to by the cluster that serves, with keys from Vault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compiler.diagnostics import Code
from compiler.emit.cluster import vault_documents
from compiler.pipeline import emit
from runtime.environment import Subscriber
from tests.compiler.emit.kubernetes.application import stating
from tests.compiler.emit.kubernetes.application.stating import emitted, file, pod, settings_map
from tests.compiler.project import artifacts, documents, rebound
from tests.policy.mutation import AS_OF, gate

if TYPE_CHECKING:
    from compiler.emit.site import Site
    from compiler.sources.nodes import Node

LEDGER = {"name": "ledger", "url": "https://ledger.bank.example:8443/events", "namespaces": "pay-*", "priority": "high"}
FIS = {"name": "fis", "url": "https://fis.bank.example/changes"}
SECRET = "cbp-application/externalsecret-configuration-api-subscribers.yaml"  # noqa: S105 - the name of a file
KEYS = "production/configuration-api/eu-central-1/subscribers"


def stated(*subscribers: dict[str, str], **changes: object) -> Node:
    return stating.stated(environment__subscribers=subscribers, **changes)


def serving(*subscribers: dict[str, str], cluster: str = "eu-central-1", **changes: object) -> Site:
    return emitted(stated(*subscribers, **changes), cluster)


def test_the_process_reads_the_subscribers_that_are_stated() -> None:
    at = serving(LEDGER, FIS)
    variables = {item["name"]: item["value"] for item in pod(at)["spec"]["containers"][0]["env"]}
    assert variables["CBP_SUBSCRIBERS_FILE"] == "/etc/cbp/subscribers.json"
    found = [
        Subscriber.model_validate_json(json.dumps(each)) for each in json.loads(file(at, "subscribers.json") or "")
    ]
    folder = Path("/var/run/secrets/cbp/subscribers")
    assert [(each.url, each.keys_file) for each in found] == [
        (LEDGER["url"], folder / "ledger"),
        (FIS["url"], folder / "fis"),
    ]
    assert [(each.namespaces, each.priority.value) for each in found] == [("pay-*", "high"), ("*", "normal")]


def test_their_keys_come_from_vault_into_the_folder_that_the_process_reads() -> None:
    at = serving(LEDGER, FIS)
    spec = documents(at)[SECRET]["spec"]
    assert spec["data"] == [
        {"secretKey": f"{name}{end}", "remoteRef": {"key": f"data/{KEYS}/{name}/signing-keys", "property": read}}
        for name in ("ledger", "fis")
        for end, read in (("", "data.keys"), (".rotated-at", "metadata.created_time"))
    ]
    (mount,) = (item for item in pod(at)["spec"]["containers"][0]["volumeMounts"] if item["name"] == "subscribers")
    (volume,) = (item for item in pod(at)["spec"]["volumes"] if item["name"] == "subscribers")
    assert mount["mountPath"] == "/var/run/secrets/cbp/subscribers"
    assert volume["secret"]["secretName"] == spec["target"]["name"]


def test_external_secrets_reads_their_keys_and_administrators_write_them() -> None:
    policies = {
        each["path"]: each["data"]["policy"] for each in vault_documents(serving(LEDGER)) if "policy" in each["data"]
    }
    held = f'"cbp/data/{KEYS}/ledger/signing-keys"'
    scope = "sys/policies/acl/production-eu-central-1"
    assert {name for name, text in policies.items() if held in text} == {
        f"{scope}-configuration-api",
        f"{scope}-administrators",
    }


def test_a_changed_subscriber_replaces_the_pods() -> None:
    assert len({settings_map(at) for at in (serving(LEDGER), serving(FIS), serving())}) == 3


@pytest.mark.parametrize(("cluster", "features"), [("eu-west-1", ["Event bus"]), ("eu-central-1", ["Health monitors"])])
def test_a_cluster_that_stands_by_or_has_no_event_bus_delivers_nothing(cluster: str, features: list[str]) -> None:
    at = serving(LEDGER, cluster=cluster, components__integration_layer__features=features)
    assert (file(at, "subscribers.json"), SECRET in documents(at)) == (None, False)
    assert "CBP_SUBSCRIBERS_FILE" not in json.dumps(pod(at))


def test_pods_reach_the_ranges_of_receivers_at_the_ports_of_subscribers() -> None:
    policy = "cbp-application/networkpolicy-api-egress.yaml"
    ranges = ["10.30.250.128/28"]
    before = documents(serving(LEDGER))[policy]["spec"]["egress"]
    after = documents(serving(LEDGER, FIS, environment__addresses__receivers=ranges))[policy]["spec"]["egress"]
    (added,) = (rule for rule in after if rule not in before)
    assert added["to"] == [{"ipBlock": {"cidr": ranges[0]}}]
    assert sorted(port["port"] for port in added["ports"]) == [443, 8443]


def test_an_environment_with_subscribers_breaks_no_rule() -> None:
    receivers = {"environment__addresses__receivers": ["10.30.250.128/28"]}
    judged = []
    for subscribers, changes in (((), {}), ((LEDGER, FIS), receivers)):
        found, findings = rebound(stated(*subscribers, **changes))
        assert found, findings
        judged.append({(each.code, each.message) for each in gate().judge(emit(found), AS_OF).findings})
    assert judged[1] == judged[0]
    assert "keys" in artifacts(serving(LEDGER))["bootstrap.md"].content.decode()


def test_a_subscriber_is_named_once() -> None:
    _, findings = rebound(stated(LEDGER, {**FIS, "name": "ledger"}))
    assert [(each.code, each.message) for each in findings] == [(Code.SPEC006, "the list names 'ledger' twice")]
