"""Disaster Recovery, 1. Backup Strategy: ``backup``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Model
from compiler.model.units import Duration, Flag, Schedule


class DatabaseSchedule(Model):
    """How often a full and an incremental backup are taken."""

    full: Schedule
    incremental: Schedule


class BackupTesting(Model):
    """How often a backup is restored to see that it can be, and by whom it is judged."""

    schedule: Schedule
    validation: Literal["Automated", "Manual"]


class DatabaseBackup(Model):
    """The database's backups."""

    type: Literal["Continuous"]
    retention: Duration
    schedule: DatabaseSchedule
    testing: BackupTesting


class ConfigurationBackup(Model):
    """The snapshots of the configuration that the API serves."""

    type: Literal["Snapshot"]
    retention: Duration
    schedule: Schedule
    versioning: Flag


class Backup(Model):
    """What is backed up, how often, and for how long it is kept."""

    database: DatabaseBackup
    configuration: ConfigurationBackup
