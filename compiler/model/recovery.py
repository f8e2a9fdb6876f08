"""Disaster Recovery, 2. Recovery Plans: ``recovery``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Listed, Model
from compiler.model.units import Duration, Schedule


class Objective(Model):
    """A recovery objective, and the schedule of the drills for it."""

    target: Duration
    """The longest time until the service is back (RTO), or the span of newest data that may be lost (RPO)."""
    validation: Schedule
    """How often a drill shows that the objective is met."""


class Procedures(Model):
    """The steps of a recovery, in order."""

    database: Listed[Literal["Failover to replica", "Restore from backup", "Validate data integrity"]]
    """The steps for the database, in order."""
    application: Listed[Literal["Deploy to recovery region", "Update DNS records", "Verify functionality"]]
    """The steps for the application, in order."""


class Recovery(Model):
    """The recovery time and point objectives (RTO, RPO), and the steps of a recovery."""

    rto: Objective
    rpo: Objective
    procedures: Procedures
