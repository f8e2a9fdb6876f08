"""The anchors of the audit trail: a job has Vault sign the head of the chain, as often as the RPO asks for.

Whoever owns the database can forge what no anchor covers, which is then lost as evidence: so the recovery point
objective bounds the time between two anchors, too. The job has an account of its own, which may sign and nothing else,
and is the only pod of ours with a way to Vault. It writes each anchor to a bucket, too, under a lock that nobody lifts.

Sources: ``access_control.infrastructure.authorization.audit``, ``recovery.rpo.target``, the cluster's ``vault`` and
``anchors``.
Upstream: https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.application.configuration import SECRETS_FOLDER
from compiler.emit.kubernetes.common.access import service_account
from compiler.emit.kubernetes.common.cron import at_least_every
from compiler.emit.kubernetes.common.cron_jobs import cron_job
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.common.pod_security import OWN_USER
from compiler.emit.kubernetes.common.pods import Container, Mount, Pod
from compiler.emit.kubernetes.database.locked_store import CLOUD_AUDIENCE, CLOUD_TOKEN, store_variables, token_source
from compiler.emit.kubernetes.database.migration import database_container
from compiler.emit.names import AUDIT, AUTHORITY_FILE, VAULT_SIGNING
from compiler.emit.vault.paths import vault_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.units import Duration

PODS = {"app.kubernetes.io/component": "audit-anchors"}
FOLDER = f"{SECRETS_FOLDER}/vault"

LOCKED_BEYOND_DAYS = 7
"""How much longer an anchor is locked than the records that it covers are kept: a daily job drops them."""

LONGEST_SECONDS = 300
"""The time after which a run is ended, its attempts included."""


def anchored(site: Site) -> bool:
    """Return whether there is an audit trail to anchor."""
    return site.spec.access_control.infrastructure.authorization.audit


def anchoring(site: Site) -> tuple[str, Duration]:
    """Return the schedule of the job, in fields of cron, and the time between two runs."""
    return at_least_every(site.spec.recovery.rpo.target)


def locked_days(site: Site) -> int:
    """Return the days for which nobody can delete an anchor from its bucket."""
    return site.settings.database.events_retention_days + LOCKED_BEYOND_DAYS


def audit_anchors(site: Site) -> Iterator[Document]:
    """Yield the CronJob and its ServiceAccount, and the authorities by which it verifies Vault, if these are stated."""
    if not anchored(site):
        return
    yield service_account(AUDIT, "data", PODS)
    if bundle := site.cluster.vault.ca_bundle:
        yield kubernetes_object(
            kinds.CONFIG_MAP, AUDIT, Wave.CONNECTION, zone="data", labels=PODS, data={AUTHORITY_FILE: bundle}
        )
    pod = Pod(AUDIT, OWN_USER, (_container(site),), lifetime={"restartPolicy": "Never"})
    yield cron_job(AUDIT, anchoring(site)[0], PODS, pod, LONGEST_SECONDS)


def _container(site: Site) -> Container:
    container = database_container(site, "runtime.maintenance", "anchor-audit")
    vault = Mount("vault", {"projected": {"sources": _sources(site), "defaultMode": 0o440}}, FOLDER)
    env = {**container.env, **_variables(site)}
    return replace(container, name="anchors", env=env, mounts=(*container.mounts, vault))


def _sources(site: Site) -> list[dict[str, Any]]:
    """Return the volume sources: a token that Vault can have reviewed, one for Amazon, and the authorities of Vault."""
    tokens = {"token": site.cluster.vault.kubernetes_audience}
    if site.cluster.anchors:
        tokens[CLOUD_TOKEN] = CLOUD_AUDIENCE
    projected = [token_source(path, audience) for path, audience in tokens.items()]
    authority = {"name": AUDIT, "items": [{"key": AUTHORITY_FILE, "path": AUTHORITY_FILE}]}
    stated = [{"configMap": authority}] if site.cluster.vault.ca_bundle else []
    return [*projected, *stated]


def _variables(site: Site) -> dict[str, str]:
    paths, anchors = vault_paths(site), site.cluster.anchors
    store = store_variables(anchors, site.cluster.region, FOLDER, locked_days(site)) if anchors else {}
    stated = {"CBP_AUDIT_VAULT_AUTHORITY_FILE": f"{FOLDER}/{AUTHORITY_FILE}"} if site.cluster.vault.ca_bundle else {}
    return {
        "CBP_AUDIT_VAULT_URL": site.cluster.vault.address,
        "CBP_AUDIT_VAULT_KEY": f"{VAULT_SIGNING}/{paths.audit_key}",
        "CBP_AUDIT_VAULT_LOGIN": f"auth/{paths.kubernetes}/{AUDIT}",
        "CBP_AUDIT_VAULT_TOKEN_FILE": f"{FOLDER}/token",
        **stated,
        **store,
    }
