"""Resource Management, 3. Resource Limits: ``limits``."""

from __future__ import annotations

from typing import Annotated, Literal

from compiler.model.base import Model, Only
from compiler.model.units import Count, Percent


class Levels(Model):
    """The utilizations from which on the state of a resource is a warning, and critical."""

    warning: Percent
    """The utilization from which on a person should look at it."""
    critical: Percent
    """The utilization from which on a person has to act."""


class MemoryLimits(Model):
    """Shares of the container's memory."""

    heap: Percent
    """The share that all worker processes together may use."""
    cache: Percent
    """The share that their caches may use; the cache is part of the heap."""
    monitoring: Levels


class ThreadLimits(Model):
    """Threads of one worker process."""

    worker: Count
    """Threads for blocking work."""
    background: Literal["Limited", "Disabled"]
    """Whether background tasks run within a bound, or not at all."""
    monitoring: Levels


class ConnectionLimits(Model):
    """Whether connections are taken from pools."""

    database: Annotated[
        Literal["Pooled"],
        Only("a connection for each request would exceed what the database and its poolers admit"),
    ]
    """``Pooled``: connections to the database come from a pool."""
    services: Annotated[
        Literal["Pooled"],
        Only("a connection and a handshake for each call would take most of its timeout, and nothing would bound them"),
    ]
    """``Pooled``: connections to other services come from a pool."""
    monitoring: Levels


class Limits(Model):
    """The limits of one container."""

    memory: MemoryLimits
    threads: ThreadLimits
    connections: ConnectionLimits
