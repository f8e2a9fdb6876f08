"""Disaster Recovery, 1. Backup Strategy: ``backup``."""

from __future__ import annotations

from typing import Annotated, Literal

from compiler.model.base import Model, Only
from compiler.model.units import Duration, Flag, Schedule


class DatabaseSchedule(Model):
    """The schedule of full and of incremental backups."""

    full: Schedule
    """How often all data is copied."""
    incremental: Schedule
    """How often the changes since the last backup are copied."""


class BackupTesting(Model):
    """Tests that a backup can be restored."""

    schedule: Schedule
    """How often a backup is restored."""
    validation: Literal["Automated", "Manual"]
    """Whether a program or a person judges the restored data."""


class DatabaseBackup(Model):
    """The database's backups."""

    type: Annotated[
        Literal["Continuous"],
        Only("without an archive of the log, a disaster loses all changes since the last backup"),
    ]
    """``Continuous``: the write-ahead log is archived between two backups."""
    retention: Duration
    """How long a backup is kept."""
    schedule: DatabaseSchedule
    testing: BackupTesting


class ConfigurationBackup(Model):
    """The snapshots of the configuration that the API serves."""

    type: Annotated[
        Literal["Snapshot"],
        Only(
            "entries of one moment are consistent with each other; the changes between two are in the database's events"
        ),
    ]
    """``Snapshot``: all of it at one moment."""
    retention: Duration
    """How long a snapshot is kept."""
    schedule: Schedule
    """How often a snapshot is taken."""
    versioning: Flag
    """Whether earlier snapshots are kept beside the newest one."""


class Backup(Model):
    """Backups: their contents, schedules and retention."""

    database: DatabaseBackup
    configuration: ConfigurationBackup
