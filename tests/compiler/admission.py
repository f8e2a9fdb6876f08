"""Requests that the admission policies judge, for a real API server and for one that is modelled with CEL alone.

The model follows ValidatingAdmissionPolicy: a policy judges what its rules name and its binding selects, unless a
condition is false; an expression that fails refuses, by ``failurePolicy: Fail``. The expressions are evaluated by
Google's own implementation of CEL, in C++.

Upstream: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from compiler.policy.denial import answer
from compiler.policy.gate import load
from tests.compiler.project import site
from tests.policy.policies import POLICIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compiler.emit.artifact import Document

NAMESPACE = "cbp-application"
RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}
DIGEST = f"@sha256:{'0' * 64}"
IMAGES = {
    f"registry.bank.example/a{DIGEST}": True,
    f"registry.bank.example/a:1.0{DIGEST}": True,
    "registry.bank.example/a:1.0": False,
    "registry.bank.example/a": False,
    f"registry.bank.example/a{DIGEST}0": False,
    f"registry.bank.example/a@sha256:{'0' * 63}": False,
}
LABELLED = [("a", None, True), ("a", "data", False), ("cbp-b", "b", False)]
"""Namespaces by name and zone, and whether they are admitted."""

_ENVIRONMENT = cel.NewEnv(
    variables=dict.fromkeys(("object", "oldObject", "request", "variables"), cel.Type.DYN),
    extensions=[ext_strings.ExtStrings()],
)


def pod(image: str, *, initial: str = "") -> Document:
    def container(name: str, image: str) -> dict[str, Any]:
        return {"name": name, "image": image, "securityContext": RESTRICTED}

    context = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"containers": [container("a", image)], "securityContext": context, "serviceAccountName": "judged"}
    if initial:
        spec["initContainers"] = [container("b", initial)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "judged", "namespace": NAMESPACE}, "spec": spec}


def secret() -> Document:
    metadata = {"name": "judged", "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"a": "b"}}


def labelled(name: str, zone: str | None) -> Document:
    labels = {"pod-security.kubernetes.io/enforce": "restricted", **({"cbp.bank/zone": zone} if zone else {})}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def denied_by_rules(document: Document, rule: str) -> bool:
    judged = {
        "environment": site().environment.model_dump(mode="json"),
        "spec": site().spec.model_dump(mode="json"),
        "documents": [{"file": "judged.yaml", "object": document}],
    }
    return bool(answer(rule, load(POLICIES).engine.evaluate(f"gate.{rule}", json.dumps(judged))).denials)


@dataclass(frozen=True, slots=True)
class Request:
    """A request for an object, and the object that it replaces; ``{}`` where there is none."""

    document: Document
    before: Document = field(default_factory=dict)
    user: str = "somebody"
    resource: str = ""
    """The plural name of its resource; by default that of its kind."""

    @property
    def values(self) -> dict[str, Any]:
        """The variables that every expression has."""
        operation = "UPDATE" if self.before else "CREATE"
        request = {"operation": operation, "userInfo": {"username": self.user}}
        return {"object": self.document, "oldObject": self.before or None, "request": request}


def refusals(request: Request, found: Mapping[str, Document]) -> dict[str, list[str]]:
    """Return the messages of each policy among rendered documents that refuses a request, by its name."""
    objects = list(found.values())
    policies = {
        item["metadata"]["name"]: item["spec"] for item in objects if item["kind"] == "ValidatingAdmissionPolicy"
    }
    namespaces = {
        item["metadata"]["name"]: item["metadata"]["labels"] for item in objects if item["kind"] == "Namespace"
    }
    said = {
        item["spec"]["policyName"]: list(_refused(policies[item["spec"]["policyName"]], request))
        for item in objects
        if item["kind"] == "ValidatingAdmissionPolicyBinding" and _selected(item["spec"], request, namespaces)
    }
    return {name: messages for name, messages in said.items() if messages}


def _selected(binding: Document, request: Request, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    within = binding.get("matchResources")
    labels = namespaces.get(request.document["metadata"].get("namespace", ""), {})
    wanted = within["namespaceSelector"]["matchExpressions"] if within else []
    return all(labels.get(each["key"]) in each["values"] for each in wanted)


def _refused(policy: Document, request: Request) -> Iterator[str]:
    values = request.values
    resource = request.resource or f"{request.document['kind'].lower()}s"
    named = any(
        resource in rule["resources"] and values["request"]["operation"] in rule["operations"]
        for rule in policy["matchConstraints"]["resourceRules"]
    )
    if not named or not all(_value(each["expression"], values) for each in policy.get("matchConditions", ())):
        return
    variables: dict[str, Any] = {}
    values["variables"] = variables
    for each in policy.get("variables", ()):
        variables[each["name"]] = _value(each["expression"], values)
    for each in policy["validations"]:
        if not _value(each["expression"], values):
            yield each["message"] if "message" in each else str(_value(each["messageExpression"], values))


def _value(expression: str, values: Mapping[str, Any]) -> Any:
    """Return the value of an expression; one that fails is an error of the test, since it would refuse everything."""
    found = _compiled(expression).eval(data=dict(values))
    if found.type() == cel.Type.ERROR:
        raise ValueError(f"{expression}: {found.value()}")
    return found.plain_value()


@cache
def _compiled(expression: str) -> cel.Expression:
    return _ENVIRONMENT.compile(expression)
