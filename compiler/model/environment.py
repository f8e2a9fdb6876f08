"""An environment: ``environments/<name>/environment.yaml``: where the specification runs, and what differs by place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, PlainSerializer

from compiler.model.base import Listed, Model
from compiler.model.keywords import Keywords
from compiler.model.load_management import RateLimits
from compiler.model.text import (
    AddressRange,
    EnvironmentName,
    GitRepository,
    HostName,
    KubernetesVersion,
    Name,
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
    """The address ranges that traffic comes from and goes to."""

    load_balancer: Listed[AddressRange]
    """The subnets of the Application Load Balancer."""
    vpn: Listed[AddressRange]
    """The networks of the people who may reach the application directly."""
    vault: Listed[AddressRange]
    """Where the server of the secrets listens."""
    identity_provider: Listed[AddressRange]
    """Where people sign in."""
    fis: Listed[AddressRange]
    """Where the FIS connector leads."""
    core_banking: Listed[AddressRange]
    """Where the core banking interface leads."""


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
            raise refuse("SPEC006", f"the list names '{name}' twice", "keep one of the two", index)
    return routes


class EnvironmentThrottling(Model):
    """Lower limits of single routes, so that each scope of throttling can deny on its own."""

    routes: Annotated[tuple[RouteLimits, ...], AfterValidator(_once)]
    """The routes that have limits of their own; may be empty."""


class Vault(Model):
    """Which server keeps the secrets; the flavours differ in how audit devices are declared."""

    flavour: Literal["openbao", "vault"]
    """The product that the server runs."""


class Cluster(Model):
    """A Kubernetes cluster that runs the whole specification."""

    role: Literal["primary", "recovery"]
    """Whether the cluster serves, or stands by for a disaster."""
    platform: Literal["aws"]
    """The cloud that the cluster is in."""
    region: Name
    """The cloud's name of the region."""
    zones: Listed[Name]
    """The cloud's names of the availability zones that hold nodes."""
    kubernetes: KubernetesVersion
    """The minor version that the cluster runs; its schemas judge every manifest."""
    vault: Vault


def _some(clusters: Mapping[str, Cluster]) -> Mapping[str, Cluster]:
    if not clusters:
        raise refuse("SPEC006", "the environment has no cluster", "write at least one cluster under its name")
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
    throttling: EnvironmentThrottling
    clusters: Annotated[Mapping[Name, Cluster], AfterValidator(_some), PlainSerializer(dict), Keywords(minProperties=1)]
    """The clusters by name; each is a folder under ``generated/``."""


class EnvironmentFile(Model):
    """The document of ``environment.yaml``."""

    environment: Environment
