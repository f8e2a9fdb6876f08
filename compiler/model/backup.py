"""Disaster Recovery, 1. Backup Strategy: ``backup``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Model
from compiler.model.units import Duration, Flag, Schedule


class DatabaseSchedule(Model):
    """How often a full and an incremental backup are taken."""

    full: Schedule
    """How often everything is copied."""
    incremental: Schedule
    """How often what changed since then is copied."""


class BackupTesting(Model):
    """How often a backup is restored to see that it can be, and by whom it is judged."""

    schedule: Schedule
    """How often a backup is restored."""
    validation: Literal["Automated", "Manual"]
    """Who judges what was restored: a program or a person."""


class DatabaseBackup(Model):
    """The database's backups."""

    type: Literal["Continuous"]
    """``Continuous``: the log of changes is archived between two backups."""
    retention: Duration
    """How long a backup is kept."""
    schedule: DatabaseSchedule
    testing: BackupTesting


class ConfigurationBackup(Model):
    """The snapshots of the configuration that the API serves."""

    type: Literal["Snapshot"]
    """``Snapshot``: everything at one moment."""
    retention: Duration
    """How long a snapshot is kept."""
    schedule: Schedule
    """How often a snapshot is taken."""
    versioning: Flag
    """Whether a snapshot is kept beside those before it."""


class Backup(Model):
    """What is backed up, how often, and for how long it is kept."""

    database: DatabaseBackup
    configuration: ConfigurationBackup
