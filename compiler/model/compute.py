"""Resource Management, 1. Compute Resources: ``compute``."""

from __future__ import annotations

from compiler.model.base import Listed, Model
from compiler.model.components import ApplicationMetric, Thresholds
from compiler.model.units import Bytes, Cores, Count


class Instances(Model):
    """Instances of the application: the bounds of the autoscaler, and the number that the service is designed for."""

    min: Count
    """The fewest pods."""
    max: Count
    """The most pods."""
    optimal: Count
    """The pods that the service is designed for."""


class CpuRange(Model):
    """CPU of one instance from ``min`` to ``max``; ``reserved`` is the tier's floor (database: each instance's)."""

    min: Cores
    """The CPU that one instance is guaranteed."""
    max: Cores
    """The most CPU that one instance may be given."""
    reserved: Cores
    """The floor of the application tier as a whole; of each instance in the database tier."""


class MemoryRange(Model):
    """Memory of one instance from ``min`` to ``max``; ``reserved`` is the tier's floor (database: each instance's)."""

    min: Bytes
    """The memory that one instance is guaranteed."""
    max: Bytes
    """The most memory that one instance may be given."""
    reserved: Bytes
    """The floor of the application tier as a whole; of each instance in the database tier."""


class TierResources(Model):
    """What a tier may use."""

    cpu: CpuRange
    memory: MemoryRange


class TierScaling(Model):
    """What the application tier scales by; agrees with ``components.api_layer.scaling``."""

    metrics: Listed[ApplicationMetric]
    """What the tier scales by."""
    thresholds: Thresholds


class ApplicationTier(Model):
    """The pods of the API."""

    instances: Instances
    resources: TierResources
    scaling: TierScaling


class ReplicaRange(Model):
    """How many read replicas the database may have."""

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
    """How many instances each tier has, and how large they are."""

    application_tier: ApplicationTier
    database_tier: DatabaseTier
