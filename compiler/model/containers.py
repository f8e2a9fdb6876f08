"""Deployment Configuration, 1. Container Configuration: ``containers``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model
from compiler.model.text import ImageName, UrlPath
from compiler.model.units import Bytes, Cores, Count, Port


class ResourceLimits(Model):
    """The limits of the application's container."""

    cpu: Cores
    memory: Bytes


class ContainerHealthCheck(Model):
    """The kubelet's probe."""

    type: Literal["HTTP"]
    port: Port
    path: UrlPath


class LogOptions(Model):
    """The rotation of a container's log, which the kubelet does."""

    max_size: Bytes
    max_file: Count


class Logging(Model):
    """JSON lines on standard output, kept in files on the node."""

    driver: Literal["json-file"]
    options: LogOptions


class ApplicationContainer(Model):
    """The API's container."""

    base_image: ImageName
    resource_limits: ResourceLimits
    health_check: ContainerHealthCheck
    logging: Logging


class Sidecar(Model):
    """A container beside the API's."""

    image: ImageName
    ports: Listed[Port]


class Sidecars(Model):
    """The containers beside the API's."""

    metrics: Sidecar
    proxy: Sidecar


class Containers(Model):
    """The containers of one pod."""

    application: ApplicationContainer
    sidecar: Sidecars
