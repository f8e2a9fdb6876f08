"""The files of a cluster, collected from the table of components, and those of an environment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from compiler.emit.argocd import argocd
from compiler.emit.artifact import Artifact
from compiler.emit.component import Each, T
from compiler.emit.components import running
from compiler.emit.envoy.bootstrap import envoy
from compiler.emit.kubernetes.cluster.external_secrets import token_reviewers
from compiler.emit.kubernetes.cluster.rbac import readers_and_operators
from compiler.emit.kubernetes.monitoring.flows import monitored, monitoring_flows
from compiler.emit.kubernetes.monitoring.pod_monitors import pod_monitors
from compiler.emit.kubernetes.network.network_policies import network_policies
from compiler.emit.kubernetes.objects import in_order, objects
from compiler.emit.nodes import node_files
from compiler.emit.pages.bootstrap import bootstrap, cluster_requirements
from compiler.emit.pages.network import SHOWN, network_page
from compiler.emit.pages.overview import overview
from compiler.emit.running import anew
from compiler.emit.settings import settings_json
from compiler.emit.site import sites
from compiler.emit.vault.kubernetes_auth import account_role
from compiler.emit.vault.plan import vault

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.component import Component, Emitter
    from compiler.emit.kubernetes.common.flows import Flow, Scrape
    from compiler.emit.running import Run
    from compiler.emit.site import Site
    from compiler.emit.vault.documents import Write
    from compiler.resolve.resolved import Resolved


Environment = tuple[tuple[Artifact, ...], tuple[tuple["Site", tuple[Artifact, ...]], ...]]
"""The files of an environment that belong to no single cluster, and each cluster with its files."""
Emission = tuple[Callable[..., Any], Callable[[], Iterable[T]]]
"""The function that makes documents, and the call of it for one cluster."""


def all_artifacts(resolved: Resolved) -> Environment:
    """Return the files of an environment."""
    delivery, clusters = judged_artifacts(resolved)
    return delivery, tuple((site, (*artifacts, *pages(site, artifacts))) for site, artifacts in clusters)


def judged_artifacts(resolved: Resolved) -> Environment:
    """Return the files of an environment but for the pages, which no policy reads."""
    found = [(site, documents(site)) for site in sites(resolved)]
    delivery = delivered(resolved, {site.name: rendered for site, rendered in found})
    return delivery, tuple((site, enforced(site, rendered)) for site, rendered in found)


def cluster_artifacts(site: Site, run: Run = anew) -> tuple[Artifact, ...]:
    """Return the files of one cluster."""
    artifacts = enforced(site, documents(site, run), run)
    return (*artifacts, *pages(site, artifacts, run))


def enforced(site: Site, rendered: Sequence[Document], run: Run = anew) -> tuple[Artifact, ...]:
    """Return the files of a cluster that systems read.

    These are its objects (``rendered``), the settings of the API, of Envoy and of nodes, and its plan for Vault.
    """
    writes = vault_documents(site, run)
    return (
        *run((site.name, objects), lambda: objects(site, rendered, run), rendered),
        *run((site.name, settings_file), lambda: settings_file(site)),
        *run((site.name, envoy), lambda: envoy(site)),
        *run((site.name, node_files), lambda: node_files(site)),
        *run((site.name, vault), lambda: vault(site, writes), writes),
    )


def settings_file(site: Site) -> Iterator[Artifact]:
    """Yield the settings of the API."""
    yield Artifact(f"{site.folder}/runtime/settings.json", settings_json(site.settings))


def pages(site: Site, artifacts: Sequence[Artifact], run: Run = anew) -> tuple[Artifact, ...]:
    """Return the pages of a cluster for people, which follow from its other files."""
    found = [artifact.document for artifact in artifacts if artifact.document is not None]
    rendered = [document for document in found if "kind" in document]
    writes = [write for document in found for write in document.get("documents", ())]
    return tuple(chain.from_iterable(make(site, rendered, writes, run) for make in PAGES.values()))


def page(site: Site, name: str, run: Run = anew) -> Artifact:
    """Return one page of a cluster, without the text of the files that it follows from."""
    rendered = [*in_order(documents(site, run)).values()]
    (made,) = PAGES[name](site, rendered, vault_documents(site, run), run)
    return made


def _overview(site: Site, rendered: Sequence[Document], _: Sequence[Write], run: Run) -> tuple[Artifact, ...]:
    opened = flows(site, run)
    return run((site.name, overview), lambda: (overview(site, rendered, opened),), rendered, opened)


def _bootstrap(site: Site, rendered: Sequence[Document], writes: Sequence[Write], run: Run) -> tuple[Artifact, ...]:
    def run_as_serving(key: Hashable, emit: Callable[[], Iterable[T]], /, *given: Sequence[object]) -> tuple[T, ...]:
        return run(("serving", key), emit, *given)

    serving = () if site.serves else documents(site.serving(), run_as_serving)
    key = (site.name, cluster_requirements)
    (ours,) = run(key, lambda: (cluster_requirements(rendered),), rendered)
    (later,) = run_as_serving(key, lambda: (cluster_requirements(serving),), serving)
    return run((site.name, bootstrap), lambda: (bootstrap(site, ours, writes, later),), (ours,), writes, (later,))


def _network(site: Site, rendered: Sequence[Document], _: Sequence[Write], run: Run) -> tuple[Artifact, ...]:
    opened, shown = flows(site, run), [document for document in rendered if document["kind"] in SHOWN]
    return run((site.name, network_page), lambda: (network_page(site, shown, opened),), shown, opened)


PAGES = MappingProxyType({"README.md": _overview, "bootstrap.md": _bootstrap, "network.md": _network})
"""The functions that make the pages of a cluster for people, of its objects and its plan, by the names of the files."""


def environment_artifacts(resolved: Resolved) -> tuple[Artifact, ...]:
    """Return the files of an environment that belong to no single cluster."""
    return delivered(resolved, {site.name: documents(site) for site in sites(resolved)})


def delivered(
    resolved: Resolved, rendered: Mapping[str, tuple[Document, ...]], run: Run = anew
) -> tuple[Artifact, ...]:
    """Return the files of an environment for Argo CD; ``rendered`` holds the objects of each cluster."""
    return run(argocd, lambda: argocd(resolved, rendered), *rendered.values())


def documents(site: Site, run: Run = anew) -> tuple[Document, ...]:
    """Return the Kubernetes objects of all components, and those that are derived from all of them together."""
    found = [item for maker, emission in emissions(site, run) for item in run((site.name, maker), emission)]
    roles = run((site.name, readers_and_operators), lambda: readers_and_operators(site, found), found)
    return (*found, *roles)


def emissions(site: Site, run: Run = anew) -> Iterator[Emission[Document]]:
    """Yield the emitters of a cluster's Kubernetes objects, but that of roles, which follow from all other objects."""
    for component in running(site):
        yield from _emissions(component.documents, site)
    yield token_reviewers, lambda: token_reviewers(item for found in running(site) for item in found.accounts(site))
    yield pod_monitors, lambda: pod_monitors(scrapes(site))
    yield network_policies, lambda: network_policies(site, flows(site, run))


def _emissions(emitter: Emitter[T], site: Site) -> Iterator[Emission[T]]:
    for single in emitter.emitters if isinstance(emitter, Each) else (emitter,):
        yield single, partial(single, site)


def scrapes(site: Site) -> tuple[Scrape, ...]:
    """Return the ports that Prometheus scrapes; none where metrics may not leave the zones."""
    return tuple(item for component in running(site) for item in component.scrapes(site) if monitored(site))


def flows(site: Site, run: Run = anew) -> tuple[Flow, ...]:
    """Return every flow of a cluster."""
    return run((site.name, flows), lambda: _flows(site))


def _flows(site: Site) -> Iterator[Flow]:
    for component in running(site):
        yield from component.flows(site)
    yield from monitoring_flows(site, scrapes(site))


def vault_documents(site: Site, run: Run = anew) -> tuple[Write, ...]:
    """Return the documents of the plan for Vault, in the order in which they are applied."""
    return tuple(item for maker, emission in vault_emissions(site) for item in run((site.name, maker), emission))


def vault_emissions(site: Site) -> Iterator[Emission[Write]]:
    """Yield the emitters of the plan for Vault, in the order of their documents."""
    for component in running(site):
        yield from _emissions(component.vault, site)
        yield component.accounts, partial(_account_roles, component, site)


def _account_roles(component: Component, site: Site) -> Iterator[Write]:
    for account in component.accounts(site):
        yield from account_role(site, account)
