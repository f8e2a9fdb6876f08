"""Storage Resources, 1. Database Storage: ``storage``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Model
from compiler.model.units import Bytes, Duration, Flag, Schedule

StorageClassName = Literal["Premium SSD"]


class Size(Model):
    """The initial and the largest size of one volume."""

    initial: Bytes
    """The size of a new volume."""
    max: Bytes
    """The largest size that a volume grows to."""


class StorageBackup(Model):
    """The backup of the database; agrees with ``backup.database``."""

    type: Literal["Continuous"]
    """``Continuous``: the write-ahead log is archived between two backups."""
    retention: Duration
    """How long a backup is kept."""


class DatabaseStorage(Model):
    """The database's volumes."""

    type: Literal["PostgreSQL"]
    """The product of the database."""
    storage_class: StorageClassName
    """The class of its volumes."""
    size: Size
    backup: StorageBackup


class Persistence(Model):
    """The persistence of the cache, and the copies of its volume."""

    enabled: Flag
    """Whether the cache is written to its volume."""
    backup_schedule: Schedule
    """How often the volume is copied."""


class CacheStorage(Model):
    """The cache's volumes."""

    type: Literal["Redis"]
    """The product of the cache."""
    storage_class: StorageClassName
    """The class of its volumes."""
    size: Size
    persistence: Persistence


class Storage(Model):
    """The storage of the database and of the cache."""

    database: DatabaseStorage
    cache: CacheStorage
