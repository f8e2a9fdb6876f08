"""Valkey, a server of the Redis protocol: one primary and two replicas, their configuration, password and sentinels.

It holds the token buckets of throttling, each until it is full again, and copies of data in PostgreSQL.

Sources: ``storage.cache``, ``auto_scaling.database.storage``, ``containers.images``.
Upstream: https://redis-operator.opstree.dev/docs/crd-reference/
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.cache.pods import NODES, kubernetes_config, pods
from compiler.emit.kubernetes.cache.sentinel import sentinel
from compiler.emit.kubernetes.cluster.data_secrets import DATA_STORE
from compiler.emit.kubernetes.cluster.external_secrets import PASSWORD, SECRET_REFRESH, external_secret, kept
from compiler.emit.kubernetes.common.access import service_account
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.common.pod_security import CONTAINER
from compiler.emit.kubernetes.common.resources import GIBIBYTE, MEBIBYTE, guaranteed
from compiler.emit.kubernetes.common.volume_growth import growing
from compiler.emit.names import CACHE, CACHE_VOLUMES, REDIS_METRICS_PORT
from compiler.emit.text import quantity
from compiler.emit.vault.paths import vault_paths
from compiler.model.units import Cores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

# A million buckets take about 200 MB. The rest is for the copy that Redis makes while it rewrites its log.
RESOURCES = guaranteed(Cores(1000), GIBIBYTE * 2)
MEMORY_PERCENT = 60
EXPORTER_RESOURCES = guaranteed(Cores(100), MEBIBYTE * 64)
_CONFIGURATION_FILE = "redis-additional.conf"


def redis(site: Site) -> Iterator[Document]:
    """Yield the RedisReplication, its configuration and password, the sentinels, and their ServiceAccount."""
    text = _configuration(site)
    yield service_account(CACHE, "data")
    yield kubernetes_object(kinds.CONFIG_MAP, CACHE, Wave.DATA, zone="data", data={_CONFIGURATION_FILE: text})
    yield kubernetes_object(
        kinds.REDIS_REPLICATION,
        CACHE,
        Wave.DATA,
        zone="data",
        annotations=_growth(site),
        spec=_replication(site, hashlib.sha256(text.encode()).hexdigest()),
    )
    yield sentinel(site)
    password = kept(vault_paths(site).cache, PASSWORD, PASSWORD)
    yield external_secret(CACHE, DATA_STORE, [password], Wave.ACCESS, refresh=SECRET_REFRESH)


def _growth(site: Site) -> dict[str, str]:
    """Return the annotations for volume growth; the operator copies the resource's annotations to its claims."""
    persistent = site.spec.storage.cache.persistence.enabled
    return growing(site, site.spec.storage.cache.size.max, group_by="app") if persistent else {}


def _configuration(site: Site) -> str:
    persistent = site.spec.storage.cache.persistence.enabled
    return "\n".join(
        (
            # Redis evicts the key that expires soonest, such as a bucket that is nearly full; others stay for good.
            "maxmemory-policy volatile-ttl",
            # A primary that reaches no replica refuses writes, which a failover would lose.
            "min-replicas-to-write 1",
            "min-replicas-max-lag 10",
            *(("appendonly yes", "appendfsync everysec") if persistent else ("appendonly no", 'save ""')),
            "",
        )
    )


def _replication(site: Site, digest: str) -> dict[str, Any]:
    return {
        "clusterSize": NODES,
        **pods(site, {"app": CACHE, "role": "replication"}),
        "kubernetesConfig": kubernetes_config(site, RESOURCES),
        "redisConfig": {"additionalRedisConfig": CACHE, "maxMemoryPercentOfLimit": MEMORY_PERCENT},
        # The servers read their configuration at their start: a changed one has to restart the pods.
        "env": [{"name": "CONFIGURATION_SHA256", "value": digest}],
        "redisExporter": {
            "enabled": True,
            "image": site.spec.containers.images.exporter.reference,
            "port": REDIS_METRICS_PORT,
            "resources": EXPORTER_RESOURCES.fields,
            "securityContext": CONTAINER,
        },
        **_storage(site),
    }


def _storage(site: Site) -> dict[str, Any]:
    storage = site.spec.storage.cache
    if not storage.persistence.enabled:
        # A replica writes what it receives of its primary to a file first.
        scratch = {"volume": [{"name": "data", "emptyDir": {}}], "mountPath": [{"name": "data", "mountPath": "/data"}]}
        return {"storage": {"volumeMount": scratch}}
    claim = {
        "storageClassName": CACHE_VOLUMES,
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": quantity(storage.size.initial)}},
    }
    return {"storage": {"keepAfterDelete": True, "volumeClaimTemplate": {"spec": claim}}}
