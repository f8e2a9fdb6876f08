"""Every kind of object that is emitted, and what has to run in a cluster before it can be applied there.

Emitters name kinds by this table alone, so that what Argo CD may create, the schemas that judge, and the page of what a
cluster must have (``bootstrap``) cannot say anything else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provider:
    """What brings kinds to a cluster: an operator with its custom resources, or Kubernetes itself."""

    name: str
    least: str
    """The first version with everything that the emitted objects ask of it."""
    reason: str
    """Why not an older one."""
    page: str
    """Where it is documented."""
    namespace: str = ""
    """Where it runs: network policies let it reach what it manages."""


KUBERNETES = Provider("Kubernetes", "1.34", "a pod may sleep before it stops", "https://kubernetes.io/releases/")
ARGO_CD = Provider(
    "Argo CD",
    "3.3",
    "a project names the objects that it may create",
    "https://argo-cd.readthedocs.io/en/stable/",
    "argocd",
)
CLOUDNATIVE_PG = Provider(
    "CloudNativePG",
    "1.28.4",
    "the number of instances can be scaled from outside",
    "https://cloudnative-pg.io/documentation/current/",
    "cnpg-system",
)
BARMAN_CLOUD = Provider(
    "Barman Cloud plugin",
    "0.7.0",
    "backups and the log archive by a plugin of CloudNativePG",
    "https://cloudnative-pg.io/plugin-barman-cloud/",
    "cnpg-system",
)
REDIS_OPERATOR = Provider(
    "Redis operator",
    "0.26.0",
    "replication under sentinels that know its password, over TLS",
    "https://redis-operator.opstree.dev/",
    "redis-operator",
)
EXTERNAL_SECRETS = Provider(
    "External Secrets", "0.17.0", "the API version v1", "https://external-secrets.io/latest/", "external-secrets"
)
CERT_MANAGER = Provider(
    "cert-manager",
    "1.15.0",
    "tokens of service accounts for the audiences that Vault is shown",
    "https://cert-manager.io/docs/",
    "cert-manager",
)
PROMETHEUS = Provider(
    "Prometheus operator",
    "0.79.0",
    "ports by their number; an instance `prometheus-operated` that takes the monitors of every zone",
    "https://prometheus-operator.dev/",
    "cbp-management",
)
KEDA = Provider("KEDA", "2.17.0", "triggers of Prometheus and CPU on one object", "https://keda.sh/docs/", "keda")
SNAPSHOTS = Provider(
    "CSI snapshot controller",
    "8.0.0",
    "volume snapshots v1",
    "https://kubernetes-csi.github.io/docs/snapshot-controller.html",
    "kube-system",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object as a manifest names it."""

    api_version: str
    name: str
    provider: Provider = KUBERNETES
    namespaced: bool = True

    @property
    def group(self) -> str:
        """The API group; empty for Kubernetes' core."""
        return self.api_version.rpartition("/")[0]

    @property
    def plural(self) -> str:
        """The name of the resource, by which roles give rights to it: ``networkpolicies`` of ``NetworkPolicy``."""
        name = self.name.lower()
        return f"{name[:-1]}ies" if name.endswith("cy") else f"{name}es" if name.endswith("s") else f"{name}s"


CONFIG_MAP = Kind("v1", "ConfigMap")
NAMESPACE = Kind("v1", "Namespace", namespaced=False)
RESOURCE_QUOTA = Kind("v1", "ResourceQuota")
SERVICE = Kind("v1", "Service")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount")
DEPLOYMENT = Kind("apps/v1", "Deployment")
HORIZONTAL_POD_AUTOSCALER = Kind("autoscaling/v2", "HorizontalPodAutoscaler")
CRON_JOB = Kind("batch/v1", "CronJob")
INGRESS = Kind("networking.k8s.io/v1", "Ingress")
NETWORK_POLICY = Kind("networking.k8s.io/v1", "NetworkPolicy")
POD_DISRUPTION_BUDGET = Kind("policy/v1", "PodDisruptionBudget")
CLUSTER_ROLE_BINDING = Kind("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", namespaced=False)
ROLE = Kind("rbac.authorization.k8s.io/v1", "Role")
ROLE_BINDING = Kind("rbac.authorization.k8s.io/v1", "RoleBinding")
STORAGE_CLASS = Kind("storage.k8s.io/v1", "StorageClass", namespaced=False)
APPLICATION_SET = Kind("argoproj.io/v1alpha1", "ApplicationSet", ARGO_CD)
APP_PROJECT = Kind("argoproj.io/v1alpha1", "AppProject", ARGO_CD)
POSTGRES_CLUSTER = Kind("postgresql.cnpg.io/v1", "Cluster", CLOUDNATIVE_PG)
POSTGRES_DATABASE = Kind("postgresql.cnpg.io/v1", "Database", CLOUDNATIVE_PG)
POOLER = Kind("postgresql.cnpg.io/v1", "Pooler", CLOUDNATIVE_PG)
SCHEDULED_BACKUP = Kind("postgresql.cnpg.io/v1", "ScheduledBackup", CLOUDNATIVE_PG)
OBJECT_STORE = Kind("barmancloud.cnpg.io/v1", "ObjectStore", BARMAN_CLOUD)
REDIS_REPLICATION = Kind("redis.redis.opstreelabs.in/v1beta2", "RedisReplication", REDIS_OPERATOR)
REDIS_SENTINEL = Kind("redis.redis.opstreelabs.in/v1beta2", "RedisSentinel", REDIS_OPERATOR)
EXTERNAL_SECRET = Kind("external-secrets.io/v1", "ExternalSecret", EXTERNAL_SECRETS)
SECRET_STORE = Kind("external-secrets.io/v1", "SecretStore", EXTERNAL_SECRETS)
CERTIFICATE = Kind("cert-manager.io/v1", "Certificate", CERT_MANAGER)
ISSUER = Kind("cert-manager.io/v1", "Issuer", CERT_MANAGER)
POD_MONITOR = Kind("monitoring.coreos.com/v1", "PodMonitor", PROMETHEUS)
SCALED_OBJECT = Kind("keda.sh/v1alpha1", "ScaledObject", KEDA)
VOLUME_SNAPSHOT_CLASS = Kind("snapshot.storage.k8s.io/v1", "VolumeSnapshotClass", SNAPSHOTS, namespaced=False)

KINDS = tuple(value for value in tuple(globals().values()) if isinstance(value, Kind))
"""Every kind, in the order of this file."""
