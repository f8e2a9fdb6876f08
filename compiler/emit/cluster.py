"""Everything that one cluster, and one environment, is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.argocd import argocd
from compiler.emit.kubernetes.objects import documents, objects
from compiler.emit.pages.bootstrap import bootstrap
from compiler.emit.pages.network import network_page
from compiler.emit.settings import settings_file
from compiler.emit.site import Site
from compiler.emit.vault.plan import vault

if TYPE_CHECKING:
    from compiler.emit.artifact import Artifact
    from compiler.resolve.resolved import Resolved
    from runtime.settings import Settings


def sites(resolved: Resolved) -> tuple[Site, ...]:
    """Return the clusters of an environment, in the order of the file."""
    environment = resolved.environment
    return tuple(Site(environment, resolved.spec, name, cluster) for name, cluster in environment.clusters.items())


def cluster_artifacts(site: Site, settings: Settings) -> tuple[Artifact, ...]:
    """Return the files of one cluster."""
    artifacts = (*objects(site, settings), settings_file(site, settings), *vault(site))
    serving = () if site.serves else tuple(documents(site.serving(), settings))
    return (*artifacts, bootstrap(site, artifacts, serving), network_page(site, artifacts))


def environment_artifacts(resolved: Resolved) -> tuple[Artifact, ...]:
    """Return the files of an environment that belong to none of its clusters."""
    return tuple(argocd(resolved))
