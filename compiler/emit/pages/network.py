"""The page ``network.md``: the open connections, computed from the rendered policies, and the reasons of the flows.

Sources: the emitted NetworkPolicies and Namespaces, and the flows that the components declare.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, reduce
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from compiler.emit.artifact import Artifact
from compiler.emit.kubernetes.common.endpoints import Pods, Ranges
from compiler.emit.memoize import memoize_by_content
from compiler.emit.names import namespace
from compiler.emit.pages.reachability import Network
from compiler.emit.pages.reachability_endpoints import Opening, Outside, Pod, common
from compiler.emit.templates import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.common.endpoints import Endpoint
    from compiler.emit.kubernetes.common.flows import Flow
    from compiler.emit.pages.reachability_endpoints import Place
    from compiler.emit.site import Site

# An address for documentation, which no host has: https://www.rfc-editor.org/rfc/rfc5737
INTERNET = "203.0.113.1"
CLOSED = "·"
SHOWN = ("Namespace", "NetworkPolicy")
"""The kinds of the objects that the page follows from."""

NamedPlaces = tuple[str, tuple["Place", ...]]
"""A row or column: a name, and the places that represent it; a port counts as open if it is open for all of them."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A table: the names of its columns, and its rows, each a name and the text of its cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def network_page(site: Site, documents: Sequence[Document], flows: Sequence[Flow]) -> Artifact:
    """Return ``network.md`` for a cluster, from its objects (``documents``)."""
    text = render(
        "pages/network.md.j2",
        site=site,
        matrices=zip(("Into the zones", "Out of the zones"), matrices(site, documents, flows), strict=True),
        flows=flows,
        locations=locations(site, flows).items(),
    )
    return Artifact(f"{site.folder}/network.md", text.encode())


def matrices(site: Site, documents: Iterable[Document], flows: Sequence[Flow]) -> tuple[Matrix, Matrix]:
    """Return the openings that a cluster's documents leave between all ends of its flows: into the zones, and out."""
    network = _network([document for document in documents if document.get("kind") in SHOWN])
    ends = _ends(flows).values()
    ours = [_named_places(end, site) for end in ends if isinstance(end, Pods) and end.zone]
    others = [_named_places(end, site) for end in ends if not isinstance(end, Pods) or not end.zone]
    undeclared = list(_undeclared(site))
    return (
        _matrix(network, (*ours, *others, *undeclared), tuple(ours)),
        _matrix(network, (*ours, *undeclared[:-2]), (*others, *undeclared[-2:])),
    )


def locations(site: Site, flows: Iterable[Flow]) -> dict[str, str]:
    """Return where each end of the flows is: a namespace with labels, or ranges of addresses."""
    return {name: _where(end, site) for name, end in _ends(flows).items()}


def _ends(flows: Iterable[Flow]) -> dict[str, Endpoint]:
    return {end.name: end for flow in flows for end in (flow.source, flow.destination)}


def _undeclared(site: Site) -> Iterator[NamedPlaces]:
    """Yield places without flows: another pod of each zone, a pod of another namespace, and the internet."""
    for zone in site.spec.network.segmentation.zones:
        name = f"any other of {namespace(zone)}"
        yield name, (Pod(name, namespace(zone), {}),)
    yield "any other namespace", (Pod("any other namespace", "elsewhere", {}),)
    yield "the internet", (Outside("the internet", ip_address(INTERNET)),)


def _named_places(end: Endpoint, site: Site) -> NamedPlaces:
    if isinstance(end, Pods):
        known = {end.labelled: "any"} if end.labelled else {}
        return end.name, (Pod(end.name, end.namespace, {**end.others, **end.labels, **known}),)
    networks = [ip_network(cidr) for cidr in end.of(site)]
    # An ipBlock that contains the first and the last address of a network contains all of it.
    return end.name, tuple(Outside(end.name, network[edge]) for network in networks for edge in (0, -1))


@memoize_by_content
def _network(documents: Sequence[Document]) -> Network:
    return Network(documents)


@lru_cache
def _matrix(network: Network, sources: tuple[NamedPlaces, ...], destinations: tuple[NamedPlaces, ...]) -> Matrix:
    """Return the openings of a network, once for all clusters with equal policies and places."""
    rows = [(name, tuple(_cell(network, places, to) for _, to in destinations)) for name, places in sources]
    return Matrix(tuple(name for name, _ in destinations), tuple(rows))


def _cell(network: Network, sources: Sequence[Place], destinations: Sequence[Place]) -> str:
    found = [network.openings(source, destination) for source in sources for destination in destinations]
    return ", ".join(map(_written, reduce(common, found))) or CLOSED


def _written(opening: Opening) -> str:
    return str(opening) if opening.protocol == "TCP" else f"{opening} {opening.protocol}"


def _where(end: Endpoint, site: Site) -> str:
    if isinstance(end, Ranges):
        return ", ".join(end.of(site))
    labels = [f"{key}={value}" for key, value in end.labels.items()] + ([end.labelled] if end.labelled else [])
    return f"{end.namespace}: {', '.join(labels)}"
