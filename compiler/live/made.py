"""The kinds of objects that controllers and operators make for an object, which are therefore no strays.

Sources: the controllers of Kubernetes, and the operators' documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.live.objects import GroupKind

MAKES: dict[GroupKind, tuple[GroupKind, ...]] = {
    ("", "Service"): (("discovery.k8s.io", "EndpointSlice"),),
    ("", "Pod"): (("cilium.io", "CiliumEndpoint"), ("", "PersistentVolumeClaim")),
    ("apps", "Deployment"): (("apps", "ReplicaSet"),),
    ("apps", "ReplicaSet"): (("", "Pod"),),
    ("apps", "StatefulSet"): (("", "Pod"), ("apps", "ControllerRevision"), ("", "PersistentVolumeClaim")),
    ("apps", "DaemonSet"): (("", "Pod"), ("apps", "ControllerRevision")),
    ("batch", "CronJob"): (("batch", "Job"),),
    ("batch", "Job"): (("", "Pod"),),
    ("networking.k8s.io", "NetworkPolicy"): (("networking.k8s.aws", "PolicyEndpoint"),),
    ("postgresql.cnpg.io", "Cluster"): (
        *(("", kind) for kind in ("Pod", "PersistentVolumeClaim", "Service", "Secret", "ConfigMap", "ServiceAccount")),
        *(("rbac.authorization.k8s.io", kind) for kind in ("Role", "RoleBinding")),
        ("batch", "Job"),
        ("policy", "PodDisruptionBudget"),
        ("postgresql.cnpg.io", "FailoverQuorum"),
        ("postgresql.cnpg.io", "Backup"),
        ("snapshot.storage.k8s.io", "VolumeSnapshot"),
        ("coordination.k8s.io", "Lease"),
    ),
    ("postgresql.cnpg.io", "Pooler"): (
        *(("", kind) for kind in ("Service", "Secret", "ServiceAccount")),
        *(("rbac.authorization.k8s.io", kind) for kind in ("Role", "RoleBinding")),
        ("apps", "Deployment"),
    ),
    ("postgresql.cnpg.io", "ScheduledBackup"): (("postgresql.cnpg.io", "Backup"),),
    ("postgresql.cnpg.io", "Backup"): (("snapshot.storage.k8s.io", "VolumeSnapshot"),),
    ("redis.redis.opstreelabs.in", "RedisReplication"): (
        ("apps", "StatefulSet"),
        *(("", kind) for kind in ("Service", "ConfigMap")),
        ("policy", "PodDisruptionBudget"),
    ),
    ("redis.redis.opstreelabs.in", "RedisSentinel"): (
        ("apps", "StatefulSet"),
        *(("", kind) for kind in ("Service", "ConfigMap")),
        ("policy", "PodDisruptionBudget"),
    ),
    ("external-secrets.io", "ExternalSecret"): (("", "Secret"),),
    ("cert-manager.io", "Certificate"): (("", "Secret"), ("cert-manager.io", "CertificateRequest")),
    ("keda.sh", "ScaledObject"): (("autoscaling", "HorizontalPodAutoscaler"),),
}
"""The kinds that controllers make for an object, which owns them: an owner of another kind is a pretence."""
