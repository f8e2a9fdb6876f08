"""The alerts that the frozen project compiles to, and those that it would have with other statements."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from tests.compiler.project import documents, emitted, keys, listing, resolved, site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE = "cbp-application/prometheusrule-configuration-api.yaml"


def rules(**changes: str) -> list[dict[str, Any]]:
    """Return the rules of production, with statements changed."""
    return [rule for group in emitted(FILE, **changes)["spec"]["groups"] for rule in group["rules"]]


@cache
def variants() -> Mapping[str, Sequence[dict[str, Any]]]:
    """Every alert that some specification has, by its name: of the frozen one, and of those that choose otherwise."""
    assert resolved()["staging"].has(keys("environment.connectors.0"))
    priority = listing("load_management.queuing.patterns", "Priority queuing")
    others = (site(priority), site(resolved()["staging"]), site(cluster="eu-west-1"))
    elsewhere = [
        rule for each in others for group in documents(each)[FILE]["spec"]["groups"] for rule in group["rules"]
    ]
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in rules():
        found.setdefault(rule["alert"], []).append(rule)
    return {**{rule["alert"]: [rule] for rule in elsewhere}, **found}
