"""Deployment Configuration, 1. Container Configuration: ``containers``."""

from __future__ import annotations

from typing import Annotated, Literal

from compiler.model.base import Listed, Model, Only
from compiler.model.image import StoreImage
from compiler.model.text import ImageName, UrlPath
from compiler.model.units import Bytes, Cores, Count, Port


class ResourceLimits(Model):
    """The limits of the application's container."""

    cpu: Cores
    """The CPU above which the container is throttled."""
    memory: Bytes
    """The memory above which the container is killed."""


class ContainerHealthCheck(Model):
    """The kubelet's probe."""

    type: Annotated[
        Literal["HTTP"],
        Only("a process whose workers hang still accepts connections, so that nothing but an answer shows its health"),
    ]
    """The protocol of the probe."""
    port: Port
    """The port of the API, which the probe uses, too."""
    path: UrlPath
    """The path of the probe; it answers while the process lives."""


class LogOptions(Model):
    """The rotation of a container's log, which the kubelet does."""

    max_size: Bytes
    """The size at which a log file is rotated."""
    max_file: Count
    """The number of log files that are kept of one container."""


class Logging(Model):
    """JSON lines on standard output, kept in files on the node."""

    driver: Annotated[
        Literal["json-file"],
        Only("the kubelet rotates files of lines that the container runtime writes, and collectors read them"),
    ]
    """The format in which the node keeps a log."""
    options: LogOptions


class ApplicationContainer(Model):
    """The API's container."""

    base_image: ImageName
    """The base image of the API's own image."""
    resource_limits: ResourceLimits
    health_check: ContainerHealthCheck
    logging: Logging


class Sidecar(Model):
    """A container beside the API's, in its pod or on its node."""

    image: ImageName
    """The image of the container."""
    ports: Listed[Port]
    """The ports that the container listens on."""


class Sidecars(Model):
    """The containers beside the API's."""

    metrics: Sidecar
    proxy: Sidecar


class Images(Model):
    """The images of the stores and of the programs beside them, as operators are told to run them."""

    postgresql: StoreImage
    """PostgreSQL, in an image that CloudNativePG accepts."""
    pgbouncer: StoreImage
    """The pooler of connections to PostgreSQL."""
    valkey: StoreImage
    """The server of the Redis protocol; its sentinels run it, too."""
    exporter: StoreImage
    """The metrics of Valkey for Prometheus."""
    envoy: StoreImage
    """The proxy in each pod of the API, as ``sidecar.proxy.image`` names it."""
    node_exporter: StoreImage
    """The measurements of nodes, as ``sidecar.metrics.image`` names it, where the platform brings none."""
    blackbox_exporter: StoreImage
    """The probes of the API by its name, in clusters that state where these call from (``addresses.probes``)."""


class Containers(Model):
    """The containers of one pod, and the images of the stores."""

    application: ApplicationContainer
    sidecar: Sidecars
    images: Images
