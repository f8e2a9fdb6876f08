"""The network between the service and its servers, as the rows break it."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from tests.runtime.forwarder import forwarding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def echo(prefix: bytes = b"") -> AsyncIterator[str]:
    """A server that returns each line behind a prefix."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(prefix + line)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection, closed at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_what_is_delayed_arrives_later_and_in_order() -> None:
    async with echo() as target, forwarding(target) as way, connected(way.port) as (reader, writer):
        way.delay_seconds = 0.05
        sent = time.monotonic()
        for number in range(20):
            writer.write(b"%d\n" % number)
            await asyncio.sleep(0)
        assert [await reader.readline() for _ in range(20)] == [b"%d\n" % number for number in range(20)]
        assert time.monotonic() - sent >= 0.1


async def test_a_silent_network_breaks_nothing_and_delivers_it_all_at_the_end() -> None:
    async with echo() as target, forwarding(target) as way, connected(way.port) as (reader, writer):
        way.silence()
        writer.write(b"one\ntwo\n")
        answer = asyncio.create_task(reader.readline())
        done, _ = await asyncio.wait([answer], timeout=0.1)
        assert not done
        way.resume()
        assert (await answer, await reader.readline()) == (b"one\n", b"two\n")


async def test_a_connection_that_is_severed_comes_back_to_the_new_target() -> None:
    async with echo(b"old ") as old, echo(b"new ") as new, forwarding(old) as way:
        async with connected(way.port) as (reader, writer):
            writer.write(b"one\n")
            assert await reader.readline() == b"old one\n"
            way.target = new
            await way.sever()
            with suppress(ConnectionError):  # a reset, or an end of file
                assert await reader.readline() == b""
        async with connected(way.port) as (reader, writer):
            writer.write(b"two\n")
            assert await reader.readline() == b"new two\n"
