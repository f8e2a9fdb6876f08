"""High Availability, 2. Fault Tolerance: ``fault_tolerance``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model
from compiler.model.units import Count, Duration


class BreakerConfiguration(Model):
    """The conditions under which a circuit opens, and lets a probe through."""

    failure_threshold: Count
    """Failures in a row that open the circuit."""
    reset_timeout: Duration
    """The time from opening to the first probe."""


class CircuitBreakers(Model):
    """Circuit breakers, which stop calls to a failing dependency."""

    implementation: Listed[Literal["Service calls", "Database operations", "External integrations"]]
    """The calls that have a circuit."""
    configuration: BreakerConfiguration


class RetryPolicies(Model):
    """The retry of failed calls."""

    patterns: Listed[Literal["Exponential backoff", "Jitter", "Maximum attempts"]]
    """The patterns of a retry: its pauses and its end."""


class FaultTolerance(Model):
    """The handling of failing dependencies."""

    circuit_breakers: CircuitBreakers
    retry_policies: RetryPolicies
