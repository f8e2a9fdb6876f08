"""An environment: ``environments/<name>/environment.yaml``: where the specification runs, and what differs by place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, PlainSerializer

from compiler.diagnostics import Code
from compiler.model.base import Listed, Model
from compiler.model.keywords import Keywords
from compiler.model.load_management import RateLimits
from compiler.model.text import (
    AddressRange,
    EnvironmentName,
    GitRepository,
    GroupName,
    HostName,
    HttpsUrl,
    Identity,
    KubernetesVersion,
    Name,
    ObjectLocation,
    PromotionToken,
    Reason,
    Release,
    Repository,
    Revision,
)
from compiler.model.units.base import refuse
from runtime.settings import Route


class Image(Model):
    """The image of the API in this environment.

    ``release`` is a digest, or the word ``unreleased`` while there is none, with the ``reason``.
    """

    repository: Repository
    """Where the image is: the registry's host and a path, without a tag."""
    release: Release
    """Which image runs: a digest; a tag in development alone; or ``unreleased``."""
    reason: Reason | None = None
    """Why there is no digest yet."""

    @property
    def reference(self) -> str:
        """The image as a pod names it: by digest, or by tag."""
        return f"{self.repository}{'@' if self.release.startswith('sha256:') else ':'}{self.release}"


class Addresses(Model):
    """The address ranges of traffic with what serves every cluster."""

    vpn: Listed[AddressRange]
    """The networks of the people who may reach the application directly."""
    identity_provider: Listed[AddressRange]
    """Where people sign in."""
    fis: Listed[AddressRange]
    """Where the FIS connector leads."""
    core_banking: Listed[AddressRange]
    """Where the core banking interface leads."""


class ClusterAddresses(Model):
    """The address ranges of traffic with what stands beside one cluster, in its region."""

    load_balancer: Listed[AddressRange]
    """The subnets of the Application Load Balancer."""
    vault: Listed[AddressRange]
    """Where the server of the secrets listens."""
    kubernetes_api: Listed[AddressRange]
    """Where the cluster's API server listens: operators' helpers in the data zone ask it."""
    object_store: Listed[AddressRange]
    """Where backups are written to."""


class Groups(Model):
    """Groups at the identity provider, by what they may do. A later one may do nothing of an earlier one by itself."""

    readers: GroupName
    """Who may look at the clusters and read no secret."""
    operators: GroupName
    """Who may restart the application and read its logs."""
    administrators: GroupName
    """Who may change what Vault keeps for the application."""


class SignIn(Model):
    """Where people sign in, and what they may do then."""

    issuer: HttpsUrl
    """The issuer of OpenID Connect, as its discovery document says it."""
    client_id: Name
    """The name under which Vault is registered there."""
    groups: Groups


class Delivery(Model):
    """Where Argo CD finds this environment's part of ``generated/``."""

    repository: GitRepository
    """The Git repository that Argo CD reads ``generated/`` from."""
    revision: Revision
    """The branch, tag or commit that this environment follows."""


class RouteLimits(Model):
    """Limits of one route for one client, in place of the specification's."""

    route: Route
    """The method and the path, as docs/runtime.md lists them."""
    limits: RateLimits


def _once(routes: tuple[RouteLimits, ...]) -> tuple[RouteLimits, ...]:
    names = [item.route for item in routes]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise refuse(Code.SPEC006, f"the list names '{name}' twice", "keep one of the two", index)
    return routes


class EnvironmentThrottling(Model):
    """Lower limits of single routes, so that each scope of throttling can deny on its own."""

    routes: Annotated[tuple[RouteLimits, ...], AfterValidator(_once)]
    """The routes that have limits of their own; may be empty."""


class Vault(Model):
    """Which server keeps the secrets; the flavours differ in how audit devices are declared."""

    flavour: Literal["openbao", "vault"]
    """The product that the server runs."""
    address: HttpsUrl
    """Where the cluster reaches it."""
    kubernetes_host: HttpsUrl
    """Where it reaches the cluster's API server, which it asks about the tokens of workloads."""
    kubernetes_audience: HttpsUrl
    """The audience of tokens for the API server itself: its ``--api-audiences``."""
    database: HostName
    """The name under which it reaches the database's primary, to change passwords."""


class Backups(Model):
    """Where the cluster's backups go."""

    location: ObjectLocation
    """The bucket or container, which no other cluster writes to."""
    identity: Identity
    """The identity that may write there; it belongs to the database's pods alone."""
    archive: Name | None = None
    """The name of the archive there, where it is not the database's: a cluster that is made anew begins another one."""


class Handover(Model):
    """How a cluster takes over from the one that serves, and nothing is lost: docs/exchange.md has the steps."""

    predecessor: Name
    """The cluster that served: it stops, and says where its log ends."""
    token: PromotionToken | None = None
    """What it said then; until that is written here, nobody serves."""


class Cluster(Model):
    """A Kubernetes cluster that runs the whole specification."""

    role: Literal["primary", "recovery"]
    """Whether the cluster serves, or stands by for a disaster."""
    handover: Handover | None = None
    """Left out, a cluster that becomes the primary takes over at once, and loses what the archive does not hold."""
    platform: Literal["aws", "azure"]
    """The cloud that the cluster is in."""
    region: Name
    """The cloud's name of the region."""
    zones: Listed[Name]
    """The cloud's names of the availability zones that hold nodes."""
    kubernetes: KubernetesVersion
    """The minor version that the cluster runs; its schemas judge every manifest."""
    addresses: ClusterAddresses
    vault: Vault
    backups: Backups


def _some(clusters: Mapping[str, Cluster]) -> Mapping[str, Cluster]:
    if not clusters:
        raise refuse(Code.SPEC006, "the environment has no cluster", "write at least one cluster under its name")
    return MappingProxyType(dict(clusters))


class Environment(Model):
    """Where the specification runs."""

    name: EnvironmentName
    """The name of the folder that holds this file."""
    stage: Literal["development", "staging", "production"]
    """How strict the policies are."""
    host: HostName
    """The name under which clients reach the API."""
    image: Image
    delivery: Delivery
    addresses: Addresses
    sign_in: SignIn
    throttling: EnvironmentThrottling
    clusters: Annotated[Mapping[Name, Cluster], AfterValidator(_some), PlainSerializer(dict), Keywords(minProperties=1)]
    """The clusters by name; each is a folder under ``generated/``."""


class EnvironmentFile(Model):
    """The document of ``environment.yaml``."""

    environment: Environment
