"""A worker's own buckets: their number is bounded, and none that is not full is forgotten."""

from __future__ import annotations

from runtime.routes import THROTTLED
from runtime.services.limits import limits_by_endpoint
from runtime.services.local_buckets import COMMON, PRUNED, LocalBuckets
from runtime.settings import Bucket, Throttling

SECOND = 1_000_000
BUCKET = Bucket(capacity=8, refill_per_minute=60)
LIMITS = limits_by_endpoint(
    Throttling(address=BUCKET, client=BUCKET, endpoint=None, routes=(), replicas=1), THROTTLED, 2
)["GET /v1/settings"]


def flood(buckets: LocalBuckets, client: str, now: int = 0) -> int:
    """Take until denied; return how many tokens there were."""
    taken = 0
    while not any(buckets.take(LIMITS, client, now).waits):
        taken += 1
    return taken


def test_clients_beyond_the_bound_share_a_few_common_buckets() -> None:
    buckets = LocalBuckets(most=100)
    admitted = [flood(buckets, f"client {n}") for n in range(5_000)]
    assert admitted[:100] == [4] * 100
    assert sum(admitted[100:]) == 4 * COMMON
    assert len(buckets) == 100 + COMMON


def test_no_client_comes_to_a_full_bucket_because_others_came() -> None:
    buckets = LocalBuckets(most=100)
    for n in range(5_000):
        flood(buckets, f"client {n}")
    assert sum(flood(buckets, f"client {n}") for n in range(5_000)) == 0


def test_buckets_that_are_full_again_make_room() -> None:
    buckets = LocalBuckets(most=PRUNED * 3)
    for n in range(PRUNED * 3):
        buckets.take(LIMITS, f"client {n}", now=0 if n % 2 else 10 * SECOND)
    for _ in range(3):
        buckets.prune(10 * SECOND)
    assert len(buckets) == PRUNED * 3 // 2
    for _ in range(3):
        buckets.prune(20 * SECOND)
    assert len(buckets) == 0
