"""Admission policies: the API server itself refuses objects that the rules would refuse in a file.

Objects also come from operators and from people. In the zones, pods run images by digest, Secrets come from operators
alone, and a namespace belongs to a zone by its name and its label together. The zone of management is the platform's:
its pods and Secrets are not judged.

Sources: ``network.segmentation.zones``, the environment's ``stage``.
Upstream: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import ZONE, Wave, kubernetes_object
from compiler.emit.names import IMAGES_ADMITTED, SECRETS_ADMITTED, ZONES_ADMITTED, namespace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.network import Zone

_LISTS = ("containers", "initContainers", "ephemeralContainers")
_DIGEST = "@sha256:[0-9a-f]{64}$"
# What an update leaves as it was was admitted before: controllers have to remove finalizers of old objects, too.
_CREATED = "request.operation == 'CREATE'"


def admission(site: Site) -> Iterator[Document]:
    """Yield each policy with its binding; development may run images by tag."""
    judged = guarded_zones(site)
    if site.environment.stage != "development":
        yield from _enforced(IMAGES_ADMITTED, _images(), judged)
    yield from _enforced(SECRETS_ADMITTED, _secrets(), judged)
    yield from _enforced(ZONES_ADMITTED, _zones(site.spec.network.segmentation.zones))


def guarded_zones(site: Site) -> list[Zone]:
    """Return the zones whose pods and Secrets are judged."""
    return [zone for zone in site.spec.network.segmentation.zones if zone != "management"]


def secret_writers() -> list[str]:
    """Return the user names of the operators' ServiceAccounts that write Secrets in the zones, in order."""
    writers = {kind.provider for kind in kinds.KINDS if kind.provider.writes_secrets_as}
    return sorted(f"system:serviceaccount:{item.namespace}:{item.writes_secrets_as}" for item in writers)


def _images() -> dict[str, Any]:
    refused = f"variables.images.filter(image, !image.matches('{_DIGEST}') && !(image in variables.before))"
    return {
        "matchConstraints": _on("", "pods", "pods/ephemeralcontainers"),
        "variables": [
            {"name": "images", "expression": _named("object")},
            {"name": "before", "expression": f"{_CREATED} ? [] : {_named('oldObject')}"},
            {"name": "refused", "expression": refused},
        ],
        "validations": [
            {
                "expression": "variables.refused.size() == 0",
                "messageExpression": "'images without a digest: ' + variables.refused.join(', ')",
                "reason": "Forbidden",
            }
        ],
    }


def _named(pod: str) -> str:
    """Return an expression for the images of a pod's containers."""
    first, *others = (f"{pod}.spec.{name}" for name in _LISTS)
    named = [f"(has({other}) ? {other}.map(container, container.image) : [])" for other in others]
    return " + ".join((f"{first}.map(container, container.image)", *named))


def _secrets() -> dict[str, Any]:
    return {
        "matchConstraints": _on("", "secrets"),
        "variables": [
            {"name": "content", "expression": _content("object")},
            {"name": "before", "expression": f"{_CREATED} ? {{}} : {_content('oldObject')}"},
        ],
        "validations": [
            {
                "expression": f"request.userInfo.username in {secret_writers()}"
                f" || (!({_CREATED}) && variables.content == variables.before)",
                "message": "Secrets come from operators alone: write the value to Vault",
                "reason": "Forbidden",
            }
        ],
    }


def _content(secret: str) -> str:
    return f"has({secret}.data) ? {secret}.data : {{}}"


def _zones(zones: tuple[Zone, ...]) -> dict[str, Any]:
    names = {namespace(zone): zone for zone in zones}
    return {
        "matchConstraints": _on("", "namespaces"),
        "variables": [
            {"name": "zones", "expression": str(names)},
            {"name": "labels", "expression": "has(object.metadata.labels) ? object.metadata.labels : {}"},
        ],
        "matchConditions": [
            {
                "name": "claims-a-zone",
                "expression": f"object.metadata.name in {list(names)}"
                f" || (has(object.metadata.labels) && '{ZONE}' in object.metadata.labels)",
            }
        ],
        "validations": [
            {
                "expression": f"object.metadata.name in variables.zones && '{ZONE}' in variables.labels"
                f" && variables.labels['{ZONE}'] == variables.zones[object.metadata.name]",
                "message": "a namespace has the label of the zone that it is named after, and no other has one",
                "reason": "Forbidden",
            },
            {
                "expression": "'pod-security.kubernetes.io/enforce' in variables.labels"
                " && variables.labels['pod-security.kubernetes.io/enforce'] == 'restricted'",
                "message": "a zone enforces the restricted profile of Pod Security",
                "reason": "Forbidden",
            },
        ],
    }


def _on(group: str, *resources: str) -> dict[str, Any]:
    rule = {"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": [*resources]}
    return {"resourceRules": [rule]}


def _enforced(name: str, spec: dict[str, Any], zones: Sequence[Zone] = ()) -> Iterator[Document]:
    """Yield a policy, and its binding to the namespaces of zones; without ``zones`` to the whole cluster."""
    selected = {"matchExpressions": [{"key": ZONE, "operator": "In", "values": [*zones]}]}
    within = {"matchResources": {"namespaceSelector": selected}} if zones else {}
    binding = {"policyName": name, "validationActions": ["Deny"], **within}
    yield kubernetes_object(kinds.ADMISSION_POLICY, name, Wave.BOUNDARY, spec={"failurePolicy": "Fail", **spec})
    yield kubernetes_object(kinds.ADMISSION_BINDING, name, Wave.BOUNDARY, spec=binding)
