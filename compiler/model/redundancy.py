"""High Availability, 1. Redundancy: ``redundancy``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model


class ApplicationRedundancy(Model):
    """What the application survives, and how it fails over."""

    deployment: Listed[Literal["Multiple instances", "Multiple zones", "Multiple regions"]]
    """What there is more than one of."""
    failover: Listed[Literal["Automatic detection", "Zero-downtime switch", "State preservation"]]
    """What happens when one of them is lost."""


class DataRedundancy(Model):
    """Where copies of the data are."""

    replication: Listed[Literal["Synchronous primary", "Asynchronous secondary", "Point-in-time recovery"]]
    """How a copy of the data comes about."""


class Redundancy(Model):
    """What keeps the service and its data available."""

    application: ApplicationRedundancy
    data: DataRedundancy
