"""The document that policies judge, one for each cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.policy.claims import claims
from compiler.policy.documents import documents
from compiler.policy.errors import PolicyError
from compiler.policy.vault import vault

if TYPE_CHECKING:
    from compiler.policy.subject import Subject


def input_of(subject: Subject) -> dict[str, Any]:
    """Return the input for one cluster.

    ``environment``, ``spec`` and ``settings`` are dumps of validated models: millicores, bytes, seconds, requests per
    minute and percent, all whole numbers, no key missing. ``cluster`` is the one of the environment's clusters that is
    judged, with its name; ``claims`` is what it has for itself alone, and who else has it
    (:mod:`compiler.policy.claims`). ``documents`` holds ``{"file", "object"}`` for each Kubernetes object rendered for
    the cluster; ``vault`` is its plan for Vault (:mod:`compiler.policy.vault`).

    Raises:
        PolicyError: nothing was rendered, so that a pass would say nothing.
    """
    site = subject.site
    rendered = documents(subject.artifacts)
    if not rendered:
        raise PolicyError(f"no Kubernetes object was rendered for {site.folder}: there is nothing to judge")
    return {
        "environment": subject.resolved.environment.model_dump(mode="json"),
        "cluster": {"name": site.name, **site.cluster.model_dump(mode="json")},
        "claims": claims(site, subject.others),
        "spec": subject.resolved.spec.model_dump(mode="json"),
        "settings": subject.site.settings.model_dump(mode="json"),
        "documents": rendered,
        "vault": vault(subject.artifacts),
    }
