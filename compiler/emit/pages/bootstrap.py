"""The page ``bootstrap.md``: the requirements of a cluster before Argo CD can sync it.

Sources: the emitted objects, the plan for Vault, and the environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.argocd import destination
from compiler.emit.artifact import Artifact
from compiler.emit.kinds import KINDS
from compiler.emit.kubernetes.application.ingress import admitted, balancer, record
from compiler.emit.kubernetes.application.pod import pod
from compiler.emit.kubernetes.application.rollout import STANDBY_PODS, nodes_of_each_zone
from compiler.emit.kubernetes.cache.pods import NODES
from compiler.emit.kubernetes.cluster.admission import guarded_zones, secret_writers
from compiler.emit.kubernetes.common.flows import port_of
from compiler.emit.kubernetes.database.audit_anchors import anchored, locked_days
from compiler.emit.kubernetes.database.configuration_snapshots import (
    WITHIN,
    snapshot_days,
)
from compiler.emit.kubernetes.database.locked_store import CLOUD_AUDIENCE
from compiler.emit.kubernetes.database.migration import LONGEST_SECONDS
from compiler.emit.kubernetes.database.parameters import archive_timeout, synchronous
from compiler.emit.kubernetes.database.replication import followed_cluster
from compiler.emit.kubernetes.database.roles import DIVIDING, KEEPING
from compiler.emit.kubernetes.monitoring.measurements import STATE_METRICS_LEAST
from compiler.emit.names import (
    AUDIT,
    CACHE,
    CONFIGURATION_SNAPSHOTS,
    DATABASE,
    DATABASE_NAME,
    DATABASE_RESTORED,
    MIGRATION,
    REDIS_PORT,
    VAULT_KV,
    namespace,
    pod_names,
)
from compiler.emit.pages.disaster import steps
from compiler.emit.pages.requirements import Feature, Requirement, features, requirements
from compiler.emit.platforms import platform
from compiler.emit.providers import ARGO_CD, PROMETHEUS
from compiler.emit.settings import ALGORITHMS, audience
from compiler.emit.templates import render
from compiler.emit.text import days
from compiler.emit.vault.engines import MAINTENANCE_DATABASE
from compiler.emit.vault.paths import vault_paths
from compiler.model.text import minor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.emit.vault.documents import Write
    from compiler.model.environment import Cluster


@dataclass(frozen=True, slots=True)
class ClusterRequirements:
    """The requirements of a cluster's objects; ``entries`` are the paths and fields that people write to Vault."""

    requirements: tuple[Requirement, ...]
    features: tuple[Feature, ...]
    entries: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]


def cluster_requirements(documents: Sequence[Document]) -> ClusterRequirements:
    """Return the requirements of a cluster's objects."""
    return ClusterRequirements(
        requirements(documents),
        features(documents),
        tuple(sorted(set(_entries(documents)))),
        tuple(sorted({kind.name for kind in KINDS} & {document["kind"] for document in documents})),
    )


def bootstrap(
    site: Site, needed: ClusterRequirements, writes: Iterable[Write], serving: ClusterRequirements
) -> Artifact:
    """Return ``bootstrap.md`` for a cluster, from the requirements of its objects and its plan for Vault.

    ``serving`` are the requirements that a standby cluster would have if it served.
    """
    running = {item.provider for item in needed.requirements}
    text = render(
        "pages/bootstrap.md.j2",
        site=site,
        record=record(site),
        argo_cd=ARGO_CD,
        registration=destination(site.environment, site.name),
        vault_paths=vault_paths(site),
        requirements=needed.requirements,
        later=[item for item in serving.requirements if item.provider not in running],
        anchored=site.serves and anchored(site),
        guarded=guarded_zones(site),
        writers=secret_writers(),
        features=[(feature, _state(feature, minor(site.cluster.kubernetes))) for feature in needed.features],
        nodes=_nodes(site, site.spec.compute.application_tier.instances.max),
        standing=_nodes(site, STANDBY_PODS),
        standby_pods=STANDBY_PODS,
        api=pod(site).resources.limits.quantities,
        archived=archive_timeout(site),
        former=_former(site),
        steps=steps(site, _former(site)) if not site.serves and _former(site) else (),
        application=namespace("application"),
        sources=[other.backups.location for other in _peers(site)],
        followed=followed_cluster(site),
        management=namespace("management"),
        monitoring=PROMETHEUS,
        state_metrics=STATE_METRICS_LEAST,
        cloud=platform(site.cluster),
        admitted=admitted(site),
        balancer=balancer(site),
        vault_port=port_of(site.cluster.vault.address),
        audience=audience(site.environment.host),
        algorithms=ALGORITHMS,
        issuer_port=port_of(site.environment.sign_in.issuer),
        retention=days(site.spec.backup.database.retention),
        database=site.spec.compute.database_tier,
        account=f"system:serviceaccount:{namespace('data')}:{DATABASE}",
        copy_account=f"system:serviceaccount:{namespace('data')}:{DATABASE_RESTORED}",
        anchoring_account=f"system:serviceaccount:{namespace('data')}:{AUDIT}",
        snapshots_account=f"system:serviceaccount:{namespace('data')}:{CONFIGURATION_SNAPSHOTS}",
        snapshots_within=WITHIN,
        snapshot_days=snapshot_days(site),
        cloud_audience=CLOUD_AUDIENCE,
        locked_days=locked_days(site),
        secrets=[(item["path"], item["writeOnly"]) for item in writes if item["writeOnly"]],
        synchronous=synchronous(site),
        data=namespace("data"),
        name=DATABASE,
        database_name=DATABASE_NAME,
        migration=MIGRATION,
        migration_seconds=LONGEST_SECONDS,
        dividing=DIVIDING,
        keeping=KEEPING,
        maintenance_database=MAINTENANCE_DATABASE,
        cache_nodes=NODES,
        cache_first=pod_names(CACHE, NODES)[0],
        cache_port=REDIS_PORT,
        entries=needed.entries,
        kinds=needed.kinds,
    )
    return Artifact(f"{site.folder}/bootstrap.md", text.encode())


def _nodes(site: Site, replicas: int) -> list[int]:
    """Return the nodes of each zone that an update of the API needs: with every zone, with one lost, and so on.

    Where pods are not spread over zones, one number for all of them.
    """
    zones = len(site.cluster.zones) if site.spec.orchestration.configuration.affinity.zone_spread else 1
    return [nodes_of_each_zone(replicas, left) for left in range(zones, 0, -1)]


def _former(site: Site) -> str:
    """Return the cluster that serves now, and that a standby cluster would take over from; empty where none does."""
    others = (name for name, cluster in site.environment.clusters.items() if name != site.name)
    return next((name for name in others if site.environment.clusters[name].role == "primary"), "")


def _peers(site: Site) -> list[Cluster]:
    """Return the clusters with archives that this one reads, to follow them or to be restored from them."""
    clusters = site.environment.clusters.items() if site.replicated else ()
    return [cluster for name, cluster in clusters if name != site.name]


def _state(feature: Feature, version: int) -> str:
    """Return the state of a feature's gate in a minor version of Kubernetes, or the action that it needs."""
    if version >= feature.enabled:
        return "on by default"
    return "turn it on" if version >= feature.known else f"needs Kubernetes 1.{feature.known}"


def _entries(documents: Sequence[Document]) -> Iterator[tuple[str, str]]:
    """Yield the path and the field of each secret that people write to Vault; engines generate the others."""
    stores = {document["metadata"]["name"]: document for document in documents if document["kind"] == "SecretStore"}
    for document in documents:
        if document["kind"] == "ExternalSecret":
            vault = stores[document["spec"]["secretStoreRef"]["name"]]["spec"]["provider"].get("vault", {})
            for item in document["spec"]["data"] if vault.get("path") == VAULT_KV else ():
                _, _, key = item["remoteRef"]["key"].partition("/")
                part, _, field = item["remoteRef"]["property"].partition(".")
                if part == "data":
                    yield f"{vault['path']}/{key}", field
