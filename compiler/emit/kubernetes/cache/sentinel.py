"""Sentinels, which watch the Redis servers, and of which a majority chooses another primary.

Sources: ``redundancy.application.failover``, ``containers.images``.
Upstream: https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.cache.pods import PASSWORD, SENTINELS, kubernetes_config, pods
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.common.resources import MEBIBYTE, guaranteed
from compiler.emit.names import CACHE, CACHE_MASTER_GROUP, REDIS_PORT, SENTINEL
from compiler.emit.text import number
from compiler.model.units import Cores

if TYPE_CHECKING:
    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

RESOURCES = guaranteed(Cores(100), MEBIBYTE * 128)
QUORUM = 2
# A primary counts as failed after ten seconds: until then each worker throttles by itself.
DOWN_AFTER_MILLISECONDS = 10_000
FAILOVER_TIMEOUT_MILLISECONDS = 60_000


def sentinel(site: Site) -> Document:
    """Return the RedisSentinel."""
    return kubernetes_object(kinds.REDIS_SENTINEL, SENTINEL, Wave.CONNECTION, zone="data", spec=_spec(site))


def _spec(site: Site) -> dict[str, Any]:
    return {
        "clusterSize": SENTINELS,
        **pods(site, {"app": f"{SENTINEL}-sentinel", "role": "sentinel"}),
        "kubernetesConfig": kubernetes_config(site, RESOURCES),
        "redisSentinelConfig": {
            "redisReplicationName": CACHE,
            "masterGroupName": CACHE_MASTER_GROUP,
            "redisPort": number(REDIS_PORT),
            "quorum": number(QUORUM),
            "parallelSyncs": "1",
            "downAfterMilliseconds": number(DOWN_AFTER_MILLISECONDS),
            "failoverTimeout": number(FAILOVER_TIMEOUT_MILLISECONDS),
            "redisReplicationPassword": {"secretKeyRef": PASSWORD},
        },
    }
