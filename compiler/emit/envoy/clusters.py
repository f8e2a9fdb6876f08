"""The servers that the proxy connects to: the API beside it, and its own administration.

The API is one server, so that none is ever put aside for its errors: its health is asked for, and a request meets a
refusal at once while it does not answer.

Sources: ``load_balancing.application.health_check``, ``load_balancing.database.connection_timeout``,
``containers.application``.
Upstream: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.envoy.ports import LOOPBACK, admin_port
from compiler.emit.envoy.timeouts import server_idle
from compiler.emit.envoy.typed import message
from compiler.emit.settings import RETRY_BUDGET, RETRY_BUDGET_PERCENT
from compiler.emit.text import seconds

if TYPE_CHECKING:
    from compiler.emit.site import Site

Fields = dict[str, Any]

API, ADMIN = "api", "admin"

WORKER_REQUESTS = 1024 + 128
"""The requests that one worker of the API takes at once, verified or not: the bounds of runtime/services/intake.py."""

BUFFER_BYTES = 32768
"""The bytes that are read ahead of the slower side of a connection."""

RECOVERY = "1s"
"""The time between two checks of an API that does not answer: it may just be starting."""

_BUDGET = {"budget_percent": {"value": RETRY_BUDGET_PERCENT}, "min_retry_concurrency": RETRY_BUDGET}
"""The repetitions that may be in progress: a part of all requests, and a few where there are few."""

_PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def clusters(site: Site) -> list[Fields]:
    """Return the API, with its circuit breakers and health checks, and the administration."""
    return [_api(site), _local(ADMIN, admin_port(site), site)]


def _api(site: Site) -> Fields:
    most = site.settings.process.workers * WORKER_REQUESTS
    options = message(
        _PROTOCOL,
        common_http_protocol_options={"idle_timeout": seconds(server_idle(site))},
        explicit_http_config={"http_protocol_options": {}},
    )
    return {
        **_local(API, site.settings.process.port, site),
        # The one server that there is gets no request while it is known not to answer.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "circuit_breakers": {
            "thresholds": [
                {
                    # The protocol is HTTP/1.1: each request in progress has a connection.
                    "max_connections": most,
                    "max_pending_requests": most,
                    "max_requests": most,
                    "retry_budget": _BUDGET,
                    "track_remaining": True,
                }
            ]
        },
        "health_checks": [_check(site)],
        "typed_extension_protocol_options": {_PROTOCOL: options},
    }


def _check(site: Site) -> Fields:
    """Return the check of the API's health, as the load balancer checks the pod."""
    stated = site.spec.load_balancing.application.health_check
    interval = seconds(stated.interval)
    return {
        "timeout": seconds(stated.timeout),
        "interval": interval,
        "unhealthy_interval": RECOVERY,
        # Before the first request, as after a start: the proxy is there before the API.
        "no_traffic_interval": RECOVERY,
        "no_traffic_healthy_interval": interval,
        "unhealthy_threshold": stated.unhealthy_threshold,
        "healthy_threshold": stated.healthy_threshold,
        "http_health_check": {"path": site.settings.process.health_path},
    }


def _local(name: str, port: int, site: Site) -> Fields:
    address = {"socket_address": {"address": LOOPBACK, "port_value": port}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": seconds(site.spec.load_balancing.database.connection_timeout),
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }
