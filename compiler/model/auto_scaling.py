"""Infrastructure Scaling, 1. Auto-scaling Configuration: ``auto_scaling``."""

from __future__ import annotations

from compiler.model.base import Model
from compiler.model.units import Duration, Percent, Rate


class UtilizationTrigger(Model):
    """A utilization to keep, looked at over a window."""

    target: Percent
    """The mean utilization to keep; above it the tier grows."""
    window: Duration
    """The time over which the mean is taken."""


class RequestTrigger(Model):
    """Requests that one pod is to serve, looked at over a window."""

    target: Rate
    """The requests of one pod; above it the tier grows."""
    window: Duration
    """The time over which the mean is taken."""


class ApplicationTriggers(Model):
    """What the application scales by."""

    cpu: UtilizationTrigger
    memory: UtilizationTrigger
    requests: RequestTrigger


class Cooldown(Model):
    """The time between two steps in one direction."""

    scale_up: Duration
    """The shortest time between two steps up."""
    scale_down: Duration
    """The shortest time between two steps down."""


class ApplicationScaling(Model):
    """When the application grows and shrinks."""

    triggers: ApplicationTriggers
    cooldown: Cooldown


class ReplicaTriggers(Model):
    """What read replicas scale by."""

    connections: UtilizationTrigger
    cpu: UtilizationTrigger


class ReadReplicas(Model):
    """When read replicas are added."""

    triggers: ReplicaTriggers


class StorageTriggers(Model):
    """What storage grows by."""

    usage: UtilizationTrigger


class StorageScaling(Model):
    """When the database's volumes grow."""

    triggers: StorageTriggers


class DatabaseScaling(Model):
    """When the database grows."""

    read_replicas: ReadReplicas
    storage: StorageScaling


class AutoScaling(Model):
    """The exact targets of every scaler."""

    application: ApplicationScaling
    database: DatabaseScaling
