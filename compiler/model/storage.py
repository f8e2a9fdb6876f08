"""Storage Resources, 1. Database Storage: ``storage``."""

from __future__ import annotations

from typing import Annotated, Literal

from compiler.model.base import Model, Only
from compiler.model.units import Bytes, Duration, Flag, Schedule

StorageClassName = Annotated[
    Literal["Premium SSD"],
    Only("a slower disk delays each commit, and a claim never changes its class"),
]


class Size(Model):
    """The initial and the largest size of one volume."""

    initial: Bytes
    """The size of a new volume."""
    max: Bytes
    """The largest size that a volume grows to."""


class StorageBackup(Model):
    """The backup of the database; agrees with ``backup.database``."""

    type: Annotated[
        Literal["Continuous"],
        Only("without an archive of the log, a disaster loses all changes since the last backup"),
    ]
    """``Continuous``: the write-ahead log is archived between two backups."""
    retention: Duration
    """How long a backup is kept."""


class DatabaseStorage(Model):
    """The database's volumes."""

    type: Annotated[
        Literal["PostgreSQL"],
        Only("the migrations, functions and queries of the service are PostgreSQL's own"),
    ]
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

    type: Annotated[
        Literal["Redis"],
        Only("the script that takes tokens of a bucket is run by a server of this protocol"),
    ]
    """The product of the cache."""
    storage_class: StorageClassName
    """The class of its volumes."""
    size: Size
    persistence: Persistence


class Storage(Model):
    """The storage of the database and of the cache."""

    database: DatabaseStorage
    cache: CacheStorage
