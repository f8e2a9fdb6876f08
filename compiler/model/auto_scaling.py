"""Infrastructure Scaling, 1. Auto-scaling Configuration: ``auto_scaling``."""

from __future__ import annotations

from compiler.model.base import Model
from compiler.model.units import Duration, Percent, Rate


class UtilizationTrigger(Model):
    """A target utilization, averaged over a window."""

    target: Percent
    """The target for the mean utilization; above it the tier grows."""
    window: Duration
    """The time over which the mean is taken."""


class RequestTrigger(Model):
    """A target rate of requests for one pod, averaged over a window."""

    target: Rate
    """The target for the mean requests of one pod; above it the tier grows."""
    window: Duration
    """The time over which the mean is taken."""


class ApplicationTriggers(Model):
    """The metrics that the application scales by."""

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
    """The scaling of the application."""

    triggers: ApplicationTriggers
    cooldown: Cooldown


class ReplicaTriggers(Model):
    """The metrics that the number of read replicas scales by."""

    connections: UtilizationTrigger
    cpu: UtilizationTrigger


class ReadReplicas(Model):
    """The scaling of read replicas."""

    triggers: ReplicaTriggers


class UsageTrigger(Model):
    """The used share of a volume from which on it grows."""

    target: Percent
    """The used share of its space, or of its inodes; from there on the volume grows."""
    window: Duration
    """How long a volume may stay there without having grown, until somebody is woken."""


class StorageTriggers(Model):
    """The metric that storage grows by."""

    usage: UsageTrigger


class StorageScaling(Model):
    """The growth of the database's volumes."""

    triggers: StorageTriggers


class DatabaseScaling(Model):
    """The scaling of the database: its replicas and its volumes."""

    read_replicas: ReadReplicas
    storage: StorageScaling


class AutoScaling(Model):
    """The exact targets of all scaling."""

    application: ApplicationScaling
    database: DatabaseScaling
