"""The databases that every test gets."""

from __future__ import annotations

import asyncpg
import pytest
from redis import Redis

_USED: list[str] = []
"""The databases of the tests that ended."""


@pytest.mark.anyio
@pytest.mark.parametrize("time", ["first", "second"])
async def test_each_test_has_an_empty_database_of_its_own(database_url: str, time: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("CREATE TABLE used (time text)")
        await connection.execute("INSERT INTO used VALUES ($1)", time)
        there = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        assert there.isdisjoint(_USED)
        _USED.append(await connection.fetchval("SELECT current_database()"))
    finally:
        await connection.close()


@pytest.mark.parametrize("time", ["first", "second"])
def test_each_test_has_an_empty_redis(redis_url: str, time: str) -> None:
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("used", time)
