"""High Availability, 1. Redundancy: ``redundancy``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model


class ApplicationRedundancy(Model):
    """The redundancy of the application, and its failover."""

    deployment: Listed[Literal["Multiple instances", "Multiple zones", "Multiple regions"]]
    """The parts that exist more than once."""
    failover: Listed[Literal["Automatic detection", "Zero-downtime switch", "State preservation"]]
    """The properties of the failover when one of them is lost."""


class DataRedundancy(Model):
    """The redundancy of the data."""

    replication: Listed[Literal["Synchronous primary", "Asynchronous secondary", "Point-in-time recovery"]]
    """The ways in which the data is replicated."""


class Redundancy(Model):
    """The redundancy of the service and of its data."""

    application: ApplicationRedundancy
    data: DataRedundancy
