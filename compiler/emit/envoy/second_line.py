"""Limits of each client in one proxy, behind which the API's own limits hold over all replicas.

A client is told by the token that it sends, which is one client's alone; without one, by its address, as the load
balancer reports it. The limits are twice the API's, so that a client within those is never refused here, also where the
API refuses some of its requests for another reason. All connectors may send from one address, and have no token.

Sources: ``load_management.throttling``, the environment's ``throttling.clients`` and ``connectors``.
Upstream: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.envoy.typed import typed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site
    from runtime.settings import Throttling

Fields = dict[str, Any]

TIMES = 2
"""How many times the API's own limits the second line admits."""

KNOWN_CLIENTS = 4096
"""The clients that are remembered; one that was forgotten begins with a full bucket."""

IPV4_PREFIX, IPV6_PREFIX = 32, 64
"""The addresses of one client, as the API tells them apart (runtime/http/clients.py)."""

TOKEN, WITHOUT_TOKEN, ADDRESS = "token", "without_token", "masked_remote_address"
_PROOF = "authorization"
_MINUTE = 60


def second_line(site: Site) -> Fields:
    """Return the HTTP filter that refuses by 429 what no client within the API's limits sends."""
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    limits = list(_limits(site))
    return typed(
        "envoy.filters.http.local_ratelimit",
        "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix="second_line",
        filter_enabled=always,
        filter_enforced=always,
        always_consume_default_token_bucket=False,
        max_dynamic_descriptors=KNOWN_CLIENTS,
        # Every second brings at least one token.
        response_headers_to_add=[
            {"header": {"key": "retry-after", "value": "1"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        ],
        descriptors=[descriptor for descriptor, _ in limits],
        rate_limits=[{"actions": actions} for _, actions in limits],
    )


def _limits(site: Site) -> Iterator[tuple[Fields, list[Fields]]]:
    """Yield each limit with the actions that find its client: of tokens where the API limits clients, of addresses."""
    throttling = site.settings.throttling
    if throttling.client:
        buckets = (throttling.client, *(item.bucket for item in throttling.clients))
        capacity = max(*(item.capacity for item in buckets), 1)
        refill = max(*(item.refill_per_minute for item in buckets), 1)
        yield (
            {"entries": [{"key": TOKEN}], "token_bucket": _bucket(capacity, refill)},
            [{"request_headers": {"header_name": _PROOF, "descriptor_key": TOKEN}}],
        )
    connector = of_connector(throttling)
    capacity = throttling.address.capacity + connector[0] * len(site.environment.connectors)
    refill = throttling.address.refill_per_minute + connector[1] * len(site.environment.connectors)
    yield (
        {
            "entries": [{"key": WITHOUT_TOKEN, "value": "true"}, {"key": ADDRESS}],
            "token_bucket": _bucket(capacity, refill),
        },
        [
            {
                "header_value_match": {
                    "descriptor_key": WITHOUT_TOKEN,
                    "descriptor_value": "true",
                    "expect_match": False,
                    "headers": [{"name": _PROOF, "present_match": True}],
                }
            },
            {ADDRESS: {"v4_prefix_mask_len": IPV4_PREFIX, "v6_prefix_mask_len": IPV6_PREFIX}},
        ],
    )


def of_connector(throttling: Throttling) -> tuple[int, int]:
    """Return the capacity and the refill of the least limit that every connector has of its own."""
    bucket = throttling.client or throttling.endpoint or throttling.address
    return bucket.capacity, bucket.refill_per_minute


def _bucket(capacity: int, refill_per_minute: int) -> Fields:
    """Return a bucket that is filled every second: the refill of a minute is rounded up to whole seconds."""
    return {
        "max_tokens": capacity * TIMES,
        "tokens_per_fill": -(-refill_per_minute * TIMES // _MINUTE),
        "fill_interval": "1s",
    }
