"""High Availability, 1. Redundancy: ``redundancy``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model


class LatencyObjective(Model):
    """The part of the requests that are answered in time."""

    share: Literal["95%", "99%", "99.5%"]
    """The part of all requests of clients in a month."""
    within: Literal["100 ms", "250 ms", "500 ms", "1 second"]
    """The time from the request's head to the last byte of the answer."""

    @property
    def seconds(self) -> float:
        """The time in seconds."""
        return {"100 ms": 0.1, "250 ms": 0.25, "500 ms": 0.5, "1 second": 1.0}[self.within]

    @property
    def allowed_slow(self) -> float:
        """The part of the requests that may take longer."""
        return _rest(self.share)


class Objectives(Model):
    """The service level objectives over a month; alerts fire by how fast they are lost."""

    availability: Literal["99%", "99.5%", "99.9%", "99.95%"]
    """The part of the requests of clients that the service does not fail to answer."""
    latency: LatencyObjective

    @property
    def allowed_failures(self) -> float:
        """The part of the requests that may fail."""
        return _rest(self.availability)


def _rest(share: str) -> float:
    """Return the complement of a percentage as a fraction: 0.001 for ``99.9%``."""
    return round(1 - float(share.removesuffix("%")) / 100, 6)


class ApplicationRedundancy(Model):
    """The redundancy of the application, and its failover."""

    deployment: Listed[Literal["Multiple instances", "Multiple zones", "Multiple regions"]]
    """The parts that exist more than once."""
    failover: Listed[Literal["Automatic detection", "Zero-downtime switch", "State preservation"]]
    """The properties of the failover when one of them is lost."""
    objectives: Objectives | None = None
    """The service level objectives; without them no alert fires on failures or on slow answers."""


class DataRedundancy(Model):
    """The redundancy of the data."""

    replication: Listed[Literal["Synchronous primary", "Asynchronous secondary", "Point-in-time recovery"]]
    """The ways in which the data is replicated."""


class Redundancy(Model):
    """The redundancy of the service and of its data."""

    application: ApplicationRedundancy
    data: DataRedundancy
