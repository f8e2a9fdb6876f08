"""The databases that every test gets."""

from __future__ import annotations

import asyncpg
import pytest
from redis import Redis


@pytest.mark.anyio
@pytest.mark.parametrize("time", ["first", "second"])
async def test_each_test_has_an_empty_database_of_its_own(database_url: str, time: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE used (time text)")
    await connection.execute("INSERT INTO used VALUES ($1)", time)
    assert await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname LIKE 'test_%'") == 1
    await connection.close()


@pytest.mark.parametrize("time", ["first", "second"])
def test_each_test_has_an_empty_redis(redis_url: str, time: str) -> None:
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("used", time)
