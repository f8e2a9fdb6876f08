"""Providers: the operators and controllers that a cluster must run before the emitted objects can be applied there."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.emit.names import ADAPTER_RULES


@dataclass(frozen=True, slots=True)
class Provider:
    """A program that installs kinds in a cluster or acts on objects there: an operator, or Kubernetes itself."""

    name: str
    least: str
    """The first version with everything that the emitted objects require."""
    reason: str
    """The reason why an older version does not do."""
    page: str
    """The address of its documentation."""
    namespace: str = ""
    """The namespace in which it runs: network policies allow its connections from there."""
    supported_until: str = ""
    """The day (ISO 8601) until which ``least`` is mended; empty where authors name none, or mend the newest alone."""
    writes_secrets_as: str = ""
    """Its ServiceAccount, if it writes Secrets in our namespaces: only these do."""


KUBERNETES = Provider("Kubernetes", "1.34", "a pod may sleep before it stops", "https://kubernetes.io/releases/")
# Until the third minor version after it, which is expected in May 2027:
# https://argo-cd.readthedocs.io/en/stable/developer-guide/release-process-and-cadence/
ARGO_CD = Provider(
    "Argo CD",
    "3.5",
    "a project names the objects that it may create, and a failed sync is tried again with the newest commit",
    "https://argo-cd.readthedocs.io/en/stable/",
    "argocd",
    supported_until="2027-05-04",
)
# https://cloudnative-pg.io/docs/current/supported_releases/: three months after 1.31, about the end of December 2026.
CLOUDNATIVE_PG = Provider(
    "CloudNativePG",
    "1.30.0",
    "instances answer to no unauthenticated control on port 8000, and their number can be scaled from outside",
    "https://cloudnative-pg.io/documentation/current/",
    "cnpg-system",
    writes_secrets_as="cnpg-manager",
    supported_until="2026-12-29",
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
    "External Secrets",
    "2.9.0",
    "a version that its authors mend, which is the newest alone",
    "https://external-secrets.io/latest/",
    "external-secrets",
    writes_secrets_as="external-secrets",
)
# https://cert-manager.io/docs/releases/: until the release of 1.23, about March 2027.
CERT_MANAGER = Provider(
    "cert-manager",
    "1.21.0",
    "tokens of service accounts for the audiences that Vault is shown; metrics, scraped with `honorLabels: true`",
    "https://cert-manager.io/docs/",
    "cert-manager",
    writes_secrets_as="cert-manager",
    supported_until="2027-03-01",
)
PROMETHEUS = Provider(
    "Prometheus operator",
    "0.79.0",
    "ports by their number",
    "https://prometheus-operator.dev/",
    "monitoring",
)
KEDA = Provider(
    "KEDA",
    "2.18.0",
    "triggers of Prometheus and CPU on one object, and the autoscaler's tolerance",
    "https://keda.sh/docs/",
    "keda",
)
SNAPSHOTS = Provider(
    "CSI snapshot controller",
    "8.0.0",
    "volume snapshots v1",
    "https://kubernetes-csi.github.io/docs/snapshot-controller.html",
    "kube-system",
)
AWS_LOAD_BALANCER = Provider(
    "AWS Load Balancer Controller",
    "2.14.0",
    "web ACLs by their name, and a reserved capacity",
    "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/",
    "kube-system",
)
ACK_WAF = Provider(
    "ACK controller of AWS WAF",
    "1.4.1",
    "a web ACL that is gone is made anew",
    "https://aws-controllers-k8s.github.io/community/docs/community/overview/",
    "ack-system",
)
AZURE_LOAD_BALANCER = Provider(
    "Application Gateway Ingress Controller",
    "1.7.0",
    "health probes by annotation",
    "https://azure.github.io/application-gateway-kubernetes-ingress/",
    "kube-system",
)
AUTORESIZER = Provider(
    "pvc-autoresizer",
    "0.11.0",
    "claims that another operator makes, by its webhook; how full they are it asks the API server (its Metrics API)",
    "https://github.com/topolvm/pvc-autoresizer",
    "pvc-autoresizer",
)
EBS = Provider(
    "EBS CSI driver",
    "1.55.0",
    "volumes that grow, and get another speed by a VolumeAttributesClass, while they are in use",
    "https://github.com/kubernetes-sigs/aws-ebs-csi-driver",
    "kube-system",
)
AZURE_DISK = Provider(
    "Azure Disk CSI driver",
    "1.29.0",
    "volumes that grow while they are in use",
    "https://github.com/kubernetes-sigs/azuredisk-csi-driver",
    "kube-system",
)
METRICS_SERVER = Provider(
    "metrics-server",
    "0.7.0",
    "CPU and memory of single containers",
    "https://kubernetes-sigs.github.io/metrics-server/",
    "kube-system",
)
VPA_RECOMMENDER = Provider(
    "VPA recommender",
    "1.0.0",
    "a status with the recommendations, which it alone may write; of the VPA no other part is needed",
    "https://github.com/kubernetes/autoscaler/tree/master/vertical-pod-autoscaler",
    "kube-system",
)
METRICS_ADAPTER = Provider(
    "Prometheus adapter",
    "0.11.0",
    f"the API custom.metrics.k8s.io, with the rules of the ConfigMap `{ADAPTER_RULES}` (its chart: `rules.existing`)",
    "https://github.com/kubernetes-sigs/prometheus-adapter",
    "cbp-management",
)
EXTERNAL_DNS = Provider(
    "ExternalDNS",
    "0.15.0",
    "names of Services and, where they fail over, of the Ingress, by annotation",
    "https://kubernetes-sigs.github.io/external-dns/latest/",
    "external-dns",
)
KUBERNETES_SUPPORT = {
    "1.31": "2025-11-11",
    "1.32": "2026-02-28",
    "1.33": "2026-06-28",
    "1.34": "2026-10-27",
    "1.35": "2027-02-28",
    "1.36": "2027-06-28",
    "1.37": "2027-10-28",
}
"""The day until which each minor version is mended: https://kubernetes.io/releases/patch-releases/."""
