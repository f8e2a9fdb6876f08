"""Fields that Kubernetes and operators add to compiled objects, and that are therefore no differences.

A pattern is a path with a space between its steps, where ``*`` is any item of a list or any key. A value is the default
that is tolerated; any other value of the same field is a difference. ANY tolerates every value.
Sources: the API reference of Kubernetes and the definitions of the operators' resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compiler.live.objects import GroupKind

ANY = object()
Defaults = tuple[tuple[str, Any], ...]

METADATA: Defaults = (
    *((f"metadata {name}", ANY) for name in ("uid", "resourceVersion", "generation", "creationTimestamp")),
    ("metadata managedFields", ANY),
    ("metadata selfLink", ANY),
    ("metadata annotations argocd.argoproj.io/tracking-id", ANY),
    ("metadata labels app.kubernetes.io/instance", ANY),
    ("status", ANY),
)
"""Of every object: the server's own bookkeeping, and the mark of Argo CD."""

_PROBE: Defaults = (
    ("httpGet scheme", "HTTP"),
    ("periodSeconds", 10),
    ("timeoutSeconds", 1),
    ("successThreshold", 1),
    ("failureThreshold", 3),
)
_VOLUMES: Defaults = (
    ("configMap defaultMode", 420),
    ("secret defaultMode", 420),
    ("projected defaultMode", 420),
    ("projected sources * serviceAccountToken expirationSeconds", 3600),
)
_CONTAINER: Defaults = (
    ("terminationMessagePath", "/dev/termination-log"),
    ("terminationMessagePolicy", "File"),
    ("imagePullPolicy", "IfNotPresent"),
    ("resources", {}),
    ("ports * protocol", "TCP"),
    ("env * valueFrom fieldRef apiVersion", "v1"),
    *(
        (f"{probe} {path}", value)
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
        for path, value in _PROBE
    ),
)
_POD: Defaults = (
    ("metadata creationTimestamp", None),
    ("spec restartPolicy", "Always"),
    ("spec dnsPolicy", "ClusterFirst"),
    ("spec schedulerName", "default-scheduler"),
    ("spec terminationGracePeriodSeconds", 30),
    ("spec securityContext", {}),
    ("spec serviceAccount", ANY),  # the old name of serviceAccountName, which the server keeps equal to it
    *((f"spec volumes * {path}", value) for path, value in _VOLUMES),
    *(
        (f"spec {containers} * {path}", value)
        for containers in ("containers", "initContainers")
        for path, value in _CONTAINER
    ),
)


def _below(prefix: str, defaults: Defaults) -> Defaults:
    return tuple((f"{prefix} {path}", value) for path, value in defaults)


DEFAULTS: dict[GroupKind, Defaults] = {
    ("", "Namespace"): (
        ("metadata labels kubernetes.io/metadata.name", ANY),  # the server keeps it equal to the name
        ("spec finalizers", ["kubernetes"]),
    ),
    ("", "Service"): (
        ("spec clusterIP", ANY),
        ("spec clusterIPs", ANY),
        ("spec healthCheckNodePort", ANY),
        ("spec ipFamilies", ANY),
        ("spec ipFamilyPolicy", "SingleStack"),
        ("spec internalTrafficPolicy", "Cluster"),
        ("spec externalTrafficPolicy", "Cluster"),
        ("spec sessionAffinity", "None"),
        ("spec type", "ClusterIP"),
        ("spec ports * protocol", "TCP"),
        ("spec ports * targetPort", ANY),
        ("spec ports * nodePort", ANY),
        ("metadata finalizers", ["service.kubernetes.io/load-balancer-cleanup"]),
    ),
    ("apps", "Deployment"): (
        ("metadata annotations deployment.kubernetes.io/revision", ANY),
        ("spec progressDeadlineSeconds", 600),
        *_below("spec template", _POD),
    ),
    ("apps", "DaemonSet"): (
        ("metadata annotations deprecated.daemonset.template.generation", ANY),
        ("spec revisionHistoryLimit", 10),
        ("spec updateStrategy rollingUpdate maxSurge", 0),
        *_below("spec template", _POD),
    ),
    ("autoscaling", "HorizontalPodAutoscaler"): (("spec behavior scaleUp tolerance", "0"),),
    ("batch", "CronJob"): (
        ("spec suspend", False),
        ("spec jobTemplate metadata creationTimestamp", None),
        ("spec jobTemplate metadata", {}),
        *_below("spec jobTemplate spec template", _POD),
    ),
    ("batch", "Job"): (
        ("spec completionMode", "NonIndexed"),
        ("spec completions", 1),
        ("spec parallelism", 1),
        ("spec suspend", False),
        ("spec manualSelector", False),
        ("spec podReplacementPolicy", "TerminatingOrFailed"),
        ("metadata finalizers", ["argocd.argoproj.io/hook-finalizer"]),
        ("spec selector", ANY),
        *_below("spec template", (*_POD, ("metadata labels *", ANY))),
    ),
    ("networking.k8s.io", "Ingress"): (
        ("metadata finalizers", ["ingress.k8s.aws/resources"]),
        ("spec rules * http paths * pathType", "Prefix"),
    ),
    ("networking.k8s.io", "NetworkPolicy"): (
        ("spec ingress * ports * protocol", "TCP"),
        ("spec egress * ports * protocol", "TCP"),
    ),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (
        ("subjects * apiGroup", "rbac.authorization.k8s.io"),
        ("subjects * apiGroup", ""),
    ),
    ("rbac.authorization.k8s.io", "RoleBinding"): (("subjects * apiGroup", "rbac.authorization.k8s.io"),),
    ("storage.k8s.io", "StorageClass"): (("volumeBindingMode", "Immediate"), ("reclaimPolicy", "Delete")),
    ("storage.k8s.io", "VolumeAttributesClass"): (("metadata finalizers", ["kubernetes.io/vac-protection"]),),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): (
        ("spec matchConstraints matchPolicy", "Equivalent"),
        ("spec matchConstraints namespaceSelector", {}),
        ("spec matchConstraints objectSelector", {}),
        ("spec matchConstraints resourceRules * scope", "*"),
        ("spec failurePolicy", "Fail"),
    ),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): (
        ("spec matchResources matchPolicy", "Equivalent"),
        ("spec matchResources namespaceSelector", {}),
        ("spec matchResources objectSelector", {}),
    ),
    ("postgresql.cnpg.io", "Cluster"): (
        ("metadata annotations cnpg.io/*", ANY),
        ("spec bootstrap initdb encoding", "UTF8"),
        ("spec bootstrap initdb localeCollate", "C"),
        ("spec bootstrap initdb localeCType", "C"),
        ("spec failoverDelay", 0),
        ("spec logLevel", "info"),
        ("spec maxSyncReplicas", 0),
        ("spec minSyncReplicas", 0),
        ("spec maxStopDelay", 1800),
        ("spec startDelay", 3600),
        ("spec stopDelay", 1800),
        ("spec smartShutdownTimeout", 180),
        ("spec switchoverDelay", 3600),
        ("spec postgresGID", 26),
        ("spec postgresUID", 26),
        ("spec replicationSlots highAvailability enabled", True),
        ("spec replicationSlots highAvailability slotPrefix", "_cnpg_"),
        ("spec replicationSlots synchronizeReplicas enabled", True),
        ("spec replicationSlots updateInterval", 30),
        ("spec monitoring customQueriesConfigMap", [{"key": "queries", "name": "cnpg-default-monitoring"}]),
        ("spec monitoring disableDefaultQueries", False),
        ("spec monitoring enablePodMonitor", False),
        ("spec enablePDB", True),
        ("spec resources", {}),
        ("spec managed roles * ensure", "present"),
        ("spec managed roles * inherit", True),
        ("spec managed roles * connectionLimit", -1),
        ("spec managed services additional * updateStrategy", "patch"),
        ("spec plugins * enabled", True),
        ("spec plugins * isWALArchiver", False),
        ("spec externalClusters * plugin enabled", True),
        ("spec externalClusters * plugin isWALArchiver", False),
        ("spec backup target", "prefer-standby"),
        ("spec backup volumeSnapshot online", True),
        ("spec backup volumeSnapshot onlineConfiguration immediateCheckpoint", False),
        ("spec backup volumeSnapshot onlineConfiguration waitForArchive", True),
        ("spec backup volumeSnapshot snapshotOwnerReference", "none"),
        ("spec probes liveness isolationCheck enabled", True),
        ("spec probes liveness isolationCheck requestTimeout", 1000),
        ("spec probes liveness isolationCheck connectionTimeout", 1000),
        ("spec postgresql syncReplicaElectionConstraint enabled", False),
        # The operator's defaults for PostgreSQL: its webhook writes them beside the parameters that are stated.
        *(
            (f"spec postgresql parameters {name}", value)
            for name, value in {
                "archive_mode": "on",
                "archive_timeout": "5min",
                "dynamic_shared_memory_type": "posix",
                "full_page_writes": "on",
                "log_destination": "csvlog",
                "log_directory": "/controller/log",
                "log_filename": "postgres",
                "log_rotation_age": "0",
                "log_rotation_size": "0",
                "log_truncate_on_rotation": "false",
                "logging_collector": "on",
                "max_parallel_workers": "32",
                "max_replication_slots": "32",
                "max_worker_processes": "32",
                "shared_memory_type": "mmap",
                "shared_preload_libraries": "",
                "ssl_max_protocol_version": "TLSv1.3",
                "ssl_min_protocol_version": "TLSv1.3",
                "wal_keep_size": "512MB",
                "wal_level": "logical",
                "wal_log_hints": "on",
                "wal_receiver_timeout": "5s",
                "wal_sender_timeout": "5s",
            }.items()
        ),
    ),
    ("postgresql.cnpg.io", "Database"): (
        ("metadata finalizers", ["cnpg.io/deleteDatabase"]),
        ("spec databaseReclaimPolicy", "retain"),
        ("spec ensure", "present"),
    ),
    ("postgresql.cnpg.io", "DatabaseRole"): (
        ("metadata finalizers", ["cnpg.io/deleteRole"]),
        ("spec ensure", "present"),
    ),
    ("postgresql.cnpg.io", "Pooler"): (
        ("spec pgbouncer paused", False),
        ("spec pgbouncer poolMode", "session"),
        ("spec template metadata creationTimestamp", None),
    ),
    ("postgresql.cnpg.io", "ScheduledBackup"): (
        ("spec suspend", False),
        ("spec target", "prefer-standby"),
        ("spec pluginConfiguration parameters", {}),
    ),
    ("redis.redis.opstreelabs.in", "RedisReplication"): (
        ("metadata finalizers", ["redisReplicationFinalizer"]),
        ("spec kubernetesConfig service serviceType", "ClusterIP"),
        ("spec kubernetesConfig service enabled", True),
        ("spec sentinel", ANY),
    ),
    ("redis.redis.opstreelabs.in", "RedisSentinel"): (
        ("metadata finalizers", ["redisSentinelFinalizer"]),
        ("spec redisSentinelConfig redisPort", "6379"),
        ("spec redisSentinelConfig quorum", "2"),
        ("spec redisSentinelConfig parallelSyncs", "1"),
        ("spec redisSentinelConfig failoverTimeout", "10000"),
        ("spec redisSentinelConfig downAfterMilliseconds", "5000"),
        ("spec redisSentinelConfig resolveHostnames", "no"),
        ("spec redisSentinelConfig announceHostnames", "no"),
    ),
    ("external-secrets.io", "ExternalSecret"): (
        ("metadata finalizers", ["externalsecrets.external-secrets.io/externalsecret-cleanup"]),
        ("spec refreshPolicy", "Periodic"),
        ("spec refreshInterval", "1h0m0s"),
        ("spec target creationPolicy", "Owner"),
        ("spec target deletionPolicy", "Retain"),
        ("spec target template engineVersion", "v2"),
        ("spec target template mergePolicy", "Replace"),
        ("spec target template metadata", {}),
        *((f"spec {source} conversionStrategy", "Default") for source in ("data * remoteRef", "dataFrom * extract")),
        *((f"spec {source} decodingStrategy", "None") for source in ("data * remoteRef", "dataFrom * extract")),
        *((f"spec {source} metadataPolicy", "None") for source in ("data * remoteRef", "dataFrom * extract")),
        *((f"spec {source} nullBytePolicy", "Ignore") for source in ("data * remoteRef", "dataFrom * extract")),
    ),
    ("external-secrets.io", "SecretStore"): (
        ("spec provider vault version", "v2"),
        ("spec provider vault auth kubernetes mountPath", "kubernetes"),
        ("spec provider kubernetes server url", "kubernetes.default"),
    ),
    ("keda.sh", "ScaledObject"): (
        ("metadata finalizers", ["finalizer.keda.sh"]),
        ("metadata labels scaledobject.keda.sh/name", ANY),
        ("spec triggers * metricType", "AverageValue"),
    ),
    ("cert-manager.io", "Certificate"): (("spec issuerRef group", "cert-manager.io"),),
    ("wafv2.services.k8s.aws", "WebACL"): (("metadata finalizers", ["finalizers.wafv2.services.k8s.aws/WebACL"]),),
}
"""Defaults by the kind of the object."""

SCALERS = ("kube-controller-manager", "horizontal-pod-autoscaler", "keda", "keda-operator")
"""Managers that may write the fields which Argo CD leaves to others: the autoscalers."""
APPLIERS = ("argocd-controller",)
"""The field manager under which Argo CD applies."""
