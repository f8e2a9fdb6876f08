"""Requirements of the emitted objects: providers that have to run, and features of Kubernetes that have to be on.

An operator is required if one of its kinds is rendered (:mod:`compiler.emit.kinds`); a controller without kinds of its
own, if an object refers to it by an annotation, a provisioner or a metric; a feature, if an object uses its field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.emit.kinds import KINDS
from compiler.emit.memoize import memoize_by_content
from compiler.emit.providers import (
    AUTORESIZER,
    AWS_LOAD_BALANCER,
    AZURE_DISK,
    AZURE_LOAD_BALANCER,
    EBS,
    EXTERNAL_DNS,
    KUBERNETES,
    METRICS_ADAPTER,
    METRICS_SERVER,
    PROMETHEUS,
    Provider,
)

if TYPE_CHECKING:
    from compiler.emit.artifact import Document

Marks = Callable[["Document"], bool]


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of Kubernetes: its gate, and the first minor versions that know it and that enable it by default."""

    gate: str
    known: int
    enabled: int
    used_for: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """A provider that has to run, and the kinds of objects that require it."""

    provider: Provider
    kinds: tuple[str, ...]


def requirements(documents: Iterable[Document]) -> tuple[Requirement, ...]:
    """Return the required providers of a cluster, without Kubernetes itself, ordered by name."""
    asked: dict[Provider, set[str]] = {}
    for document in documents:
        for provider in _providers(document):
            asked.setdefault(provider, set()).add(document["kind"])
    return tuple(
        Requirement(provider, tuple(sorted(kinds)))
        for provider, kinds in sorted(asked.items(), key=lambda item: item[0].name.lower())
    )


def features(documents: Iterable[Document]) -> tuple[Feature, ...]:
    """Return the features that the objects use and that have a gate in a version that may still run."""
    used = {feature for document in documents for feature in _used(document)}
    return tuple(feature for feature, _ in _FEATURES if feature in used)


@memoize_by_content
def _used(document: Document) -> tuple[Feature, ...]:
    return tuple(feature for feature, marks in _FEATURES if marks(document))


@memoize_by_content
def _providers(document: Document) -> tuple[Provider, ...]:
    brought = (kind.provider for kind in KINDS if (kind.api_version, kind.name) == _kind(document))
    # Anywhere in it, as in the template of a claim.
    annotations = {key for found in _found(document, "annotations") if isinstance(found, dict) for key in found}
    annotated = (provider for prefix, provider in _ANNOTATED if any(key.startswith(prefix) for key in annotations))
    controllers = (provider for provider, marks in _CONTROLLERS if marks(document))
    return (*(provider for provider in brought if provider is not KUBERNETES), *annotated, *controllers)


def _kind(document: Document) -> tuple[str, str]:
    return document["apiVersion"], document["kind"]


def _holding(kind: str, key: str, value: object = None) -> Marks:
    """Return the predicate of documents of a kind that contain a key, with the given value if there is one."""
    return lambda document: (
        document["kind"] == kind and any(value is None or found == value for found in _found(document, key))
    )


def _either(*marks: Marks) -> Marks:
    """Return the predicate of documents that one of several is true of."""
    return lambda document: any(mark(document) for mark in marks)


def _found(value: object, key: str) -> Iterator[Any]:
    """Yield every value of a key of a JSON document, at any depth."""
    if isinstance(value, dict):
        if key in value:
            yield value[key]
        for item in value.values():
            yield from _found(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _found(item, key)


_ANNOTATED = (
    ("alb.ingress.kubernetes.io/", AWS_LOAD_BALANCER),
    ("appgw.ingress.kubernetes.io/", AZURE_LOAD_BALANCER),
    ("resize.topolvm.io/", AUTORESIZER),
    ("external-dns.alpha.kubernetes.io/", EXTERNAL_DNS),
)
_CONTROLLERS: tuple[tuple[Provider, Marks], ...] = (
    (EBS, _holding("StorageClass", "provisioner", "ebs.csi.aws.com")),
    (AZURE_DISK, _holding("StorageClass", "provisioner", "disk.csi.azure.com")),
    (
        METRICS_SERVER,
        _either(
            _holding("HorizontalPodAutoscaler", "containerResource"), _holding("VerticalPodAutoscaler", "targetRef")
        ),
    ),
    (METRICS_ADAPTER, _holding("HorizontalPodAutoscaler", "pods")),
    (PROMETHEUS, _holding("ScaledObject", "serverAddress")),
)
_FEATURES: tuple[tuple[Feature, Marks], ...] = (
    (
        Feature("HPAConfigurableTolerance", 33, 35, "the distance between scaling up and down"),
        _either(_holding("HorizontalPodAutoscaler", "tolerance"), _holding("ScaledObject", "tolerance")),
    ),
    (
        Feature("MatchLabelKeysInPodAffinity", 29, 31, "anti-affinity that counts each revision alone"),
        lambda document: any(_found(list(_found(document, "podAntiAffinity")), "matchLabelKeys")),
    ),
    (
        Feature("PodLifecycleSleepAction", 29, 30, "a pod that goes on serving until the load balancer knows"),
        lambda document: any(_found(list(_found(document, "preStop")), "sleep")),
    ),
)
