"""The Vault plan in the form that policies see: durations in seconds, Vault policies as paths with capabilities.

A Vault policy in a form that the compiler does not write is an error, because it could hide rights from the rules.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from compiler.policy.errors import PolicyError
from compiler.vault.normal import is_duration, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.emit.artifact import Artifact, Document

_PLAN, _AUDIT = "/vault/plan.yaml", "/vault/audit.hcl"
_POLICY = "sys/policies/acl/"
_STANZA = re.compile(r'path "([^"\n]*)" \{\n  capabilities = \[((?:"[a-z]+"(?:, )?)*)\]\n\}\n')
_DEVICE = re.compile(r'^audit "[a-z]+" "([a-z]+)" \{$', re.MULTILINE)
_COMMENT = re.compile(r"#[^\n]*\n")


def vault(artifacts: Iterable[Artifact]) -> dict[str, Any]:
    """Return the plan with its ``file``, the ``grants`` of its policies, and the ``audit`` devices beside it.

    Raises:
        PolicyError: there is no plan, or a policy cannot be read.
    """
    texts = {name: item for item in artifacts for name in (_PLAN, _AUDIT) if item.path.endswith(name)}
    plan = texts.get(_PLAN)
    if plan is None or plan.document is None:
        raise PolicyError("no plan for Vault was rendered: there is nothing to judge")
    return {
        "file": f"generated/{plan.path}",
        "flavour": plan.document["flavour"],
        "documents": [{**item, "data": _in_seconds(item["data"])} for item in plan.document["documents"]],
        "grants": list(_grants(plan.document)),
        "audit": _DEVICE.findall(texts[_AUDIT].content.decode()) if _AUDIT in texts else [],
    }


def _in_seconds(data: Document) -> dict[str, Any]:
    """Convert durations to seconds; one that cannot be parsed keeps its text, so that a rule denies it."""
    return {
        name: number if is_duration(name) and (number := seconds(value)) is not None else value
        for name, value in data.items()
    }


def _grants(plan: Document) -> Iterator[dict[str, Any]]:
    for index, document in enumerate(plan["documents"]):
        if not document["path"].startswith(_POLICY):
            continue
        text = _COMMENT.sub("", document["data"]["policy"])
        if _STANZA.sub("", text).strip():
            raise PolicyError(f"{document['path']}: the policy is not written as the rules read it")
        for path, capabilities in _STANZA.findall(text):
            yield {
                "policy": document["path"].removeprefix(_POLICY),
                "pointer": f"/documents/{index}/data/policy",
                "path": path,
                "capabilities": re.findall("[a-z]+", capabilities),
            }
