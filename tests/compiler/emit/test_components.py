"""The table of components: whatever one declares is emitted, in the clusters that run it and in no other."""

from __future__ import annotations

from dataclasses import MISSING, fields

import pytest

from compiler.emit import components, kinds
from compiler.emit.cluster import documents, flows, scrapes, vault_documents
from compiler.emit.component import Component, Runs
from compiler.emit.kubernetes.common.endpoints import PROMETHEUS, pods_of
from compiler.emit.kubernetes.common.flows import Flow, Scrape
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.objects import file_name
from compiler.emit.vault.documents import write
from compiler.emit.vault.kubernetes_auth import Account
from compiler.emit.vault.policies import Grant
from tests.compiler.project import site

PODS = pods_of("data", "extra", {"app": "extra"})
EXTRA = kubernetes_object(kinds.CONFIG_MAP, "extra", Wave.DATA, zone="data", data={})


def component(runs: Runs) -> Component:
    return Component(
        name="extra",
        runs=runs,
        documents=lambda _: [EXTRA],
        flows=lambda _: [Flow(PODS, PODS, (1,), "a reason", "storage.database.type")],
        scrapes=lambda _: [Scrape(PODS, 2)],
        accounts=lambda _: [Account("extra", "extra", "data", (Grant("cbp/data/extra", ("read",)),))],
        vault=lambda _: [write("sys/mounts/extra", type="kv")],
    )


def emitted(at: str) -> set[str]:
    """Return the names of everything that the component in the table makes a cluster have."""
    here = site(cluster=at)
    found = {file_name(document) for document in documents(here)}
    found |= {f"flow from {flow.source.name}" for flow in flows(here) if flow.destination is PODS}
    found |= {f"scrape of {item.pods.name}" for item in scrapes(here)}
    found |= {document["path"] for document in vault_documents(here)}
    return {name for name in found if "extra" in name} | {
        f"flow from {flow.source.name}" for flow in flows(here) if flow.destination is PODS
    }


def everything(at: str) -> set[str]:
    return {
        "cbp-data/configmap-extra.yaml",
        "cbp-data/networkpolicy-extra-egress.yaml",
        "cbp-data/networkpolicy-extra-ingress.yaml",
        "cbp-data/podmonitor-extra.yaml",
        "flow from extra",
        f"flow from {PROMETHEUS.name}",
        "scrape of extra",
        "sys/mounts/extra",
        f"sys/policies/acl/production-{at}-extra",
        f"auth/kubernetes-production-{at}/role/extra",
    }


@pytest.mark.parametrize(
    ("runs", "serving", "standing_by"),
    [(Runs.EVERYWHERE, True, True), (Runs.SERVING, True, False), (Runs.STANDING_BY, False, True)],
)
def test_all_that_a_component_declares_is_emitted_where_it_runs_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, runs: Runs, serving: bool, standing_by: bool
) -> None:
    monkeypatch.setattr(components, "COMPONENTS", (*components.COMPONENTS, component(runs)))
    assert emitted("eu-central-1") == (everything("eu-central-1") if serving else set())
    assert emitted("eu-west-1") == (everything("eu-west-1") if standing_by else set())


def test_nobody_can_add_a_component_without_saying_where_it_runs() -> None:
    (runs,) = (item for item in fields(Component) if item.name == "runs")
    assert runs.default is MISSING
    assert runs.default_factory is MISSING


def test_every_component_has_a_name_of_its_own() -> None:
    names = [item.name for item in components.COMPONENTS]
    assert len(names) == len(set(names))
