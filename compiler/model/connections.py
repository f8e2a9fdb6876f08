"""Resource Management, 2. Connection Management: ``connections``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model, Switch
from compiler.model.units import Count, Duration


class DatabaseConnections(Model):
    """One worker's database connections."""

    pool_size: Count
    """Connections of one worker process: half of them for changes and half for reads, and at least one for each."""
    timeout: Duration
    """The longest time that one statement may take."""
    retry: Literal["Exponential", "None"]
    """The retry of a failed call: after growing pauses, or not at all."""
    monitoring: Listed[Literal["Connection count", "Query performance", "Pool utilization"]]
    """The measurements of the pool."""


class ExternalServices(Model):
    """One worker's pool of connections to other services."""

    pool_size: Count
    """Connections of one worker: a quarter for issuers, the rest for receivers of changes, at least one for each."""
    timeout: Duration
    """The longest time that one call may take."""
    circuit_breaker: Switch
    """Whether calls stop while the service fails."""
    monitoring: Listed[Literal["Response time", "Error rate", "Circuit state"]]
    """The measurements of the calls."""


class Connections(Model):
    """The API's connections to the database and to other services."""

    database: DatabaseConnections
    external_services: ExternalServices
