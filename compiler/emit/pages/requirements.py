"""What emitted objects ask of their cluster, by what is written in them.

An operator is needed where one of its kinds is rendered (:mod:`compiler.emit.kinds`); a controller that brings no
kind, where an object speaks to it by an annotation, a provisioner or a metric; a feature of Kubernetes, where a field
of it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.emit.kinds import KINDS, KUBERNETES, PROMETHEUS, Provider
from compiler.emit.memoize import once_for_alike
from compiler.emit.names import ADAPTER_RULES

if TYPE_CHECKING:
    from compiler.emit.artifact import Document

Marks = Callable[["Document"], bool]


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of Kubernetes: its gate, and the first minor versions that have it at all, and without being asked."""

    gate: str
    known: int
    enabled: int
    used_for: str


@dataclass(frozen=True, slots=True)
class Need:
    """A provider that has to run, and the kinds of objects that ask for it."""

    provider: Provider
    kinds: tuple[str, ...]


def needs(documents: Iterable[Document]) -> tuple[Need, ...]:
    """Return what has to run in the cluster, without Kubernetes itself, ordered by name."""
    asked: dict[Provider, set[str]] = {}
    for document in documents:
        for provider in _providers(document):
            asked.setdefault(provider, set()).add(document["kind"])
    return tuple(
        Need(provider, tuple(sorted(kinds)))
        for provider, kinds in sorted(asked.items(), key=lambda item: item[0].name.lower())
    )


def features(documents: Iterable[Document]) -> tuple[Feature, ...]:
    """Return the features of Kubernetes that the objects use and that had a gate in a version that may still run."""
    used = {feature for document in documents for feature in _used(document)}
    return tuple(feature for feature, _ in _FEATURES if feature in used)


@once_for_alike
def _used(document: Document) -> tuple[Feature, ...]:
    return tuple(feature for feature, marks in _FEATURES if marks(document))


@once_for_alike
def _providers(document: Document) -> tuple[Provider, ...]:
    brought = (kind.provider for kind in KINDS if (kind.api_version, kind.name) == _kind(document))
    controllers = (provider for provider, marks in _CONTROLLERS if marks(document))
    return (*(provider for provider in brought if provider is not KUBERNETES), *controllers)


def _kind(document: Document) -> tuple[str, str]:
    return document["apiVersion"], document["kind"]


def _annotated(prefix: str) -> Marks:
    """Say of a document whether an annotation anywhere in it, of a volume claim's template too, has the prefix."""
    return lambda document: any(
        isinstance(found, Mapping) and any(str(key).startswith(prefix) for key in found)
        for found in _found(document, "annotations")
    )


def _holding(kind: str, key: str, value: object = None) -> Marks:
    """Say of a document whether it is of a kind and holds a key, with one value where one is given."""
    return lambda document: (
        document["kind"] == kind and any(value is None or found == value for found in _found(document, key))
    )


def _found(value: object, key: str) -> Iterator[Any]:
    """Yield whatever lies behind a key, at any depth."""
    if isinstance(value, Mapping):
        if key in value:
            yield value[key]
        for item in value.values():
            yield from _found(item, key)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _found(item, key)


_AWS_LOAD_BALANCER = Provider(
    "AWS Load Balancer Controller",
    "2.7.0",
    "targets by address, and readiness that waits for the load balancer",
    "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/",
    "kube-system",
)
_AZURE_LOAD_BALANCER = Provider(
    "Application Gateway Ingress Controller",
    "1.7.0",
    "health probes by annotation",
    "https://azure.github.io/application-gateway-kubernetes-ingress/",
    "kube-system",
)
_AUTORESIZER = Provider(
    "pvc-autoresizer",
    "0.11.0",
    "claims that another operator makes, by its webhook; how full they are it asks the API server (its Metrics API)",
    "https://github.com/topolvm/pvc-autoresizer",
    "pvc-autoresizer",
)
_EBS = Provider(
    "EBS CSI driver",
    "1.25.0",
    "volumes that grow while they are in use",
    "https://github.com/kubernetes-sigs/aws-ebs-csi-driver",
    "kube-system",
)
_AZURE_DISK = Provider(
    "Azure Disk CSI driver",
    "1.29.0",
    "volumes that grow while they are in use",
    "https://github.com/kubernetes-sigs/azuredisk-csi-driver",
    "kube-system",
)
_METRICS_SERVER = Provider(
    "metrics-server",
    "0.7.0",
    "CPU and memory of single containers",
    "https://kubernetes-sigs.github.io/metrics-server/",
    "kube-system",
)
_METRICS_ADAPTER = Provider(
    "Prometheus adapter",
    "0.11.0",
    f"the API custom.metrics.k8s.io, with the rules of the ConfigMap `{ADAPTER_RULES}` (its chart: `rules.existing`)",
    "https://github.com/kubernetes-sigs/prometheus-adapter",
    "cbp-management",
)
_EXTERNAL_DNS = Provider(
    "ExternalDNS",
    "0.15.0",
    "names of Services by annotation",
    "https://kubernetes-sigs.github.io/external-dns/latest/",
    "external-dns",
)

_CONTROLLERS: tuple[tuple[Provider, Marks], ...] = (
    (_AWS_LOAD_BALANCER, _annotated("alb.ingress.kubernetes.io/")),
    (_AZURE_LOAD_BALANCER, _annotated("appgw.ingress.kubernetes.io/")),
    (_AUTORESIZER, _annotated("resize.topolvm.io/")),
    (_EBS, _holding("StorageClass", "provisioner", "ebs.csi.aws.com")),
    (_AZURE_DISK, _holding("StorageClass", "provisioner", "disk.csi.azure.com")),
    (_METRICS_SERVER, _holding("HorizontalPodAutoscaler", "containerResource")),
    (_EXTERNAL_DNS, _annotated("external-dns.alpha.kubernetes.io/")),
    (_METRICS_ADAPTER, _holding("HorizontalPodAutoscaler", "pods")),
    (PROMETHEUS, _holding("ScaledObject", "serverAddress")),
)
_FEATURES: tuple[tuple[Feature, Marks], ...] = (
    (
        Feature("HPAConfigurableTolerance", 33, 35, "the distance between scaling up and down"),
        _holding("HorizontalPodAutoscaler", "tolerance"),
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
