"""The topology of each cluster: zones, what runs in them with its replicas, and the open connections, on both sides.

Connections are computed from the compiled NetworkPolicies, as ``network.md`` shows them; flows give their reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.cluster import flows
from compiler.emit.kubernetes.common.endpoints import Pods
from compiler.emit.names import namespace
from compiler.emit.pages.network import CLOSED, locations, matrices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from compiler.difference.side import Side
    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.common.flows import Flow
    from compiler.emit.site import Site

OUTSIDE = "outside"
"""The group of ends that are in none of our zones."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload and its replicas, on both sides; empty on a side that lacks it."""

    kind: str
    name: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether it is there on one side alone, or has another number of replicas."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of the network: its namespace, and what runs in it."""

    name: str
    namespace: str
    workloads: tuple[Workload, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """An end of connections with its addresses, or its namespace and labels, on both sides."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Connection:
    """Ports that are open from one end to another, on both sides, and the reasons that flows give for them."""

    source: str
    destination: str
    before: str
    after: str
    ends: tuple[Moved, ...]
    """The ends that are somewhere else than before."""
    reasons: tuple[tuple[str, str], ...]
    """Each reason with the statement that asks for it; none where no flow does."""
    status: str
    """``opened``, ``closed``, ``changed``, or empty where it stays as it is."""


@dataclass(frozen=True, slots=True)
class Route:
    """All connections from one zone to another: the number of those that are open, and that open and close."""

    source: str
    destination: str
    number: int
    opened: int
    closed: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster of an environment."""

    name: str
    role: str
    status: str
    """``new``, ``removed``, or empty where both sides have it."""
    zones: tuple[Zone, ...]
    connections: tuple[Connection, ...]
    routes: tuple[Route, ...]

    @property
    def moving(self) -> tuple[Connection, ...]:
        """The connections that open, close or change."""
        return tuple(item for item in self.connections if item.status)

    @property
    def changed(self) -> bool:
        """Whether a connection or a number of replicas is another one."""
        workloads = (item for zone in self.zones for item in zone.workloads)
        return bool(self.status or self.moving) or any(w.changed for w in workloads)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A cluster on one side: its compiled documents, and its flows."""

    site: Site
    documents: Sequence[Document]
    flows: Sequence[Flow]

    def openings(self) -> dict[tuple[str, str], str]:
        """Return the open ports between two ends; pairs with none are left out."""
        return {
            (source, destination): cell
            for matrix in matrices(self.site, self.documents, self.flows)
            for source, cells in matrix.rows
            for destination, cell in zip(matrix.columns, cells, strict=True)
            if cell != CLOSED
        }

    def zone_of(self) -> dict[str, str]:
        """Return the zone of each end that is in one."""
        ends = (end for flow in self.flows for end in (flow.source, flow.destination))
        undeclared = {
            f"any other of {namespace(zone)}": str(zone) for zone in self.site.spec.network.segmentation.zones
        }
        return undeclared | {end.name: str(end.zone) for end in ends if isinstance(end, Pods) and end.zone}

    def workloads(self) -> dict[tuple[str, str, str], str]:
        """Return the replicas of each workload by its namespace, kind and name, with the bounds of what scales it."""
        found: dict[tuple[str, str, str], str] = {}
        for document in self.documents:
            kind, metadata = document["kind"], document["metadata"]
            if kind in _REPLICAS:
                found[metadata["namespace"], kind, metadata["name"]] = str(document["spec"].get(_REPLICAS[kind], ""))
        for document in self.documents:
            if document["kind"] in _SCALERS:
                spec, (least, most) = document["spec"], _SCALERS[document["kind"]]
                target = spec["scaleTargetRef"]
                key = document["metadata"]["namespace"], target["kind"], target["name"]
                bounds = f"scaled {spec[least]} to {spec[most]}"
                found[key] = f"{found[key]}, {bounds}" if found.get(key) else bounds
        return found


def topology(before: Side, after: Side) -> Iterator[Cluster]:
    """Yield every cluster of both sides, production first."""
    old, new = (dict(_clusters(side)) for side in (before, after))
    for name in dict.fromkeys((*new, *old)):
        yield _cluster(name, old.get(name), new.get(name))


def _clusters(side: Side) -> Iterator[tuple[str, _Seen]]:
    for _, clusters in side.rendered.values():
        for site, _ in clusters:
            folder = f"{site.folder}/kubernetes/"
            documents = [
                document
                for file, document in side.compiled.items()
                if file.startswith(folder) and isinstance(document, dict) and "metadata" in document
            ]
            # What a side has not committed is not known, and nothing can be said of it.
            if documents:
                yield site.folder, _Seen(site, documents, flows(site))


def _cluster(name: str, before: _Seen | None, after: _Seen | None) -> Cluster:
    seen = after or before
    assert seen is not None, "a cluster is on one side at least"  # noqa: S101 - the names are those of both sides
    status = "new" if before is None else "removed" if after is None else ""
    zone_of = {**(before.zone_of() if before else {}), **(after.zone_of() if after else {})}
    connections = tuple(_connections(before or seen, after or seen))
    return Cluster(
        name,
        seen.site.cluster.role,
        status,
        tuple(_zones(before or seen, after or seen)),
        connections,
        tuple(_routes(connections, zone_of)),
    )


def _zones(before: _Seen, after: _Seen) -> Iterator[Zone]:
    old, new = before.workloads(), after.workloads()
    zones = dict.fromkeys((*after.site.spec.network.segmentation.zones, *before.site.spec.network.segmentation.zones))
    for zone in zones:
        keys = [key for key in dict.fromkeys((*new, *old)) if key[0] == namespace(zone)]
        found = (Workload(key[1], key[2], old.get(key, ""), new.get(key, "")) for key in keys)
        yield Zone(str(zone), namespace(zone), tuple(found))


def _connections(before: _Seen, after: _Seen) -> Iterator[Connection]:
    old, new = before.openings(), after.openings()
    moved = _moved(locations(before.site, before.flows), locations(after.site, after.flows))
    reasons: dict[tuple[str, str], dict[tuple[str, str], None]] = {}
    for flow in (*after.flows, *before.flows):
        said = reasons.setdefault((flow.source.name, flow.destination.name), {})
        said[flow.reason, f"{flow.statement}: {flow.item}" if flow.item else flow.statement] = None
    for pair in dict.fromkeys((*new, *old)):
        one, other = old.get(pair, ""), new.get(pair, "")
        ends = tuple(moved[end] for end in dict.fromkeys(pair) if one and other and end in moved)
        yield Connection(*pair, one, other, ends, tuple(reasons.get(pair, ())), _status(one, other, ends))


def _moved(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Moved]:
    return {
        name: Moved(name, before[name], where)
        for name, where in after.items()
        if name in before and before[name] != where
    }


def _status(before: str, after: str, ends: Sequence[Moved]) -> str:
    """Return what happens to a connection; addresses that come to an end are opened, too."""
    if before != after:
        return "opened" if not before else "closed" if not after else "changed"
    wider = any(set(end.after.split(", ")) - set(end.before.split(", ")) for end in ends)
    return "opened" if wider else "closed" if ends else ""


def _routes(connections: Sequence[Connection], zone_of: Mapping[str, str]) -> Iterator[Route]:
    grouped: dict[tuple[str, str], list[str]] = {}
    for item in connections:
        ends = zone_of.get(item.source, OUTSIDE), zone_of.get(item.destination, OUTSIDE)
        grouped.setdefault(ends, []).append(item.status)
    for ends, found in grouped.items():
        yield Route(*ends, len(found) - found.count("closed"), found.count("opened"), found.count("closed"))


_REPLICAS: Mapping[str, str] = {
    "Cluster": "instances",
    "CronJob": "schedule",
    "Deployment": "replicas",
    "Pooler": "instances",
    "RedisCluster": "clusterSize",
    "RedisReplication": "clusterSize",
    "RedisSentinel": "clusterSize",
}
"""The field of an object's ``spec`` with its replicas, by its kind; of a job, with the hours at which it runs."""
_SCALERS: Mapping[str, tuple[str, str]] = {
    "HorizontalPodAutoscaler": ("minReplicas", "maxReplicas"),
    "ScaledObject": ("minReplicaCount", "maxReplicaCount"),
}
"""The fields with the bounds of what scales another object."""
