"""Nothing outlives the process that started it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import asyncpg
import pytest
from redis import Redis

if TYPE_CHECKING:
    from tests.embedded.conftest import Hold, Processes

BUSY = "SELECT sum(i) FROM generate_series(1, 1000000000000) AS i"


@pytest.mark.anyio
async def test_servers_die_with_a_parent_that_is_killed_even_at_work(
    hold: Hold, folder: Path, processes: Processes
) -> None:
    others = set(all_shared_memory())  # a server that died before may have had the number of a process of now
    held = await anyio.to_thread.run_sync(hold, folder)
    with Redis.from_url(held.valkey_url) as client:
        assert client.ping()
    connection = await asyncpg.connect(held.postgres_url)
    query = asyncio.create_task(connection.execute(BUSY))
    await busy_backend(held.postgres_url)
    segments = shared_memory(processes.below(folder)) - others
    held.owner.kill()
    with pytest.raises((asyncpg.PostgresError, ConnectionError)):
        await asyncio.wait_for(query, timeout=60)  # it would take hours
    processes.wait_for_none(folder)
    assert segments, "a running server has one"
    assert not segments & set(all_shared_memory())


async def busy_backend(url: str) -> None:
    """Return when the query is being executed."""
    connection = await asyncpg.connect(url)
    while not await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE query = $1", BUSY):
        await asyncio.sleep(0.01)
    await connection.close()


def shared_memory(processes: set[int]) -> set[str]:
    """The System V segments that these processes made, by id."""
    return {segment for segment, creator in all_shared_memory().items() if creator in processes}


def all_shared_memory() -> dict[str, int]:
    """The process that made each System V segment, by the segment's id (proc(5): /proc/sysvipc/shm)."""
    rows = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()]
    creator = rows[0].index("cpid")
    return {row[1]: int(row[creator]) for row in rows[1:]}
