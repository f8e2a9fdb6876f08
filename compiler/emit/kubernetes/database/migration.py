"""The migration of the database's schema before the pods of a release, and the daily jobs of its history.

The migration is a hook of Argo CD's sync. A hook runs in every sync that brings a new commit, before the wave of the
Deployment, which a failed one keeps back; a later attempt deletes it and makes it anew. A plain Job, named after the
release, would stay failed for ever: its attempts are used up, and its fields cannot change.

All run in the data zone, where no pod that serves can mount their password, and in clusters that serve: a standby's
database is read-only.

Sources: ``access_control.infrastructure.principle``, ``components.data_layer``, ``backup.configuration.retention``.
Upstream: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/,
https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.application.configuration import SECRETS_FOLDER, SETTINGS_FILE, SETTINGS_FOLDER
from compiler.emit.kubernetes.application.secrets import CREDENTIAL_REFRESH
from compiler.emit.kubernetes.cluster.external_secrets import Store, external_secret, rotated, secret_store
from compiler.emit.kubernetes.common.access import service_account
from compiler.emit.kubernetes.common.cron import cron
from compiler.emit.kubernetes.common.cron_jobs import PYTHON, RESOURCES, cron_job
from compiler.emit.kubernetes.common.metadata import PART_OF, Wave, kubernetes_object
from compiler.emit.kubernetes.common.pod_security import OWN_USER
from compiler.emit.kubernetes.common.pods import Container, Mount, Pod
from compiler.emit.names import (
    AUTHORITY_FILE,
    DATABASE,
    DATABASE_MIGRATOR,
    DATABASE_NAME,
    DATABASE_ROLE,
    DATABASE_SERVER,
    MIGRATION,
    MIGRATION_CREDENTIALS,
    MIGRATION_SECRETS,
    POSTGRES_PORT,
    VAULT_DATABASE,
    host,
)
from compiler.emit.settings import settings_json
from compiler.emit.vault.paths import vault_paths
from compiler.model.units import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

PODS = {"app.kubernetes.io/component": "migration"}
EVENTS = "configuration-events"
EVENTS_HOUR, EVENTS_MINUTE = 2, 20
HISTORY = "configuration-history"
HISTORY_HOUR, HISTORY_MINUTE = 4, 50

LONGEST_SECONDS = 1200
"""The time after which a run is ended, its attempts included: until then, a sync waits and takes no newer commit."""

LONGEST_VERIFICATION_SECONDS = 3600
"""The time after which a verification is ended: while it runs, the primary keeps the rows that are replaced."""

ATTEMPTS_AGAIN = 6
"""The attempts after the first, with pauses that double: ten minutes, more than a failover or a new password takes."""

MISCONFIGURED = 2
"""The exit code for a fault that no further attempt mends (:mod:`runtime.migrate`)."""

_HOOK = {
    "argocd.argoproj.io/hook": "Sync",
    "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation",
}


def migration(site: Site) -> Iterator[Document]:
    """Yield the Job and the CronJobs, with the ServiceAccounts, the settings and the password that they share."""
    store = Store(MIGRATION_CREDENTIALS, "data", MIGRATION_SECRETS, MIGRATION, VAULT_DATABASE)
    yield service_account(MIGRATION, "data", PODS)
    yield service_account(MIGRATION_SECRETS, "data")
    yield secret_store(site, store)
    password = rotated(vault_paths(site).migration_role)
    yield external_secret(MIGRATION, store, [password], Wave.CONNECTION, refresh=CREDENTIAL_REFRESH)
    text = settings_json(site.settings).decode()
    yield kubernetes_object(
        kinds.CONFIG_MAP, MIGRATION, Wave.CONNECTION, zone="data", labels=PODS, data={"settings.json": text}
    )
    yield _job(_pod(site, "runtime.migrate"))
    schedule = cron(Schedule.DAILY, EVENTS_HOUR, EVENTS_MINUTE)
    yield cron_job(EVENTS, schedule, PODS, _pod(site, "runtime.maintenance", "events"), LONGEST_SECONDS)
    # On the primary: a standby would cancel so long a read, or have to keep the primary from cleaning up.
    schedule = cron(Schedule.DAILY, HISTORY_HOUR, HISTORY_MINUTE)
    verification = _pod(site, "runtime.maintenance", "verify-history")
    yield cron_job(HISTORY, schedule, PODS, verification, LONGEST_VERIFICATION_SECONDS)


def _job(pod: Pod) -> Document:
    spec = {
        "backoffLimit": ATTEMPTS_AGAIN,
        "activeDeadlineSeconds": LONGEST_SECONDS,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {
            "rules": [
                # A node that is drained is no failure of the migration.
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [MISCONFIGURED]}},
            ]
        },
        "template": {"metadata": {"labels": {**PART_OF, **PODS}}, "spec": pod.fields},
    }
    return kubernetes_object(
        kinds.JOB, MIGRATION, Wave.MIGRATION, zone="data", labels=PODS, annotations=_HOOK, spec=spec
    )


def _pod(site: Site, module: str, *job: str) -> Pod:
    return Pod(MIGRATION, OWN_USER, (database_container(site, module, *job),), lifetime={"restartPolicy": "Never"})


def database_container(site: Site, module: str, *job: str) -> Container:
    """Return the container of a job that works on the primary as the role that migrates."""
    authority = {"secretName": DATABASE_SERVER, "items": [{"key": AUTHORITY_FILE, "path": AUTHORITY_FILE}]}
    return Container(
        name="migration",
        image=site.environment.image.reference,
        command=(PYTHON, "-m", module, *job, "--settings", SETTINGS_FILE),
        env=_variables(),
        resources=RESOURCES,
        mounts=(
            Mount("settings", {"configMap": {"name": MIGRATION, "defaultMode": 0o440}}, SETTINGS_FOLDER),
            Mount("database", _secret({"secretName": MIGRATION}), f"{SECRETS_FOLDER}/database"),
            # The certificate of the authority alone, and not the server's key beside it.
            Mount("authority", _secret(authority), f"{SECRETS_FOLDER}/authority"),
        ),
    )


def _secret(source: dict[str, Any]) -> dict[str, Any]:
    return {"secret": {**source, "defaultMode": 0o440}}


def _variables() -> dict[str, str]:
    verified = f"sslmode=verify-full&sslrootcert={SECRETS_FOLDER}/authority/{AUTHORITY_FILE}"
    server = f"{host(f'{DATABASE}-rw', 'data')}:{POSTGRES_PORT}"
    return {
        "CBP_DATABASE_MIGRATION_URL": f"postgresql://{DATABASE_MIGRATOR}@{server}/{DATABASE_NAME}?{verified}",
        "CBP_DATABASE_MIGRATION_PASSWORD_FILE": f"{SECRETS_FOLDER}/database/password",
        "CBP_DATABASE_SERVING_ROLE": DATABASE_ROLE,
    }
