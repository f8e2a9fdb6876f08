"""What a cluster must have before the first sync is read from what is emitted for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from compiler.emit import kinds
from compiler.emit.pages.requirements import features, requirements
from compiler.emit.providers import KUBERNETES
from compiler.emit.site import sites
from tests.compiler.project import artifacts, changed, documents, listing, resolved, site

if TYPE_CHECKING:
    from compiler.emit.site import Site

SITES = [item for environment in resolved().values() for item in sites(environment)]
every_cluster = pytest.mark.parametrize("at", SITES, ids=lambda at: at.folder)


def page(at: Site) -> str:
    return artifacts(at)["bootstrap.md"].content.decode()


def with_values(**changes: str) -> Site:
    return site(changed({path.replace("__", "."): text for path, text in changes.items()}))


@every_cluster
def test_every_emitted_kind_is_in_the_table_and_its_provider_on_the_page(at: Site) -> None:
    table = {(kind.api_version, kind.name): kind.provider for kind in kinds.KINDS}
    text = page(at)
    for document in documents(at).values():
        provider = table[document["apiVersion"], document["kind"]]
        assert provider is KUBERNETES or f"[{provider.name}]({provider.page}) | {provider.least} |" in text


@every_cluster
def test_the_page_names_everything_that_is_given_by_hand(at: Site) -> None:
    text, plan = page(at), artifacts(at)["vault/plan.yaml"].document
    assert plan
    for write in plan["documents"]:
        assert not write["writeOnly"] or f"| `{write['path']}` | {', '.join(write['writeOnly'])} |" in text
    assert at.cluster.backups.identity in text
    assert at.cluster.vault.address in text


def test_a_controller_without_kinds_is_needed_where_an_object_speaks_to_it() -> None:
    claim = {"template": {"metadata": {"annotations": {"resize.topolvm.io/threshold": "20%"}}}}
    assert names({"apiVersion": "v1", "kind": "Thing", "spec": claim}) == {"pvc-autoresizer"}
    assert names({"apiVersion": "v1", "kind": "Thing", "spec": {"annotations": {"other.io/threshold": "1"}}}) == set()
    storage = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "disk.csi.azure.com"}
    assert names(storage) == {"Azure Disk CSI driver"}


def names(document: dict[str, Any]) -> set[str]:
    return {need.provider.name for need in requirements([document])}


@pytest.mark.parametrize(
    ("version", "tolerance"), [("1.32", None), ("1.34", None), ("1.35", "on by default"), ("1.37", "on by default")]
)
def test_a_feature_is_listed_where_it_is_used_with_what_its_gate_needs(version: str, tolerance: str | None) -> None:
    text = page(with_values(**{"environment__clusters__eu-central-1__kubernetes": version}))
    assert ("`HPAConfigurableTolerance`" in text) is (tolerance is not None)
    assert tolerance is None or f"`HPAConfigurableTolerance` | {tolerance} |" in text
    assert "`PodLifecycleSleepAction` | on by default |" in text


def test_no_feature_is_asked_for_by_objects_that_use_none() -> None:
    assert features([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}]) == ()


def test_nodes_get_the_settings_of_their_folder() -> None:
    assert "- Nodes with the settings of `node/`, whose kubelets rotate logs ([docs/nodes.md]" in page(site())


def test_each_cluster_reads_the_archive_of_the_other() -> None:
    for name, other in (("eu-central-1", "eu-west-1"), ("eu-west-1", "eu-central-1")):
        assert f", may read `s3://bank-cbp-production-{other}`, and" in page(site(cluster=name))
    assert "may read `" not in page(site(resolved()["staging"]))


def test_what_people_keep_in_vault_is_listed_and_what_an_engine_makes_is_not() -> None:
    text = page(site())
    assert "| `cbp/production/configuration-data/eu-central-1/cache` | password |" in text
    assert "static-creds" not in text


def test_a_cluster_that_stands_by_is_registered_after_the_first_backup() -> None:
    assert "register it once the first full backup there is complete" in page(site(cluster="eu-west-1"))
    assert "first full backup" not in page(site())


def test_a_cluster_that_stands_by_lists_apart_what_it_needs_before_it_can_serve() -> None:
    now, _, later = page(site(cluster="eu-west-1")).partition("## Before it can serve")
    serving = page(site())
    for text in (serving, now):
        assert "certificate for config.bank.example" in text
    needed = set(re.findall(r"\[([^]]+)\]\(https:", serving))
    assert set(re.findall(r"\[([^]]+)\]\(https:", now + later)) == needed
    assert {"KEDA", "metrics-server"} <= needed - set(re.findall(r"\[([^]]+)\]\(https:", now))
    assert "Before it can serve" not in serving


def test_the_servers_of_openbao_are_given_the_authority_as_a_file() -> None:
    file = "/openbao/userconfig/authorities/production-eu-central-1.pem"
    assert file in page(site())
    assert file not in page(site(changed({"environment.clusters.eu-central-1.vault.flavour": "vault"})))


def test_the_page_says_what_keeps_the_copy_of_the_archive_from_being_deleted() -> None:
    text = page(site())
    assert "to `s3://bank-cbp-production-eu-central-1-copy` in eu-west-1." in text
    for setting in ("Versioning", "`COMPLIANCE`", "`ReplicationTime`", "`DeleteMarkerReplication: Disabled`", "30d"):
        assert setting in text
    assert "replicated_to` names no copy" in page(site(resolved()["staging"]))


def test_the_page_says_where_names_credentials_and_backups_are_found() -> None:
    here, there = page(site()), page(site(cluster="eu-west-1"))
    assert "NodeLocal DNSCache" in here
    assert "credentials, in\n  10.30.250.96/28." in here
    assert "that of eu-central-1 in\n  10.30.250.80/28" in there
    azure = with_values(**{"environment__clusters__eu-central-1__platform": "azure"})
    assert "`AzureActiveDirectory`" in page(azure)


def test_what_is_brought_for_the_management_zone_is_not_cut_off_there() -> None:
    """The operator of Prometheus is called by the API server, whatever the zone denies."""
    text = page(site())
    assert "| [Prometheus operator](https://prometheus-operator.dev/) | 0.79.0 | monitoring |" in text
    assert "runs in `cbp-management`" in text
    assert "It scrapes the kubelets in 10.30.16.0/20 at 10250." in text


def test_the_page_says_who_is_admitted_and_what_people_set_up_around_the_load_balancer() -> None:
    assert "The load balancer admits 10.30.128.0/20, 10.30.240.0/24" in page(site())
    azure = page(with_values(**{"environment__clusters__eu-central-1__platform": "azure"}))
    assert "the security group of the gateway's subnet allows these networks" in azure
    assert "The load balancer admits 10.30.128.0/20, 10.30.240.0/24" in page(site(cluster="eu-west-1"))


@pytest.mark.parametrize(("platform", "record"), [("aws", "`EvaluateTargetHealth`"), ("azure", "a person leads it")])
def test_the_page_says_how_the_name_leads_to_the_region_that_is_left(platform: str, record: str) -> None:
    values = {f"environment.clusters.{name}.platform": platform for name in ("eu-central-1", "eu-west-1")}
    for cluster in ("eu-central-1", "eu-west-1"):
        text = page(site(changed(values), cluster=cluster))
        assert record in text
        assert ("`--source=ingress`" in text) == (platform == "aws")
        assert ("takes names from Services alone (`--source=service`)" in text) == (platform == "azure")
    assert record not in page(site(resolved()["staging"]))


def test_the_page_says_that_a_person_leads_the_name_where_nothing_is_promised() -> None:
    text = page(site(listing("redundancy.application.failover", "State preservation")))
    assert "A person leads it to the other cluster" in text
    assert "takes names from Services alone (`--source=service`)" in text


def test_the_page_says_what_stands_by_and_how_old_it_reads() -> None:
    text = page(site(cluster="eu-west-1"))
    assert "- 1 node in each zone with room for one pod of the API each, for the 2 that stand by." in text
    assert "the archive has each commit after 5 minutes at most" in text
    assert "What stands by" not in page(site())


def test_a_person_reads_what_no_operator_mends_after_the_loss_of_a_zone() -> None:
    text = page(site())
    assert "kubectl cnpg -n cbp-data promote configuration-db configuration-db-1" in text
    assert "replicaof configuration-cache-0.configuration-cache-headless.cbp-data.svc 6379" in text
    alone = page(site(listing("redundancy.data.replication", "Point-in-time recovery")))
    assert "promote configuration-db" not in alone


def test_the_page_says_whom_vault_reaches_and_by_whom_it_is_reached() -> None:
    text = page(site())
    assert "cert-manager reach it in 10.30.250.0/28 at 8200" in text
    assert "provider in 10.30.250.16/28 at 443" in text
    assert "the database at configuration-db.eu-central-1.bank.example" in text
