"""The job that takes a snapshot of the configuration, by the role that migrates, and keeps it under a lock.

A backup of the database is read by a restored database alone. A snapshot is read by people and by ``cbp snapshot``, and
gives back one namespace without touching the others.
"""

from __future__ import annotations

import os
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from runtime.adapters.postgres_migrations import session
from runtime.domain.audit import written
from runtime.domain.configuration_snapshots import Writer
from runtime.maintenance.locked_store import keep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import asyncpg

    from runtime.environment import Address, LockedStore
    from runtime.settings import Settings

AT_ONCE = 500
"""The entries that are read at once: one may have a value of a megabyte."""
_GZIP = 31
"""The window of zlib for a file of gzip, which has no name and no time in it."""

_HEAD = "SELECT epoch, last_revision() AS revision FROM histories ORDER BY number DESC LIMIT 1"
_ENTRIES = "SELECT namespace, key, value::text AS value FROM entries ORDER BY namespace, key"

_log = structlog.get_logger(__name__)


async def take(
    address: Address, settings: Settings, store: LockedStore | None, folder: Path | None, *, versioned: bool
) -> str:
    """Keep all entries and definitions of one moment in a bucket (``store``), a folder, or both; return its name.

    ``versioned``: the name has the time, and the file stays beside those before. Otherwise the newest has the name of
    the one before, which a bucket under Object Lock keeps as an earlier version until its lock ends.

    Raises :class:`runtime.maintenance.locked_store.StoreError`, and asyncpg's and the operating system's errors.
    """
    now, lines = datetime.now(UTC), Writer()
    packer = zlib.compressobj(wbits=_GZIP)
    async with session(address, settings.database) as connection:
        content = b"".join([packer.compress(line) async for line in read(connection, settings, lines, now)])
    content += packer.flush()
    time = f"-{now:%Y%m%dT%H%M%SZ}" if versioned else ""
    name = f"{settings.environment}-{settings.cluster}{time}.jsonl.gz"
    if folder is not None:
        _write(folder / name, content)
    if store is not None:
        keep(store, name, content, media_type="application/gzip", once=versioned)
    _log.info(
        "the configuration is kept", file=name, namespaces=lines.namespaces, entries=lines.entries, bytes=len(content)
    )
    return name


async def read(
    connection: asyncpg.Connection, settings: Settings, lines: Writer, now: datetime
) -> AsyncIterator[bytes]:
    """Yield the lines of a snapshot, all of which are of the moment of the first."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        head = await connection.fetchrow(_HEAD)
        yield lines.head(settings.environment, settings.cluster, head["epoch"], head["revision"], written(now))
        async for row in connection.cursor(_ENTRIES, prefetch=AT_ONCE):
            yield lines.entry(row["namespace"], row["key"], row["value"])
    yield lines.end()


def _write(file: Path, content: bytes) -> None:
    """Write a file whole, or not at all."""
    beside = file.with_name(f".{file.name}")
    with beside.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(file)
