"""The page ``README.md`` of a cluster: its zones, components and connections drawn, how large they are, and its files.

Sources: the emitted objects, the settings of the API, and the flows that the components declare.
Upstream: https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.artifact import Artifact
from compiler.emit.kubernetes.common.endpoints import (
    CLOUD_IDENTITY,
    DNS_CACHE,
    KUBERNETES_API,
    NODES,
    Pods,
)
from compiler.emit.names import API, CACHE, DATABASE, POOLER, READ_POOLER, SENTINEL, namespace
from compiler.emit.templates import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.common.flows import Flow
    from compiler.emit.site import Site
    from runtime.settings import Bucket

_NOT_DRAWN = frozenset(end.name for end in (DNS_CACHE, KUBERNETES_API, NODES, CLOUD_IDENTITY))
"""Addresses that nearly all pods need, which would cover everything else."""


@dataclass(frozen=True, slots=True)
class Size:
    """The size of one component: its endpoint in the flows, the number of its pods, and what each of them has."""

    endpoint: str
    number: str
    cpu: str
    memory: str
    storage: str = ""

    @property
    def in_words(self) -> str:
        """The size for the drawing: ``3 to 5 pods, each 8 CPU, 16Gi``."""
        return f"{self.number} pods, each {self.cpu} CPU, {self.memory}"


def overview(site: Site, documents: Sequence[Document], flows: Sequence[Flow]) -> Artifact:
    """Return ``README.md`` for a cluster, from its objects (``documents``)."""
    found = list(sizes(documents))
    drawn = [flow for flow in flows if _is_drawn(flow)]
    text = render(
        "pages/overview.md.j2",
        site=site,
        zones=list(_zones(site, drawn)),
        others=sorted({end.name for flow in drawn for end in (flow.source, flow.destination) if not _zone(end)}),
        sizes=found,
        words={size.endpoint: size.in_words for size in found},
        arrows=list(_arrows(drawn)),
        buckets=list(_buckets(site)),
        identifier=_identifier,
    )
    return Artifact(f"{site.folder}/README.md", text.encode())


def sizes(documents: Iterable[Document]) -> Iterator[Size]:
    """Yield the sizes of the components that a cluster's objects state, in the order in which requests pass them."""
    of = {
        (document["kind"], document["metadata"]["name"]): document["spec"] for document in documents if _sized(document)
    }
    api = of["Deployment", API]
    scaled = of.get(("HorizontalPodAutoscaler", API), {})
    (container,) = (item for item in api["template"]["spec"]["containers"] if item["name"] == API)
    yield _size("api", _range(scaled.get("minReplicas"), scaled.get("maxReplicas"), api["replicas"]), container)
    for endpoint, name in (("pooler-rw", POOLER), ("pooler-ro", READ_POOLER)):
        if pooler := of.get(("Pooler", name)):
            (container,) = pooler["template"]["spec"]["containers"]
            yield _size(endpoint, str(pooler["instances"]), container)
    database, scaled = of["Cluster", DATABASE], of.get(("ScaledObject", DATABASE), {})
    number = _range(scaled.get("minReplicaCount"), scaled.get("maxReplicaCount"), database["instances"])
    volumes = ", ".join((database["storage"]["size"], f"log {database['walStorage']['size']}"))
    yield _size("postgres", number, database, volumes)
    cache, sentinel = of["RedisReplication", CACHE], of["RedisSentinel", SENTINEL]
    claim = cache.get("storage", {}).get("volumeClaimTemplate")  # without persistence there is none
    stored = claim["spec"]["resources"]["requests"]["storage"] if claim else ""
    yield _size("redis", str(cache["clusterSize"]), cache["kubernetesConfig"], stored)
    yield _size("sentinel", str(sentinel["clusterSize"]), sentinel["kubernetesConfig"])


def _sized(document: Document) -> bool:
    return "kind" in document and "spec" in document


def _size(endpoint: str, number: str, holder: Mapping[str, Mapping[str, Mapping[str, str]]], storage: str = "") -> Size:
    requests = holder["resources"]["requests"]
    return Size(endpoint, number, requests["cpu"], requests["memory"], storage)


def _range(least: int | None, most: int | None, otherwise: int) -> str:
    """Return the number of pods in words: ``3 to 5`` where an autoscaler moves it."""
    if least is None or most is None or least == most:
        return str(otherwise if least is None else least)
    return f"{least} to {most}"


def _is_drawn(flow: Flow) -> bool:
    """Return whether a flow is in the drawing: between zones' pods and addresses, but for what nearly all pods need."""
    ends = (flow.source, flow.destination)
    ours = all(not isinstance(end, Pods) or end.zone not in (None, "management") for end in ends)
    return ours and _NOT_DRAWN.isdisjoint(end.name for end in ends) and flow.source != flow.destination


def _zone(end: object) -> str:
    return end.zone or "" if isinstance(end, Pods) else ""


def _zones(site: Site, drawn: Sequence[Flow]) -> Iterator[tuple[str, list[str]]]:
    """Yield each zone's namespace that is drawn, with the names of its pods."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for flow in drawn:
        for end in (flow.source, flow.destination):
            if zone := _zone(end):
                found[zone][end.name] = None
    for zone in site.spec.network.segmentation.zones:
        if zone in found:
            yield namespace(zone), list(found[zone])


def _arrows(drawn: Iterable[Flow]) -> Iterator[tuple[str, str, str]]:
    """Yield each connection once, with all of its ports."""
    ports: dict[tuple[str, str], set[int]] = defaultdict(set)
    for flow in drawn:
        ports[flow.source.name, flow.destination.name].update(flow.ports)
    for (source, destination), found in ports.items():
        yield source, destination, ", ".join(map(str, sorted(found)))


def _buckets(site: Site) -> Iterator[tuple[str, Bucket]]:
    """Yield the buckets of throttling that there are, each with what it counts."""
    throttling = site.settings.throttling
    of_all = {"of one client": throttling.client, "of one address": throttling.address}
    yield from ((name, bucket) for name, bucket in of_all.items() if bucket)
    yield from ((f"of one client to `{each.route}`", each.bucket) for each in throttling.routes)


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name)
