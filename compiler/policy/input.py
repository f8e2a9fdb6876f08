"""The input of the policies: one document for each cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.policy.documents import documents
from compiler.policy.errors import PolicyError
from compiler.policy.proxy import proxy
from compiler.policy.uniqueness import unique_values
from compiler.policy.vault import vault
from compiler.policy.versions import versions

if TYPE_CHECKING:
    from datetime import date

    from compiler.emit.site import Site
    from compiler.policy.rendering import Rendering


def input_of(rendering: Rendering, as_of: date | None = None) -> dict[str, Any]:
    """Return the input document of one cluster.

    ``environment``, ``spec`` and ``settings`` are dumps of validated models: millicores, bytes, seconds, requests per
    minute and percent, all whole numbers, no key missing. ``cluster`` is the cluster that is judged, with its name;
    ``unique`` holds the values that must be unique to it, and the clusters that have each of them
    (:mod:`compiler.policy.uniqueness`). ``documents`` holds ``{"file", "object"}`` for each Kubernetes object that was
    rendered for the cluster, ``argocd`` the same for those of its environment that Argo CD itself reads; ``vault`` is
    its plan for Vault (:mod:`compiler.policy.vault`), and ``proxy`` the configuration of Envoy
    (:mod:`compiler.policy.proxy`). ``before`` is what the base holds (:mod:`compiler.policy.before`); without a base
    there is no such key.

    Raises:
        PolicyError: nothing was rendered, so that a pass would be meaningless.
    """
    site = rendering.site
    rendered = documents(rendering.artifacts)
    if not rendered:
        raise PolicyError(f"no Kubernetes object was rendered for {site.folder}: there is nothing to judge")
    return {
        **stated(site),
        "unique": unique_values(site, rendering.others),
        "documents": rendered,
        "argocd": documents(rendering.delivery),
        "vault": vault(rendering.artifacts),
        "proxy": proxy(rendering.artifacts),
        "versions": versions(rendering, as_of),
        **({"before": rendering.before.as_input()} if rendering.before else {}),
    }


def stated(site: Site) -> dict[str, Any]:
    """Return the parts of a cluster's input for which nothing is rendered."""
    return {
        "environment": site.environment.model_dump(mode="json"),
        "cluster": {"name": site.name, **site.cluster.model_dump(mode="json")},
        "spec": site.spec.model_dump(mode="json"),
        "settings": site.settings.model_dump(mode="json"),
    }
