"""Storage Resources, 1. Database Storage: ``storage``."""

from __future__ import annotations

from typing import Literal

from compiler.model.base import Model
from compiler.model.units import Bytes, Duration, Flag, Schedule

StorageClassName = Literal["Premium SSD"]


class Size(Model):
    """The size of one volume at first, and the largest that it grows to."""

    initial: Bytes
    max: Bytes


class StorageBackup(Model):
    """How the database's volumes are backed up; agrees with ``backup.database``."""

    type: Literal["Continuous"]
    retention: Duration


class DatabaseStorage(Model):
    """The database's volumes."""

    type: Literal["PostgreSQL"]
    storage_class: StorageClassName
    size: Size
    backup: StorageBackup


class Persistence(Model):
    """Whether the cache survives a restart, and how often its volume is copied."""

    enabled: Flag
    backup_schedule: Schedule


class CacheStorage(Model):
    """The cache's volumes."""

    type: Literal["Redis"]
    storage_class: StorageClassName
    size: Size
    persistence: Persistence


class Storage(Model):
    """Where the data lies."""

    database: DatabaseStorage
    cache: CacheStorage
