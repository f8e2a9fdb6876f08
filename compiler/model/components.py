"""System Components, 1. Architecture Components: ``components``."""

from __future__ import annotations

from typing import Annotated, Literal

from compiler.model.base import Always, Listed, Model, Switch
from compiler.model.units import Count, Percent

ApplicationMetric = Literal["CPU utilization", "Request rate", "Memory usage"]


class Thresholds(Model):
    """The mean CPU utilization at which a tier grows, and below which it may shrink."""

    scale_up: Percent
    """The mean CPU utilization at which the tier grows."""
    scale_down: Percent
    """The mean CPU utilization below which the tier may shrink."""


class ApiScaling(Model):
    """The scaling of the API layer; ``auto_scaling.application`` holds the exact targets."""

    type: Literal["Horizontal", "Vertical"]
    """Horizontal: more pods. Vertical: as many as are optimal, and larger ones, which a person decides."""
    strategy: Literal["Auto-scaling", "Manual"]
    """Whether an autoscaler sets the number of pods, or Git does, to the optimal one."""
    metrics: Listed[ApplicationMetric]
    """The metrics that the layer scales by."""
    thresholds: Thresholds


class ApiLayer(Model):
    """The API: its features and its scaling."""

    features: Annotated[
        Listed[
            Literal[
                "Starlette framework",
                "Python implementation",
                "OpenAPI/Swagger documentation",
                "Middleware stack",
            ]
        ],
        Always(
            ("Starlette framework", "Python implementation", "Middleware stack"),
            "the API is built from it, and no request passes another way",
        ),
    ]
    """The parts that the API is built from: all but the documentation are fixed."""
    scaling: ApiScaling


class DataStrategy(Model):
    """The ways in which the data layer spreads its load."""

    read_replicas: Switch
    """Whether reads are spread over replicas."""
    sharding: Count
    """The number of hash partitions of the entries, by namespace."""


class DataScaling(Model):
    """The scaling of the data layer; ``compute.database_tier`` and ``auto_scaling.database`` hold its limits."""

    type: Literal["Horizontal", "Vertical", "Vertical + Horizontal"]
    """Horizontal: an autoscaler adds replicas. Vertical: volumes grow by themselves, up to their largest size."""
    strategy: DataStrategy
    metrics: Listed[Literal["Connection count", "Query performance", "Storage usage"]]
    """The metrics that the layer scales by."""


class DataLayer(Model):
    """The stores behind the API."""

    features: Annotated[
        Listed[Literal["PostgreSQL database", "Redis cache", "Event store", "Audit logs"]],
        Always(
            ("PostgreSQL database", "Redis cache", "Event store"),
            "the API keeps entries, limits and events in no other store",
        ),
    ]
    """The stores and the records in them: all but the audit logs are fixed."""
    scaling: DataScaling


class IntegrationLayer(Model):
    """The systems and services around the API."""

    features: Listed[Literal["FIS connector", "Core banking interface", "Event bus", "Health monitors"]]
    """The connectors to other systems, the event bus and the health monitors."""


class Components(Model):
    """The components of the Configuration API."""

    api_layer: ApiLayer
    data_layer: DataLayer
    integration_layer: IntegrationLayer
