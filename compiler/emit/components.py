"""The table of components: the parts of the system, with their emitters and the clusters that run them.

Its order is the order of the flows, and of the documents in the plan for Vault, which are applied one by one: the
database comes last there, since it does not exist yet when a cluster's Vault is set up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.component import Component, Each, Runs
from compiler.emit.kubernetes.application import flows as application_flows
from compiler.emit.kubernetes.application.autoscaling import autoscaling, disruption_budget
from compiler.emit.kubernetes.application.deployment import deployment
from compiler.emit.kubernetes.application.ingress import ingress
from compiler.emit.kubernetes.application.quota import quota
from compiler.emit.kubernetes.application.recommendation import recommendation
from compiler.emit.kubernetes.application.secrets import client_certificate, database_password, secrets, signing_keys
from compiler.emit.kubernetes.cache import flows as cache_flows
from compiler.emit.kubernetes.cache.redis import redis
from compiler.emit.kubernetes.cache.snapshots import snapshots
from compiler.emit.kubernetes.cluster.admission import admission
from compiler.emit.kubernetes.cluster.certificates import api_certificate, certificates
from compiler.emit.kubernetes.cluster.data_secrets import data_secrets
from compiler.emit.kubernetes.cluster.namespaces import namespaces
from compiler.emit.kubernetes.cluster.storage_classes import storage_classes
from compiler.emit.kubernetes.database import flows as database_flows
from compiler.emit.kubernetes.database.audit_anchors import audit_anchors
from compiler.emit.kubernetes.database.backups import backups
from compiler.emit.kubernetes.database.configuration_snapshots import configuration_snapshots
from compiler.emit.kubernetes.database.migration import migration
from compiler.emit.kubernetes.database.poolers import poolers
from compiler.emit.kubernetes.database.postgres_cluster import database, postgres_cluster
from compiler.emit.kubernetes.database.recommendation import database_recommendation
from compiler.emit.kubernetes.database.replica_scaling import replica_scaling
from compiler.emit.kubernetes.database.restore_test import restore_test
from compiler.emit.kubernetes.database.snapshot_retention import snapshot_retention
from compiler.emit.kubernetes.database.standby_role import standby_role
from compiler.emit.kubernetes.edge.web_acl import web_acl
from compiler.emit.kubernetes.monitoring.adapter_rules import adapter_rules
from compiler.emit.kubernetes.monitoring.alerts import alerts
from compiler.emit.kubernetes.monitoring.dashboard import dashboard
from compiler.emit.kubernetes.monitoring.node_metrics import node_metrics
from compiler.emit.kubernetes.monitoring.node_metrics import scrapes as node_scrapes
from compiler.emit.kubernetes.monitoring.probes import flows as probe_flows
from compiler.emit.kubernetes.monitoring.probes import probes
from compiler.emit.kubernetes.monitoring.probes import scrapes as probe_scrapes
from compiler.emit.kubernetes.proxy import flows as proxy_flows
from compiler.emit.kubernetes.proxy.configuration import configuration
from compiler.emit.vault.audit import audit_devices
from compiler.emit.vault.engines import database_credentials, database_engine, secrets_engine
from compiler.emit.vault.kubernetes_auth import (
    api_account,
    api_certificates_account,
    audit_account,
    certificates_account,
    data_account,
    kubernetes_auth,
    migration_account,
)
from compiler.emit.vault.oidc_auth import oidc_auth
from compiler.emit.vault.pki import pki
from compiler.emit.vault.signing import audit_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.component import Emitter, T
    from compiler.emit.site import Site


def each(*emitters: Emitter[T]) -> Emitter[T]:
    """Return an emitter that chains the results of several emitters."""
    return Each(emitters)


COMPONENTS: tuple[Component, ...] = (
    Component(name="namespaces", runs=Runs.EVERYWHERE, documents=namespaces),
    Component(name="admission", runs=Runs.EVERYWHERE, documents=admission),
    Component(name="storage classes", runs=Runs.EVERYWHERE, documents=storage_classes),
    Component(name="audit devices", runs=Runs.EVERYWHERE, vault=audit_devices),
    Component(name="secrets engine", runs=Runs.EVERYWHERE, vault=secrets_engine),
    Component(name="audit key", runs=Runs.EVERYWHERE, vault=audit_key),
    Component(name="certificate authority", runs=Runs.EVERYWHERE, vault=pki),
    Component(name="sign-in of workloads", runs=Runs.EVERYWHERE, vault=kubernetes_auth),
    Component(name="firewall", runs=Runs.EVERYWHERE, documents=web_acl),
    Component(name="application quota", runs=Runs.EVERYWHERE, documents=quota),
    Component(
        name="proxy",
        runs=Runs.EVERYWHERE,
        documents=each(configuration, api_certificate),
        flows=proxy_flows.flows,
        scrapes=proxy_flows.scrapes,
        accounts=api_certificates_account,
    ),
    Component(
        name="application",
        runs=Runs.EVERYWHERE,
        documents=each(deployment, ingress, disruption_budget, secrets),
        flows=application_flows.flows,
        scrapes=application_flows.scrapes,
        accounts=api_account,
    ),
    Component(
        name="application that serves",
        runs=Runs.SERVING,
        documents=each(autoscaling, recommendation, database_password, signing_keys),
    ),
    Component(name="application that stands by", runs=Runs.STANDING_BY, documents=client_certificate),
    Component(name="data secrets", runs=Runs.EVERYWHERE, documents=data_secrets, accounts=data_account),
    Component(name="certificates", runs=Runs.EVERYWHERE, documents=certificates, accounts=certificates_account),
    Component(name="sign-in of people", runs=Runs.EVERYWHERE, vault=oidc_auth),
    Component(name="database engine", runs=Runs.EVERYWHERE, vault=database_engine),
    Component(
        name="database clients",
        runs=Runs.SERVING,
        documents=each(database, poolers, replica_scaling, database_recommendation),
        flows=database_flows.client_flows,
        scrapes=database_flows.client_scrapes,
        vault=database_credentials,
    ),
    Component(
        name="migration",
        runs=Runs.SERVING,
        documents=migration,
        flows=database_flows.migration_flows,
        accounts=migration_account,
    ),
    Component(
        name="audit anchors",
        runs=Runs.SERVING,
        documents=audit_anchors,
        flows=database_flows.audit_flows,
        accounts=audit_account,
    ),
    Component(
        name="database",
        runs=Runs.EVERYWHERE,
        documents=each(postgres_cluster, standby_role, backups, snapshot_retention),
        flows=database_flows.flows,
        scrapes=database_flows.scrapes,
    ),
    Component(
        name="restore test",
        runs=Runs.SERVING,
        documents=restore_test,
        flows=database_flows.restore_flows,
    ),
    Component(
        name="configuration snapshots",
        runs=Runs.SERVING,
        documents=configuration_snapshots,
        flows=database_flows.snapshot_flows,
    ),
    Component(
        name="cache",
        runs=Runs.EVERYWHERE,
        documents=redis,
        flows=cache_flows.flows,
        scrapes=cache_flows.scrapes,
    ),
    Component(name="cache snapshots", runs=Runs.SERVING, documents=snapshots, flows=cache_flows.snapshot_flows),
    Component(name="node metrics", runs=Runs.EVERYWHERE, documents=node_metrics, scrapes=node_scrapes),
    Component(name="probes", runs=Runs.EVERYWHERE, documents=probes, flows=probe_flows, scrapes=probe_scrapes),
    Component(name="autoscaling metrics", runs=Runs.SERVING, documents=adapter_rules),
    Component(name="alerts", runs=Runs.EVERYWHERE, documents=each(alerts, dashboard)),
)


def running(site: Site) -> Iterator[Component]:
    """Yield the components that a cluster runs."""
    return (component for component in COMPONENTS if component.runs_in(site))
