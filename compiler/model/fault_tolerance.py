"""High Availability, 2. Fault Tolerance: ``fault_tolerance``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model
from compiler.model.units import Count, Duration


class BreakerConfiguration(Model):
    """When a circuit opens, and when it lets a probe through."""

    failure_threshold: Count
    """Failures in a row that open the circuit."""
    reset_timeout: Duration
    """From opening to the first probe."""


class CircuitBreakers(Model):
    """Calls that stop while what they call fails."""

    implementation: Listed[Literal["Service calls", "Database operations", "External integrations"]]
    """The calls that have a circuit."""
    configuration: BreakerConfiguration


class RetryPolicies(Model):
    """How a failed call is tried again."""

    patterns: Listed[Literal["Exponential backoff", "Jitter", "Maximum attempts"]]
    """What a retry does between and after its attempts."""


class FaultTolerance(Model):
    """What happens when a dependency fails."""

    circuit_breakers: CircuitBreakers
    retry_policies: RetryPolicies
