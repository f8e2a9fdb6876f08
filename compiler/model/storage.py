"""Storage Resources, 1. Database Storage: ``storage``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Model
from compiler.model.units import Bytes, Duration, Flag, Schedule

StorageClassName = Literal["Premium SSD"]


class Size(Model):
    """The size of one volume at first, and the largest that it grows to."""

    initial: Bytes
    """The size of a new volume."""
    max: Bytes
    """The largest that a volume grows to."""


class StorageBackup(Model):
    """How the database's volumes are backed up; agrees with ``backup.database``."""

    type: Literal["Continuous"]
    """``Continuous``: the log of changes is archived between two backups."""
    retention: Duration
    """How long a backup is kept."""


class DatabaseStorage(Model):
    """The database's volumes."""

    type: Literal["PostgreSQL"]
    """The database's server."""
    storage_class: StorageClassName
    """The class of its volumes."""
    size: Size
    backup: StorageBackup


class Persistence(Model):
    """Whether the cache survives a restart, and how often its volume is copied."""

    enabled: Flag
    """Whether the cache is written to its volume."""
    backup_schedule: Schedule
    """How often the volume is copied."""


class CacheStorage(Model):
    """The cache's volumes."""

    type: Literal["Redis"]
    """The cache's server."""
    storage_class: StorageClassName
    """The class of its volumes."""
    size: Size
    persistence: Persistence


class Storage(Model):
    """Where the data lies."""

    database: DatabaseStorage
    cache: CacheStorage
