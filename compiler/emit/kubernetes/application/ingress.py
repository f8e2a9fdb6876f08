"""The API's Service, and the Ingress for which the cloud's controller creates a load balancer.

Sources: ``load_balancing.application``, ``network.segmentation.traffic.ingress``, ``network.protection``,
``redundancy.application.failover``, the environment's ``host``, ``addresses`` and ``connectors``, the cluster's
``platform``, ``balancers`` and ``addresses.load_balancer``.
Upstream: https://kubernetes.io/docs/concepts/services-networking/ingress/
"""

from __future__ import annotations

from ipaddress import ip_network
from itertools import chain
from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.envoy.timeouts import balancer_idle
from compiler.emit.kubernetes.application.pod import draining
from compiler.emit.kubernetes.common.metadata import LABELS, SELECTOR, Wave, kubernetes_object
from compiler.emit.kubernetes.edge import web_acl
from compiler.emit.kubernetes.edge.loads import capacity_units
from compiler.emit.names import API, host
from compiler.emit.platforms import platform
from compiler.emit.platforms.interface import Balancer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

SERVICE_PORT = 443
"""TLS ends at the load balancer, and again in the pod: nothing between the two is in clear."""


def ingress(site: Site) -> Iterator[Document]:
    """Yield the API's Service and Ingress."""
    ports = [{"name": "https", "port": SERVICE_PORT, "targetPort": "https", "protocol": "TCP"}]
    yield kubernetes_object(
        kinds.SERVICE,
        API,
        Wave.CONNECTION,
        zone="application",
        labels=LABELS,
        spec={"type": "ClusterIP", "selector": SELECTOR, "ports": ports},
    )
    cloud = platform(site.cluster)
    backend = {"service": {"name": API, "port": {"name": "https"}}}
    paths = [{"path": path, "pathType": kind, "backend": backend} for path, kind in _forwarded(site)]
    yield kubernetes_object(
        kinds.INGRESS,
        API,
        # Before the pods: the controller gates a pod's readiness only if the load balancer is there at its creation.
        Wave.CONNECTION,
        zone="application",
        labels=LABELS,
        annotations={**cloud.ingress(balancer(site)), **record(site)},
        spec={
            "ingressClassName": cloud.ingress_class,
            "rules": [{"host": site.environment.host, "http": {"paths": paths}}],
        },
    )


def _forwarded(site: Site) -> Iterator[tuple[str, str]]:
    """Yield the paths that clients reach, with the types by which they match.

    Health and metrics are for the cluster only: the load balancer checks a pod's health directly, not by a path. Nor is
    the index forwarded: the Application Gateway takes ``/`` for every path.
    """
    yield "/v1", "Prefix"
    yield "/problems", "Exact"  # to which every error refers
    if site.settings.api.documentation:
        yield "/openapi.json", "Exact"
        yield "/docs", "Prefix"


def record(site: Site) -> dict[str, str]:
    """Return the annotations for the name's record, where it is to fail over to another cluster by itself."""
    if not site.fails_over:
        return {}
    return platform(site.cluster).record(site.name, serves=site.serves)


def balancer(site: Site) -> Balancer:
    """Return the load balancer: internal, unless its declared addresses are public."""
    protection, acl = site.spec.network.protection, web_acl.name(site)
    return Balancer(
        site.spec.load_balancing.application,
        internal=all(ip_network(item).is_private for item in site.cluster.addresses.load_balancer),
        draining=draining(site),
        idle=balancer_idle(site),
        server=host(API, "application"),
        admitted=admitted(site),
        settings=site.cluster.balancers,
        firewall=site.cluster.balancers.firewall if protection.waf.enabled or protection.ddos.enabled else None,
        acl=acl,
        capacity=capacity_units(site),
    )


def admitted(site: Site) -> tuple[str, ...]:
    """Return the networks that may open connections to the load balancer; its firewall sees all of them."""
    addresses = site.environment.addresses
    vpn = addresses.vpn if "VPN" in site.spec.network.segmentation.traffic.ingress else ()
    senders = (getattr(addresses, each.addresses) or () for each in site.connectors)
    # Several connectors may send from the same ranges.
    probes = (cluster.addresses.probes or () for cluster in site.environment.clusters.values())
    return tuple(dict.fromkeys((*(addresses.clients or ()), *vpn, *chain.from_iterable((*senders, *probes)))))
