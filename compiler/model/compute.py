"""Resource Management, 1. Compute Resources: ``compute``."""

from __future__ import annotations

from compiler.model.base import Listed, Model
from compiler.model.components import ApplicationMetric, Thresholds
from compiler.model.units import Bytes, Cores, Count


class Instances(Model):
    """Instances of the application: the bounds of the autoscaler, and the designed number."""

    min: Count
    """The fewest pods."""
    max: Count
    """The most pods."""
    optimal: Count
    """The pods that the service is designed for."""


class CpuRange(Model):
    """CPU of one instance from ``min`` to ``max``, and ``reserved``, the tier's minimum (database: per instance)."""

    min: Cores
    """The CPU that one instance is guaranteed."""
    max: Cores
    """The most CPU that one instance may be given."""
    reserved: Cores
    """The minimum for the whole application tier; in the database tier, for each instance."""


class MemoryRange(Model):
    """Memory of one instance from ``min`` to ``max``, and ``reserved``, the tier's minimum (database: per instance)."""

    min: Bytes
    """The memory that one instance is guaranteed."""
    max: Bytes
    """The most memory that one instance may be given."""
    reserved: Bytes
    """The minimum for the whole application tier; in the database tier, for each instance."""


class TierResources(Model):
    """The resources of a tier."""

    cpu: CpuRange
    memory: MemoryRange


class TierScaling(Model):
    """The scaling of the application tier; agrees with ``components.api_layer.scaling``."""

    metrics: Listed[ApplicationMetric]
    """The metrics that the tier scales by."""
    thresholds: Thresholds


class ApplicationTier(Model):
    """The pods of the API."""

    instances: Instances
    resources: TierResources
    scaling: TierScaling


class ReplicaRange(Model):
    """The bounds of the number of read replicas."""

    min: Count
    """The fewest read replicas."""
    max: Count
    """The most read replicas."""


class DatabaseInstances(Model):
    """The primary and its replicas."""

    primary: Count
    """The instances that take writes."""
    replicas: ReplicaRange


class DatabaseTier(Model):
    """The instances of PostgreSQL."""

    instances: DatabaseInstances
    resources: TierResources


class Compute(Model):
    """The number and the size of each tier's instances."""

    application_tier: ApplicationTier
    database_tier: DatabaseTier
