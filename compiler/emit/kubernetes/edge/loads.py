"""Numbers of the edge: the requests of one address that the API may admit, and the load that a balancer is ready for.

Sources: ``load_management.throttling``, ``network.protection.ddos``, ``compute.application_tier.instances.max``,
``auto_scaling.application.triggers.requests``, the environment's ``throttling`` and ``connectors``, the cluster's
``zones``.
Upstream: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/capacity-unit-reservation.html,
https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-high-level-settings.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from compiler.emit.envoy.second_line import TIMES, of_connector
from runtime.settings import Route

if TYPE_CHECKING:
    from compiler.emit.site import Site
    from runtime.settings import Bucket, Throttling

WINDOW_SECONDS = 60
"""The window in which the firewall counts: that of the API's own limits, and the shortest that AWS WAF has."""

LEAST_REQUESTS, MOST_REQUESTS = 10, 2_000_000_000
"""The range of AWS WAF for the requests of one address in a window."""

CONNECTIONS_OF_A_UNIT = 25
"""New connections a second that one capacity unit of an Application Load Balancer takes."""

LEAST_UNITS = 100
"""The smallest reservation of capacity units that Amazon accepts."""


def requests_of_an_address(site: Site) -> int:
    """Return the requests of one address in a minute from which on the firewall refuses.

    Twice what the API admits of all clients that one address may stand for, as in the proxy: a request that the API
    refuses is counted here, too.
    """
    throttling = site.settings.throttling
    capacity, refill = of_connector(throttling)
    admitted = (
        quota(throttling.address)
        + _of_a_client(throttling) * site.environment.throttling.clients_of_an_address
        + (capacity + refill) * len(site.environment.connectors)
    )
    return min(max(admitted * TIMES, LEAST_REQUESTS), MOST_REQUESTS)


def quota(bucket: Bucket) -> int:
    """Return the most requests that a bucket admits in any minute."""
    return bucket.capacity + bucket.refill_per_minute


def _of_a_client(throttling: Throttling) -> int:
    """Return the most requests of one client in a minute: over all routes, or at each where those alone are limited."""
    if throttling.client:
        return max(quota(item) for item in (throttling.client, *(item.bucket for item in throttling.clients)))
    return quota(throttling.endpoint or throttling.address) * len(get_args(Route))


def capacity_units(site: Site) -> int:
    """Return the capacity units that the load balancer never falls below; 0 where it reserves none.

    They take the requests that all pods together are scaled for, in a burst, each over a connection of its own, without
    the zone that is lost.
    """
    ddos = site.spec.network.protection.ddos
    if not (ddos.enabled and ddos.auto_scale):
        return 0
    limits = site.spec.load_management.throttling.limits
    scaled = site.spec.compute.application_tier.instances.max
    scaled *= site.spec.auto_scaling.application.triggers.requests.target.per_minute
    zones = len(site.cluster.zones)
    left = max(zones - 1, 1)
    connections = scaled * limits.burst.per_minute * zones
    unit = CONNECTIONS_OF_A_UNIT * WINDOW_SECONDS * max(limits.default.per_minute, 1) * left
    return max(LEAST_UNITS, -(-connections // unit))
