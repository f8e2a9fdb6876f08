"""The domains that rules belong to, and the page about each rule.

A domain is a folder of ``policies/``; the ids of its rules begin alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGES = "docs/policies"
"""The folder of the pages, in the project."""


@dataclass(frozen=True, slots=True)
class Domain:
    """What the rules of one folder are about."""

    name: str
    """The folder below ``policies/``."""
    prefix: str
    """How the ids of its rules begin."""
    title: str
    about: str


_DOMAINS = (
    Domain("access", "ACC", "Access", "Roles and bindings: who may do what in a cluster."),
    Domain("cache", "CAC", "Cache", "Redis and its sentinels: what survives a restart, and who takes over."),
    Domain("environment", "DEP", "Environments", "Where the specification runs, and how strict each stage is."),
    Domain("kubernetes", "K8S", "Kubernetes", "Rendered objects, in what JSON Schema lets through."),
    Domain("network", "NET", "Network", "Flows between zones: only what is listed, and nobody else."),
    Domain("runtime", "RUN", "Runtime", "What the API enforces, against what the specification states."),
    Domain("secrets", "PWD", "Secrets", "Nothing that is rendered holds a password or a key."),
    Domain("specification", "CON", "Specification", "Statements that are made twice, or contradict each other."),
    Domain("stores", "STO", "Stores", "PostgreSQL: its connections, its replicas and its backups."),
    Domain("vault", "VLT", "Vault", "Policies, logins, rotation and the trail that they leave."),
)
DOMAINS: Mapping[str, Domain] = MappingProxyType({domain.name: domain for domain in _DOMAINS})
"""The domains by name."""


def page(identifier: str) -> str | None:
    """Return where a rule is explained, as ``docs/policies/network.md#net001``, relative to the project.

    There is none for a code that is no rule's of these domains: findings of the compiler itself have other codes.
    """
    for domain in _DOMAINS:
        digits = identifier.removeprefix(domain.prefix)
        if digits != identifier and len(digits) == 3 and digits.isdecimal():
            return f"{PAGES}/{domain.name}.md#{identifier.lower()}"
    return None
