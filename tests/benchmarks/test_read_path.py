"""The read path's benchmark: its load, its samples, and a short run of the real servers."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from benchmarks.read_path import Round, Sample, Spread, measure, spread
from benchmarks.read_path_client import UnexpectedAnswerError, load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def answering(*pieces: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers each head with the pieces, one packet each, and keeps the heads."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                for piece in pieces:
                    writer.write(piece)
                    await asyncio.sleep(0)
                if not pieces:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], heads
    server.close()
    await server.wait_closed()


@pytest.mark.anyio
async def test_the_load_counts_whole_answers_in_however_many_pieces_they_come() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-", b"Length: 5\r\n\r\nab", b"cde") as (port, heads):
        done = await load("127.0.0.1", port, "/path", seconds=0.2, connections=3)
    assert done.answers == len(heads) > 3
    assert done.seconds >= 0.2
    assert heads[0].startswith(b"GET /path HTTP/1.1\r\n")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ((b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n",), "^HTTP/1.1 429 Too Many Requests"),
        ((b"HTTP/1.1 200 OK\r\n\r\n",), "^HTTP/1.1 200 OK"),
        ((), "^the connection was closed"),
    ],
)
async def test_anything_but_a_whole_200_ends_the_load(pieces: tuple[bytes, ...], message: str) -> None:
    async with answering(*pieces) as (port, _):
        with pytest.raises(UnexpectedAnswerError, match=message):
            await load("127.0.0.1", port, "/", seconds=30, connections=1)


def test_a_round_compares_the_api_with_the_bare_endpoint() -> None:
    each = Round(api=Sample(throughput=600, cpu=60), bare=Sample(throughput=1000, cpu=40))
    assert (each.throughput, each.cpu) == (0.6, 1.5)


def test_a_spread_is_the_median_between_the_extremes() -> None:
    assert spread([0.5, 0.7, 0.6]) == Spread(0.6, 0.5, 0.7)
    assert str(Spread(0.6, 0.5, 0.75)) == "0.60 (0.50 to 0.75)"


def test_both_servers_answer_under_load() -> None:
    (each,) = measure(rounds=1, seconds=0.3, connections=2)
    assert min(each.api.throughput, each.bare.throughput, each.api.cpu, each.bare.cpu) > 0
