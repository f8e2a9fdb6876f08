"""The commands to try first; that they work is tried on the running service."""

from __future__ import annotations

import pytest

from runtime.embedded.guide import READ, requests_to_denial
from runtime.settings import Bucket, RouteLimit, Throttling

WIDE = Bucket(capacity=10_000, refill_per_minute=10_000)


@pytest.mark.parametrize(
    ("client", "endpoint", "requests"), [(400, 100, 160), (100, None, 160), (None, 40, 70), (None, None, None)]
)
def test_the_smallest_bucket_decides_how_many_reads_see_a_denial(
    client: int | None, endpoint: int | None, requests: int | None
) -> None:
    throttling = Throttling(address=WIDE, client=bucket(client), endpoint=bucket(endpoint), routes=(), replicas=1)
    assert requests_to_denial(throttling) == requests


def bucket(capacity: int | None) -> Bucket | None:
    """A bucket, or none."""
    return None if capacity is None else Bucket(capacity=capacity, refill_per_minute=1)


def test_the_routes_own_bucket_replaces_the_common_one() -> None:
    routes = (RouteLimit(route=READ, bucket=Bucket(capacity=10, refill_per_minute=1)),)
    throttling = Throttling(address=WIDE, client=bucket(400), endpoint=bucket(100), routes=routes, replicas=1)
    assert requests_to_denial(throttling) == 25
