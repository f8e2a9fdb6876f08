"""The sentinels: they watch the servers of Redis, and a majority of them chooses another primary.

Sources: ``redundancy.application.failover``.
Upstream: https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.cache.pods import PASSWORD, kubernetes_config, pods
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.names import CACHE, CACHE_MASTER_GROUP, REDIS_PORT, SENTINEL

if TYPE_CHECKING:
    from compiler.emit.artifact import Document

IMAGE = "quay.io/opstree/redis-sentinel:v7.0.15"
RESOURCES = {"cpu": "100m", "memory": "128Mi"}
SENTINELS = 3
QUORUM = 2
# A primary is given up after ten seconds: until then each worker throttles by itself.
DOWN_AFTER_MILLISECONDS = 10_000
FAILOVER_TIMEOUT_MILLISECONDS = 60_000


def sentinel() -> Document:
    """Return the RedisSentinel."""
    return kubernetes_object(kinds.REDIS_SENTINEL, SENTINEL, Wave.CONNECTION, zone="data", spec=_spec())


def _spec() -> dict[str, Any]:
    return {
        "clusterSize": SENTINELS,
        **pods({"app": f"{SENTINEL}-sentinel", "role": "sentinel"}),
        "kubernetesConfig": kubernetes_config(IMAGE, RESOURCES),
        "redisSentinelConfig": {
            "redisReplicationName": CACHE,
            "masterGroupName": CACHE_MASTER_GROUP,
            "redisPort": str(REDIS_PORT),
            "quorum": str(QUORUM),
            "parallelSyncs": "1",
            "downAfterMilliseconds": str(DOWN_AFTER_MILLISECONDS),
            "failoverTimeout": str(FAILOVER_TIMEOUT_MILLISECONDS),
            "redisReplicationPassword": {"secretKeyRef": PASSWORD},
        },
    }
