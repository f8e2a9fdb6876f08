"""High Availability, 1. Redundancy: ``redundancy``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model


class ApplicationRedundancy(Model):
    """What the application survives, and how it fails over."""

    deployment: Listed[Literal["Multiple instances", "Multiple zones", "Multiple regions"]]
    failover: Listed[Literal["Automatic detection", "Zero-downtime switch", "State preservation"]]


class DataRedundancy(Model):
    """Where copies of the data are."""

    replication: Listed[Literal["Synchronous primary", "Asynchronous secondary", "Point-in-time recovery"]]


class Redundancy(Model):
    """What keeps the service and its data available."""

    application: ApplicationRedundancy
    data: DataRedundancy
