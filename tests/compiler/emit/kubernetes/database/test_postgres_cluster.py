"""PostgreSQL's instances are guaranteed their resources, stand apart, and hold one database in every region."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compiler.project import changed, documents, emitted, listing, resolved, site

CLUSTER = "cbp-data/cluster-configuration-db.yaml"
DATABASE = "cbp-data/database-configuration.yaml"
SWAPPED = {"environment.clusters.eu-central-1.role": "recovery", "environment.clusters.eu-west-1.role": "primary"}
HANDOVER = "environment.clusters.eu-west-1.handover"
API = "cbp-application/deployment-configuration-api.yaml"
TOKEN = "eyJkYXRhYmFzZVN5c3RlbUlkZW50aWZpZXIiOiAiMSJ9"  # noqa: S105 - where a log ends
ARCHIVES = [
    {
        "name": name,
        "plugin": {
            "name": "barman-cloud.cloudnative-pg.io",
            "parameters": {"barmanObjectName": f"configuration-db-{name}", "serverName": "configuration-db"},
        },
    }
    for name in ("eu-central-1", "eu-west-1")
]


def cluster(name: str = "eu-central-1", environment: str = "production") -> dict[str, Any]:
    spec = documents(site(resolved()[environment], name))[CLUSTER]["spec"]
    assert isinstance(spec, dict)
    return spec


def test_each_instance_is_guaranteed_what_is_reserved() -> None:
    amounts = {"cpu": "8", "memory": "16Gi"}
    assert cluster()["resources"] == {"requests": amounts, "limits": amounts}


def test_there_are_as_many_instances_as_the_primary_and_its_replicas_at_least() -> None:
    assert cluster()["instances"] == 3
    assert emitted(CLUSTER, compute__database_tier__instances__replicas__min="3")["spec"]["instances"] == 4


def test_instances_share_no_node_and_no_zone_has_two_more_than_another() -> None:
    spec = cluster()
    assert spec["affinity"] == {
        "enablePodAntiAffinity": True,
        "podAntiAffinityType": "required",
        "topologyKey": "kubernetes.io/hostname",
    }
    (spread,) = spec["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "DoNotSchedule")
    assert spread["nodeTaintsPolicy"] == "Honor"
    # The Jobs that make the instances' volumes have these labels, too, and no role.
    assert spread["labelSelector"] == {
        "matchLabels": {"cnpg.io/cluster": "configuration-db"},
        "matchExpressions": [{"key": "cnpg.io/instanceName", "operator": "Exists"}],
    }


def test_data_and_log_have_volumes_of_their_own_and_only_that_of_the_data_grows() -> None:
    spec = cluster()
    shared = {"resizeInUseVolumes": True, "pvcTemplate": {"volumeAttributesClassName": "premium-ssd-4000-250"}}
    assert spec["storage"] == {"size": "100Gi", "storageClass": "premium-ssd-data", **shared}
    # The log has a tenth of what the data may grow to, from the start: its class does not grow.
    assert spec["walStorage"] == {"size": "102Gi", "storageClass": "premium-ssd-log", **shared}
    annotations = spec["inheritedMetadata"]["annotations"]
    assert annotations["resize.topolvm.io/threshold"] == "20%"
    assert annotations["resize.topolvm.io/storage_limit"] == "1Ti"


def test_the_log_is_archived_into_the_store_of_the_cluster_itself() -> None:
    for name in ("eu-central-1", "eu-west-1"):
        (plugin,) = cluster(name)["plugins"]
        assert plugin["isWALArchiver"] is True
        assert plugin["parameters"]["barmanObjectName"] == f"configuration-db-{name}"


def test_the_one_that_serves_starts_with_a_new_database_and_the_other_from_its_archive() -> None:
    serving, standing_by = cluster(), cluster("eu-west-1")
    assert serving["bootstrap"]["initdb"].items() >= {"database": "configuration", "dataChecksums": True}.items()
    assert standing_by["bootstrap"]["recovery"]["source"] == "eu-central-1"
    assert serving["replica"] == {"primary": "eu-central-1", "self": "eu-central-1", "source": "eu-west-1"}
    assert standing_by["replica"] == {"primary": "eu-central-1", "self": "eu-west-1", "source": "eu-central-1"}
    assert serving["externalClusters"] == standing_by["externalClusters"] == ARCHIVES


def test_the_roles_of_the_environment_alone_decide_which_cluster_is_the_primary() -> None:
    swapped = changed(SWAPPED)
    for name, former in (("eu-central-1", "eu-west-1"), ("eu-west-1", "eu-central-1")):
        at = documents(site(swapped, name))
        before, after = cluster(former), at[CLUSTER]["spec"]
        assert after["replica"] == {"primary": "eu-west-1", "self": name, "source": former}
        assert after["bootstrap"].keys() == before["bootstrap"].keys()
        assert (DATABASE in at) is (name == "eu-west-1")


def test_in_a_handover_the_predecessor_stops_first_and_its_token_promotes_the_other_one() -> None:
    """docs/exchange.md; until the token is there nobody serves, and the one that takes over goes on following."""
    handover = f"{HANDOVER}.predecessor"
    waiting = changed({**SWAPPED, handover: "eu-central-1"})
    stopped, waits = (documents(site(waiting, name)) for name in ("eu-central-1", "eu-west-1"))
    assert stopped[CLUSTER]["spec"]["replica"] == {
        "primary": "eu-west-1",
        "self": "eu-central-1",
        "source": "eu-west-1",
    }
    assert waits[CLUSTER]["spec"]["replica"] == cluster("eu-west-1")["replica"]
    assert DATABASE not in stopped.keys() | waits.keys()
    assert [found[API]["spec"]["replicas"] for found in (stopped, waits)] == [2, 2]

    done = changed({**SWAPPED, handover: "eu-central-1", f"{HANDOVER}.token": TOKEN})
    follows, leads = (documents(site(done, name)) for name in ("eu-central-1", "eu-west-1"))
    assert follows[CLUSTER] == stopped[CLUSTER]
    promoted = {"primary": "eu-west-1", "self": "eu-west-1", "source": "eu-central-1", "promotionToken": TOKEN}
    assert leads[CLUSTER]["spec"]["replica"] == promoted
    assert {DATABASE, API} <= leads.keys()


def test_during_a_handover_the_archives_of_both_are_reached() -> None:
    waiting = changed({**SWAPPED, f"{HANDOVER}.predecessor": "eu-central-1"})
    for name, followed in (("eu-central-1", "10.31.250.80/28"), ("eu-west-1", "10.30.250.80/28")):
        policy = documents(site(waiting, name))["cbp-data/networkpolicy-postgres-egress.yaml"]
        opened = {
            peer["ipBlock"]["cidr"] for rule in policy["spec"]["egress"] for peer in rule["to"] if "ipBlock" in peer
        }
        assert followed in opened


def test_a_predecessor_that_there_is_not_is_for_the_policies_to_refuse() -> None:
    nobody = changed({**SWAPPED, f"{HANDOVER}.predecessor": "nowhere"})
    assert documents(site(nobody, "eu-west-1"))[CLUSTER]["spec"]["replica"]["primary"] == "eu-west-1"


def test_a_cluster_that_is_made_anew_begins_an_archive_of_its_own_which_every_cluster_reads() -> None:
    anew = changed({"environment.clusters.eu-central-1.backups.archive": "second"})
    for name in ("eu-central-1", "eu-west-1"):
        spec = documents(site(anew, name))[CLUSTER]["spec"]
        names = {item["name"]: item["plugin"]["parameters"]["serverName"] for item in spec["externalClusters"]}
        assert names == {"eu-central-1": "second", "eu-west-1": "configuration-db"}
        assert spec["plugins"][0]["parameters"]["serverName"] == names[name]


def test_one_cluster_alone_or_without_an_asynchronous_secondary_replicates_nothing() -> None:
    alone = cluster(environment="staging")
    apart = documents(site(listing("redundancy.data.replication", "Synchronous primary")))[CLUSTER]["spec"]
    for spec in (alone, apart):
        assert not {"replica", "externalClusters"} & spec.keys()
        assert "initdb" in spec["bootstrap"]


def test_the_owner_that_a_database_is_made_with_remains_its_owner() -> None:
    """The operator sets a password of its own for it at every start of an instance, by which nobody can log in."""
    assert cluster()["bootstrap"]["initdb"]["owner"] == "configuration_bootstrap"
    assert emitted(DATABASE)["spec"] == {
        "cluster": {"name": "configuration-db"},
        "name": "configuration",
        "owner": "configuration_bootstrap",
        "databaseReclaimPolicy": "retain",
    }


@pytest.mark.parametrize(
    ("platform", "account", "labels"),
    [
        ("aws", "eks.amazonaws.com/role-arn", {}),
        ("azure", "azure.workload.identity/client-id", {"azure.workload.identity/use": "true"}),
    ],
)
def test_the_pods_have_the_identity_that_may_write_backups(platform: str, account: str, labels: dict[str, str]) -> None:
    at = site(changed({"environment.clusters.eu-central-1.platform": platform}))
    spec = documents(at)[CLUSTER]["spec"]
    annotations = spec["serviceAccountTemplate"]["metadata"]["annotations"]
    assert annotations[account] == at.cluster.backups.identity
    # In Amazon's own region, at the address that the policies open: the global endpoint is in another one.
    assert annotations.get("eks.amazonaws.com/sts-regional-endpoints") == ("true" if platform == "aws" else None)
    assert spec["inheritedMetadata"]["labels"] == {"app.kubernetes.io/part-of": "cbp", **labels}


def test_a_handover_a_stop_and_a_start_take_shares_of_the_recovery_objective() -> None:
    """Five minutes of an hour to hand over, and as long to stop once open statements had their 30 seconds."""
    names = ("switchoverDelay", "smartShutdownTimeout", "stopDelay", "startDelay")
    assert [cluster()[name] for name in names] == [300, 30, 330, 900]
    assert [cluster("eu-west-1")[name] for name in names] == [300, 30, 330, 900]


@pytest.mark.parametrize("objective", ["3 minutes", "10 minutes", "59 minutes", "8 hours"])
@pytest.mark.parametrize("timeout", ["4 seconds", "30 seconds", "20 minutes"])
def test_the_times_of_an_instance_nest_within_half_of_any_objective(objective: str, timeout: str) -> None:
    changes = {"recovery__rto__target": objective, "connections__database__timeout": timeout}
    spec = emitted(CLUSTER, **changes)["spec"]
    handover, smart, stop, start = (
        spec[name] for name in ("switchoverDelay", "smartShutdownTimeout", "stopDelay", "startDelay")
    )
    assert 15 <= handover <= stop - smart
    assert (handover + stop + start) * 2 <= changed({"recovery.rto.target": objective}).spec.recovery.rto.target.seconds
