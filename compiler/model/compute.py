"""Resource Management, 1. Compute Resources: ``compute``."""

from __future__ import annotations

from compiler.model.base import Listed, Model
from compiler.model.components import ApplicationMetric, Thresholds
from compiler.model.units import Bytes, Cores, Count


class Instances(Model):
    """Instances of the application: the bounds of the autoscaler, and the number that the service is designed for."""

    min: Count
    max: Count
    optimal: Count


class CpuRange(Model):
    """CPU of one instance from ``min`` to ``max``; ``reserved`` is the tier's floor (database: each instance's)."""

    min: Cores
    max: Cores
    reserved: Cores


class MemoryRange(Model):
    """Memory of one instance from ``min`` to ``max``; ``reserved`` is the tier's floor (database: each instance's)."""

    min: Bytes
    max: Bytes
    reserved: Bytes


class TierResources(Model):
    """What a tier may use."""

    cpu: CpuRange
    memory: MemoryRange


class TierScaling(Model):
    """What the application tier scales by; agrees with ``components.api_layer.scaling``."""

    metrics: Listed[ApplicationMetric]
    thresholds: Thresholds


class ApplicationTier(Model):
    """The pods of the API."""

    instances: Instances
    resources: TierResources
    scaling: TierScaling


class ReplicaRange(Model):
    """How many read replicas the database may have."""

    min: Count
    max: Count


class DatabaseInstances(Model):
    """The primary and its replicas."""

    primary: Count
    replicas: ReplicaRange


class DatabaseTier(Model):
    """The instances of PostgreSQL."""

    instances: DatabaseInstances
    resources: TierResources


class Compute(Model):
    """How many instances each tier has, and how large they are."""

    application_tier: ApplicationTier
    database_tier: DatabaseTier
