"""Kinds of the emitted objects, each with the provider that installs it in a cluster.

Emitters take kinds from this table alone, so that the kinds that Argo CD may create, the schemas, and the page of
a cluster's requirements (``bootstrap``) agree with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from compiler.emit.providers import (
    ACK_WAF,
    ARGO_CD,
    BARMAN_CLOUD,
    CERT_MANAGER,
    CLOUDNATIVE_PG,
    EXTERNAL_SECRETS,
    KEDA,
    KUBERNETES,
    PROMETHEUS,
    REDIS_OPERATOR,
    SNAPSHOTS,
    VPA_RECOMMENDER,
    Provider,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object, as a manifest names it."""

    api_version: str
    name: str
    provider: Provider = KUBERNETES
    namespaced: bool = True

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def plural(self) -> str:
        """The name of the resource in roles: ``networkpolicies`` for ``NetworkPolicy``."""
        name = self.name.lower()
        return f"{name[:-1]}ies" if name.endswith("cy") else f"{name}es" if name.endswith("s") else f"{name}s"


CONFIG_MAP = Kind("v1", "ConfigMap")
NAMESPACE = Kind("v1", "Namespace", namespaced=False)
RESOURCE_QUOTA = Kind("v1", "ResourceQuota")
SERVICE = Kind("v1", "Service")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount")
ADMISSION_POLICY = Kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", namespaced=False)
ADMISSION_BINDING = Kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", namespaced=False)
DAEMON_SET = Kind("apps/v1", "DaemonSet")
DEPLOYMENT = Kind("apps/v1", "Deployment")
HORIZONTAL_POD_AUTOSCALER = Kind("autoscaling/v2", "HorizontalPodAutoscaler")
CRON_JOB = Kind("batch/v1", "CronJob")
JOB = Kind("batch/v1", "Job")
INGRESS = Kind("networking.k8s.io/v1", "Ingress")
NETWORK_POLICY = Kind("networking.k8s.io/v1", "NetworkPolicy")
POD_DISRUPTION_BUDGET = Kind("policy/v1", "PodDisruptionBudget")
CLUSTER_ROLE = Kind("rbac.authorization.k8s.io/v1", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDING = Kind("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", namespaced=False)
ROLE = Kind("rbac.authorization.k8s.io/v1", "Role")
ROLE_BINDING = Kind("rbac.authorization.k8s.io/v1", "RoleBinding")
STORAGE_CLASS = Kind("storage.k8s.io/v1", "StorageClass", namespaced=False)
VOLUME_ATTRIBUTES_CLASS = Kind("storage.k8s.io/v1", "VolumeAttributesClass", namespaced=False)
APPLICATION = Kind("argoproj.io/v1alpha1", "Application", ARGO_CD)
APPLICATION_SET = Kind("argoproj.io/v1alpha1", "ApplicationSet", ARGO_CD)
APP_PROJECT = Kind("argoproj.io/v1alpha1", "AppProject", ARGO_CD)
POSTGRES_CLUSTER = Kind("postgresql.cnpg.io/v1", "Cluster", CLOUDNATIVE_PG)
POSTGRES_DATABASE = Kind("postgresql.cnpg.io/v1", "Database", CLOUDNATIVE_PG)
POSTGRES_ROLE = Kind("postgresql.cnpg.io/v1", "DatabaseRole", CLOUDNATIVE_PG)
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
PROMETHEUS_RULE = Kind("monitoring.coreos.com/v1", "PrometheusRule", PROMETHEUS)
SCALED_OBJECT = Kind("keda.sh/v1alpha1", "ScaledObject", KEDA)
VERTICAL_POD_AUTOSCALER = Kind("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", VPA_RECOMMENDER)
WEB_ACL = Kind("wafv2.services.k8s.aws/v1alpha1", "WebACL", ACK_WAF)
VOLUME_SNAPSHOT_CLASS = Kind("snapshot.storage.k8s.io/v1", "VolumeSnapshotClass", SNAPSHOTS, namespaced=False)

KINDS = tuple(value for value in tuple(globals().values()) if isinstance(value, Kind))
"""Every kind, in the order of this file."""
