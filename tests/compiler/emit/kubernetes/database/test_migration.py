"""The migration runs before the pods of its release, by a password that only jobs beside it hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from compiler.emit.kubernetes.database.migration import ATTEMPTS_AGAIN, LONGEST_SECONDS, MISCONFIGURED
from compiler.emit.site import sites
from runtime.environment import read_migration_environment
from runtime.server import MISCONFIGURED as ENDS_MISCONFIGURED
from tests.compiler.project import artifacts, documents, emitted, resolved, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compiler.emit.site import Site

JOB = "cbp-data/job-configuration-migration.yaml"
EVENTS = "cbp-data/cronjob-configuration-events.yaml"
HISTORY = "cbp-data/cronjob-configuration-history.yaml"
RESTORES = "cbp-data/cronjob-configuration-restore-test.yaml"
ANCHORS = "cbp-data/cronjob-configuration-audit.yaml"
SNAPSHOTS = "cbp-data/cronjob-configuration-snapshots.yaml"
PASSWORD = "cbp-data/externalsecret-configuration-migration.yaml"  # noqa: S105 - a file
SITES = [at for environment in resolved().values() for at in sites(environment)]
every_site = pytest.mark.parametrize("at", SITES, ids=[at.folder for at in SITES])


def pods() -> Iterator[dict[str, Any]]:
    """The pods of the migration, and of the daily maintenance and verification."""
    yield emitted(JOB)["spec"]["template"]["spec"]
    for daily in (EVENTS, HISTORY):
        yield emitted(daily)["spec"]["jobTemplate"]["spec"]["template"]["spec"]


@every_site
def test_only_a_cluster_that_serves_migrates(at: Site) -> None:
    """A standby's database is read-only, and becomes what the primary's is."""
    every = {JOB, EVENTS, HISTORY, PASSWORD}
    assert documents(at).keys() & every == (every if at.serves else set())


def test_a_release_migrates_by_its_own_image_before_its_pods_start() -> None:
    job, deployment = emitted(JOB), emitted("cbp-application/deployment-configuration-api.yaml")
    annotations = job["metadata"]["annotations"]
    assert annotations["argocd.argoproj.io/hook"] == "Sync"
    wave = "argocd.argoproj.io/sync-wave"
    assert int(annotations[wave]) < int(deployment["metadata"]["annotations"][wave])
    (api,) = deployment["spec"]["template"]["spec"]["containers"]
    assert {container["image"] for pod in pods() for container in pod["containers"]} == {api["image"]}


def test_what_the_migration_needs_is_there_before_it() -> None:
    wave = "argocd.argoproj.io/sync-wave"
    own = int(emitted(JOB)["metadata"]["annotations"][wave])
    names = ("configmap-configuration-migration", "externalsecret-configuration-migration", "database-configuration")
    for name in (*names, "cluster-configuration-db"):
        assert int(emitted(f"cbp-data/{name}.yaml")["metadata"]["annotations"][wave]) < own, name


def test_a_failed_migration_ends_and_is_made_anew_by_the_next_attempt_of_the_sync() -> None:
    """Its attempts fit into its time: their pauses double from ten seconds (Kubernetes' Job controller)."""
    job = emitted(JOB)
    assert job["metadata"]["annotations"]["argocd.argoproj.io/hook-delete-policy"] == "BeforeHookCreation"
    assert job["spec"]["activeDeadlineSeconds"] == LONGEST_SECONDS
    assert job["spec"]["backoffLimit"] == ATTEMPTS_AGAIN
    assert sum(10 * 2**attempt for attempt in range(ATTEMPTS_AGAIN)) < LONGEST_SECONDS


def test_a_drained_node_is_no_failure_and_a_fault_to_repair_is_one_at_once() -> None:
    ignored, final = emitted(JOB)["spec"]["podFailurePolicy"]["rules"]
    assert (ignored["action"], ignored["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")
    assert (final["action"], final["onExitCodes"]["values"]) == ("FailJob", [MISCONFIGURED])
    assert MISCONFIGURED == ENDS_MISCONFIGURED
    assert {pod["restartPolicy"] for pod in pods()} == {"Never"}


def test_history_is_maintained_every_day() -> None:
    assert emitted(EVENTS)["spec"]["schedule"] == "20 2 * * *"
    (container,) = list(pods())[1]["containers"]
    assert container["command"][1:] == ["-m", "runtime.maintenance", "events", "--settings", "/etc/cbp/settings.json"]


def test_entries_are_compared_with_their_history_every_day_at_another_hour() -> None:
    spec = emitted(HISTORY)["spec"]
    assert (spec["schedule"], spec["concurrencyPolicy"]) == ("50 4 * * *", "Forbid")
    (container,) = list(pods())[2]["containers"]
    assert container["command"][3:] == ["verify-history", "--settings", "/etc/cbp/settings.json"]


def test_the_variables_are_those_of_the_command_and_lead_past_the_poolers(tmp_path: Path) -> None:
    file = "CBP_DATABASE_MIGRATION_PASSWORD_FILE"
    (tmp_path / "password").write_text("s3cret", encoding="utf-8")
    for pod in pods():
        (container,) = pod["containers"]
        variables = {item["name"]: item["value"] for item in container["env"]}
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert variables[file] == f"{mounts['database']}/password"
        found = read_migration_environment(variables | {file: str(tmp_path / "password")})
        address = urlsplit(found.database.url)
        assert (address.username, address.hostname) == ("configuration_migrator", "configuration-db-rw.cbp-data.svc")
        assert parse_qs(address.query)["sslmode"] == ["verify-full"]
        assert found.serving_role == "configuration_api"


def test_the_settings_are_those_of_the_pods() -> None:
    text = artifacts(site())["runtime/settings.json"].content.decode()
    assert emitted("cbp-data/configmap-configuration-migration.yaml")["data"] == {"settings.json": text}


def test_the_password_is_rotated_and_mounted_by_jobs_alone() -> None:
    reference = emitted(PASSWORD)["spec"]["data"][0]["remoteRef"]
    assert reference == {
        "key": "static-creds/production-eu-central-1-configuration-migration",
        "property": "password",
    }
    name = emitted(PASSWORD)["spec"]["target"]["name"]
    holding = {path for path, document in documents(site()).items() if f"'secretName': '{name}'" in str(document)}
    assert holding == {JOB, EVENTS, HISTORY, ANCHORS, RESTORES, SNAPSHOTS}


def test_the_key_of_the_server_stays_out_of_the_pods() -> None:
    for pod in pods():
        (authority,) = (volume for volume in pod["volumes"] if volume["name"] == "authority")
        assert authority["secret"]["items"] == [{"key": "ca.crt", "path": "ca.crt"}]
        assert not pod["automountServiceAccountToken"]
