"""Disaster Recovery, 2. Recovery Plans: ``recovery``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model
from compiler.model.units import Duration, Schedule


class Objective(Model):
    """A recovery objective, and how often a drill shows that it is met."""

    target: Duration
    """How soon the service is back (RTO), or how much of the newest data may be lost (RPO)."""
    validation: Schedule
    """How often a drill shows that the objective is met."""


class Procedures(Model):
    """The steps of a recovery, in order."""

    database: Listed[Literal["Failover to replica", "Restore from backup", "Validate data integrity"]]
    """The steps for the database, in order."""
    application: Listed[Literal["Deploy to recovery region", "Update DNS records", "Verify functionality"]]
    """The steps for the application, in order."""


class Recovery(Model):
    """How soon the service is back (RTO), and how much data may be lost (RPO)."""

    rto: Objective
    rpo: Objective
    procedures: Procedures
