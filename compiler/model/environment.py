"""An environment: ``environments/<name>/environment.yaml``, the clusters of one stage and the settings they need."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, PlainSerializer

from compiler.diagnostics import Code
from compiler.model.base import Listed, Model
from compiler.model.image import Image
from compiler.model.keywords import Keywords
from compiler.model.load_management import RateLimits
from compiler.model.text import (
    AddressRange,
    Bucket,
    Certificates,
    ClientName,
    ConfigurationNamespace,
    EnvironmentName,
    Firewall,
    GitRepository,
    GroupName,
    HostName,
    HttpsUrl,
    Identity,
    KubernetesVersion,
    Name,
    NamespacePattern,
    ObjectLocation,
    PromotionToken,
    Revision,
    RoleArn,
    Subnet,
)
from compiler.model.units import Count, Flag
from compiler.model.units.base import refuse
from runtime.settings import NotificationForm, RoleName, Route


class Addresses(Model):
    """The address ranges that all clusters of the environment share."""

    vpn: Listed[AddressRange]
    """The networks of the people who may reach the application, through the load balancer."""
    clients: Listed[AddressRange] | None = None
    """The networks of the other clients, through the load balancer too; left out, there are none."""
    identity_provider: Listed[AddressRange]
    """The servers of the identity provider, which Vault calls when people sign in, and the API for its keys."""
    fis: Listed[AddressRange]
    """The systems of FIS that the FIS connector calls."""
    core_banking: Listed[AddressRange]
    """The core banking systems that the core banking interface calls."""
    receivers: Listed[AddressRange] | None = None
    """Further ``subscribers`` and ``connectors``; left out, there are none besides FIS and core banking."""


class ClusterAddresses(Model):
    """The address ranges of the servers beside one cluster, in its region."""

    load_balancer: Listed[AddressRange]
    """The subnets of the load balancers: of the application's, and of the one by which Vault reaches the database."""
    vault: Listed[AddressRange]
    """The Vault server."""
    kubernetes_api: Listed[AddressRange]
    """The cluster's API server, which pods of the data zone call."""
    object_store: Listed[AddressRange]
    """The object store that backups are written to."""
    cloud_identity: Listed[AddressRange] | None = None
    """The service that gives pods credentials of their cloud, Amazon's STS or Entra ID; by default object_store."""
    dns: Listed[AddressRange] | None = None
    """The addresses at which a node's own DNS cache answers: its link-local one, and that of the Service kube-dns."""
    workload_issuer: Listed[AddressRange] | None = None
    """The servers that publish the keys of service account tokens; left out, the API reaches none (``workloads``)."""
    nodes: Listed[AddressRange] | None = None
    """The nodes, whose kubelets Prometheus scrapes; left out, it scrapes none."""
    probes: Listed[AddressRange] | None = None
    """The addresses of its pods, as load balancers see them, which then admit them; left out, none probes the API."""


class Groups(Model):
    """Groups at the identity provider. A group has its own rights only: none includes those of another."""

    readers: GroupName
    """The group that may look at the clusters, but read no secret."""
    operators: GroupName
    """The group that may restart the application and read its logs."""
    administrators: GroupName
    """The group that may change the application's secrets in Vault."""


class GroupRole(Model):
    """A role of a group in namespaces of configuration."""

    group: GroupName
    """The group at the identity provider."""
    role: RoleName
    """The role; each includes those before it: reader, writer, approver, administrator."""
    namespaces: NamespacePattern
    """A namespace, the beginning of several (``payments-*``), or all of them (``*``)."""


class WorkloadRole(Model):
    """A role of a Kubernetes service account in namespaces of configuration."""

    namespace: Name
    """The Kubernetes namespace of the service account."""
    name: Name
    """The service account."""
    role: RoleName
    """The role; each includes those before it: reader, writer, approver, administrator."""
    namespaces: NamespacePattern
    """A namespace of configuration, the beginning of several (``payments-*``), or all of them (``*``)."""


class Workloads(Model):
    """Pods of the cluster that are clients of the API, by projected tokens of their service accounts."""

    issuer: HttpsUrl
    """The issuer of the cluster's service account tokens: its ``--service-account-issuer``."""
    ca_bundle: Certificates | None = None
    """The authorities that sign the issuer's certificate; left out, those that the API's image trusts."""
    accounts: tuple[WorkloadRole, ...] = ()
    """The service accounts that may do something."""


class SignIn(Model):
    """The identity provider at which people sign in, and their groups there."""

    issuer: HttpsUrl
    """The issuer of OpenID Connect, as in its discovery document."""
    ca_bundle: Certificates | None = None
    """The authorities that sign its certificate; left out, those that Vault's system and the API's image trust."""
    client_id: Name
    """The client ID under which Vault is registered there."""
    groups: Groups
    roles: tuple[GroupRole, ...] = ()
    """Roles of further groups in the API; readers read, and administrators administer, every namespace."""


class Delivery(Model):
    """The Git source from which Argo CD deploys this environment."""

    repository: GitRepository
    """The Git repository that Argo CD reads ``generated/`` from."""
    revision: Revision
    """The branch, tag or commit that this environment follows."""


class RouteLimits(Model):
    """Limits of one route for one client, instead of the specification's."""

    route: Route
    """The method and the path, as listed in docs/runtime.md."""
    limits: RateLimits
    strict: Flag = False
    """Whether requests are refused while Redis cannot count them, in place of a worker's share (docs/runtime.md)."""


class ClientLimits(Model):
    """Limits of one client, instead of the specification's."""

    client: ClientName
    """The client by its issuer and subject, as the audit trail names it: people:alice, or key:ID."""
    limits: RateLimits
    """The limits of the client over all routes, and at each; a route that has limits of its own keeps them."""


Limits = TypeVar("Limits", RouteLimits, ClientLimits)


def _once(limits: tuple[Limits, ...]) -> tuple[Limits, ...]:
    names = [item.route if isinstance(item, RouteLimits) else item.client for item in limits]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise refuse(Code.SPEC006, f"the list names '{name}' twice", "keep one of the two", index)
    return limits


class EnvironmentThrottling(Model):
    """Lower limits of single routes, so that each scope of throttling can deny on its own, and limits of clients."""

    routes: Annotated[tuple[RouteLimits, ...], AfterValidator(_once)]
    """The routes that have their own limits; may be empty."""
    clients: Annotated[tuple[ClientLimits, ...], AfterValidator(_once)] = ()
    """The clients that have their own limits, higher or lower ones."""
    clients_of_an_address: Count = 1
    """How many clients may come from one address, as behind a gateway: the firewall takes more for a flood."""


class Subscriber(Model):
    """A system that receives changes of configuration, each as a signed CloudEvent."""

    name: Name
    """The name of the subscriber, by which its position is kept, and its signing keys are found in Vault."""
    url: HttpsUrl
    """The address that takes events by POST, in the ranges of fis, core_banking or receivers."""
    namespaces: NamespacePattern = "*"
    """A namespace of configuration, the beginning of several (``payments-*``), or all of them (``*``)."""
    priority: Literal["high", "normal", "low"] = "normal"
    """The urgency of its deliveries, where ``load_management.queuing`` lists Priority queuing."""


class Connector(Model):
    """A system that sends notifications, each signed by a key of its own."""

    name: Name
    """The name of the connector, which is the end of the path that it sends to; its keys are found by it in Vault."""
    addresses: Literal["fis", "core_banking", "receivers"]
    """The key of ``addresses`` that has the ranges it sends from."""
    namespace: ConfigurationNamespace
    """The namespace of configuration whose readers read its notifications."""
    form: NotificationForm
    """The form of its notifications: docs/notifications.md lists them."""


Named = TypeVar("Named", Subscriber, Connector)


def _named_once(items: tuple[Named, ...]) -> tuple[Named, ...]:
    names = [item.name for item in items]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise refuse(Code.SPEC006, f"the list names '{name}' twice", "keep one of the two", index)
    return items


class Vault(Model):
    """The server that keeps the secrets."""

    flavour: Literal["openbao", "vault"]
    """The product that the server runs; the two differ in the declaration of audit devices."""
    address: HttpsUrl
    """The server's address, as the cluster reaches it."""
    ca_bundle: Certificates | None = None
    """The authorities that sign the server's certificate; left out, those that each client's own system trusts."""
    kubernetes_host: HttpsUrl
    """The address of the cluster's API server, as Vault reaches it to review the tokens of workloads."""
    kubernetes_audience: HttpsUrl
    """The audience of tokens for the API server: its ``--api-audiences``."""
    database: HostName
    """The host name of the database's primary, as Vault reaches it to change passwords."""


class BackupCopy(Model):
    """A copy of the archive in another region, which the object store itself keeps."""

    location: ObjectLocation
    """The bucket or container of the copy."""
    region: Name
    """The cloud's name of the copy's region."""


class Backups(Model):
    """The destination of the cluster's backups."""

    location: ObjectLocation
    """The bucket or container; no other cluster writes to it."""
    identity: Identity
    """The identity that may write there; it belongs to the database's pods alone."""
    endpoint: HttpsUrl | None = None
    """The address of the object store, where it is not Amazon's public one; Azure's is part of the location."""
    replicated_to: BackupCopy | None = None
    """Left out, the backups are lost with their region."""
    archive: Name | None = None
    """The archive's name there, by default the database's name; a cluster that is created again needs another one."""


class Anchors(Model):
    """The bucket under Object Lock that keeps what must outlive the database and its owner.

    These are the signed heads of the audit trail, and snapshots of the configuration.
    """

    location: Bucket
    """The bucket; Object Lock is on for it, and nothing but these two jobs writes to it."""
    identity: RoleArn
    """The role that may write there; it belongs to the pods that anchor and that take snapshots, alone."""
    endpoint: HttpsUrl | None = None
    """The address of the object store, where it is not Amazon's public one."""


class Handover(Model):
    """The handover from the serving cluster to this one without loss of data: docs/exchange.md has the steps."""

    predecessor: Name
    """The cluster that served before: it is demoted, and states the end of its log in a token."""
    token: PromotionToken | None = None
    """The token of the demoted cluster; until it is written here, no cluster serves."""


class Balancers(Model):
    """The settings of a cluster's load balancers that its cloud keeps."""

    subnets: Listed[Subnet] | None = None
    """The subnets by their names or IDs; left out, the cloud's controller finds them by their tags."""
    firewall: Firewall | None = None
    """A web application firewall that others own; left out, Amazon's is rendered, and Azure's is the gateway's own."""
    access_logs: Bucket | None = None
    """The bucket, or a folder in it, that Amazon writes the log of each request to; left out, people turn it on."""


class Cluster(Model):
    """A Kubernetes cluster that runs the whole specification."""

    role: Literal["primary", "recovery"]
    """Whether the cluster serves, or stands by for disaster recovery."""
    handover: Handover | None = None
    """Left out, a cluster that becomes the primary takes over at once, and loses changes that are not archived yet."""
    platform: Literal["aws", "azure"]
    """The cloud that the cluster is in."""
    region: Name
    """The cloud's name of the region."""
    zones: Listed[Name]
    """The cloud's names of the availability zones that have nodes."""
    kubernetes: KubernetesVersion
    """The minor version that the cluster runs; every manifest is checked against its schemas."""
    addresses: ClusterAddresses
    balancers: Balancers = Balancers()
    recommender: Flag = True
    """Whether VPA's recommender runs in the cluster; without it no size is recommended."""
    node_metrics: Flag = True
    """Whether the platform measures its nodes by node-exporter; else one of ours runs on each."""
    vault: Vault
    backups: Backups
    anchors: Anchors | None = None
    """Left out, the anchors of the audit trail lie in the database alone, and no snapshots are taken."""
    workloads: Workloads | None = None
    """Left out, no service account of the cluster is a client of the API."""


def _some(clusters: Mapping[str, Cluster]) -> Mapping[str, Cluster]:
    if not clusters:
        raise refuse(Code.SPEC006, "the environment has no cluster", "write at least one cluster under its name")
    return MappingProxyType(dict(clusters))


class Environment(Model):
    """The environment: its clusters, and the settings that differ from other environments."""

    name: EnvironmentName
    """The name of the folder that holds this file."""
    stage: Literal["development", "staging", "production"]
    """The stage, which decides how strict the policies are."""
    host: HostName
    """The host name under which clients reach the API."""
    host_ca_bundle: Certificates | None = None
    """The authorities that sign the certificate of ``host``; left out, those that the image of the probes trusts."""
    image: Image
    """The image of the API in this environment."""
    delivery: Delivery
    addresses: Addresses
    sign_in: SignIn
    throttling: EnvironmentThrottling
    subscribers: Annotated[tuple[Subscriber, ...], AfterValidator(_named_once)] = ()
    """The systems that receive changes, from the serving cluster; none without the event bus."""
    connectors: Annotated[tuple[Connector, ...], AfterValidator(_named_once)] = ()
    """The systems that send notifications, to the serving cluster."""
    clusters: Annotated[Mapping[Name, Cluster], AfterValidator(_some), PlainSerializer(dict), Keywords(minProperties=1)]
    """The clusters by name; each has a folder under ``generated/``."""


class EnvironmentFile(Model):
    """The document of ``environment.yaml``."""

    environment: Environment
