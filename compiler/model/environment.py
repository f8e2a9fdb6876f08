"""An environment: ``environments/<name>/environment.yaml``: where the specification runs, and what differs by place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, PlainSerializer

from compiler.model.base import Listed, Model
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
    release: Release
    reason: Reason | None = None

    @property
    def reference(self) -> str:
        """The image as a pod names it: by digest, or by tag."""
        return f"{self.repository}{'@' if self.release.startswith('sha256:') else ':'}{self.release}"


class Addresses(Model):
    """The address ranges that traffic comes from and goes to."""

    load_balancer: Listed[AddressRange]
    """The subnets of the Application Load Balancer."""
    vpn: Listed[AddressRange]
    vault: Listed[AddressRange]
    identity_provider: Listed[AddressRange]
    fis: Listed[AddressRange]
    core_banking: Listed[AddressRange]


class Delivery(Model):
    """Where Argo CD finds this environment's part of ``generated/``."""

    repository: GitRepository
    revision: Revision


class RouteLimits(Model):
    """Limits of one route for one client, in place of the specification's."""

    route: Route
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


class Vault(Model):
    """Which server keeps the secrets; the flavours differ in how audit devices are declared."""

    flavour: Literal["openbao", "vault"]


class Cluster(Model):
    """A Kubernetes cluster that runs the whole specification."""

    role: Literal["primary", "recovery"]
    platform: Literal["aws"]
    region: Name
    zones: Listed[Name]
    kubernetes: KubernetesVersion
    vault: Vault


def _some(clusters: Mapping[str, Cluster]) -> Mapping[str, Cluster]:
    if not clusters:
        raise refuse("SPEC006", "the environment has no cluster", "write at least one cluster under its name")
    return MappingProxyType(dict(clusters))


class Environment(Model):
    """Where the specification runs."""

    name: EnvironmentName
    stage: Literal["development", "staging", "production"]
    """How strict the policies are."""
    host: HostName
    """The name under which clients reach the API."""
    image: Image
    delivery: Delivery
    addresses: Addresses
    throttling: EnvironmentThrottling
    clusters: Annotated[Mapping[Name, Cluster], AfterValidator(_some), PlainSerializer(dict)]


class EnvironmentFile(Model):
    """The document of ``environment.yaml``."""

    environment: Environment
