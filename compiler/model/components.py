"""System Components, 1. Architecture Components: ``components``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model, Switch
from compiler.model.units import Count, Percent

ScalingType = Literal["Horizontal", "Vertical", "Vertical + Horizontal"]
ApplicationMetric = Literal["CPU utilization", "Request rate", "Memory usage"]


class Thresholds(Model):
    """The mean CPU utilization at which a tier grows, and below which it may shrink."""

    scale_up: Percent
    """The mean CPU utilization at which the tier grows."""
    scale_down: Percent
    """The mean CPU utilization below which the tier may shrink."""


class ApiScaling(Model):
    """How the API layer is meant to scale; ``auto_scaling.application`` holds the exact targets."""

    type: ScalingType
    """Horizontal: more instances; vertical: larger ones."""
    strategy: Literal["Auto-scaling", "Manual"]
    """Whether the autoscaler decides, or a person."""
    metrics: Listed[ApplicationMetric]
    """What the layer scales by."""
    thresholds: Thresholds


class ApiLayer(Model):
    """The API itself."""

    features: Listed[
        Literal[
            "Starlette framework",
            "Python implementation",
            "OpenAPI/Swagger documentation",
            "Middleware stack",
        ]
    ]
    """What the API is made of."""
    scaling: ApiScaling


class DataStrategy(Model):
    """How the data layer spreads its load."""

    read_replicas: Switch
    """Whether reads are spread over replicas."""
    sharding: Count
    """Hash partitions of the entries, by namespace."""


class DataScaling(Model):
    """How the data layer is meant to scale; ``compute.database_tier`` and ``auto_scaling.database`` say how far."""

    type: ScalingType
    """Horizontal: more instances; vertical: larger ones."""
    strategy: DataStrategy
    metrics: Listed[Literal["Connection count", "Query performance", "Storage usage"]]
    """What the layer scales by."""


class DataLayer(Model):
    """The stores behind the API."""

    features: Listed[Literal["PostgreSQL database", "Redis cache", "Event store", "Audit logs"]]
    """The stores and what they record."""
    scaling: DataScaling


class IntegrationLayer(Model):
    """What the API talks to."""

    features: Listed[Literal["FIS connector", "Core banking interface", "Event bus", "Health monitors"]]
    """The other systems and how they are reached."""


class Components(Model):
    """What the Configuration API is made of."""

    api_layer: ApiLayer
    data_layer: DataLayer
    integration_layer: IntegrationLayer
