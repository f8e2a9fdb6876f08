"""What is written in one turn of the loop is sent in one piece."""

from __future__ import annotations

import asyncio

import pytest

from runtime.http.transport import JoiningTransport

pytestmark = pytest.mark.anyio


class Pieces(asyncio.Transport):
    """Keeps what it was given, piece by piece; ``None`` is the end."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes | None] = []

    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        self.pieces.append(data)

    def is_closing(self) -> bool:
        return None in self.pieces

    def close(self) -> None:
        self.pieces.append(None)

    abort = close


@pytest.fixture
def pieces() -> Pieces:
    return Pieces()


@pytest.fixture
async def transport(pieces: Pieces) -> JoiningTransport:
    return JoiningTransport(pieces, asyncio.get_running_loop().call_soon)


async def test_what_is_written_together_is_sent_together(transport: JoiningTransport, pieces: Pieces) -> None:
    transport.write(b"head ")
    transport.write(b"body")
    await asyncio.sleep(0)
    transport.write(b"next")
    await asyncio.sleep(0)
    assert pieces.pieces == [b"head body", b"next"]


async def test_what_was_written_is_sent_before_the_end(transport: JoiningTransport, pieces: Pieces) -> None:
    transport.write(b"last ")
    transport.write(b"words")
    transport.close()
    await asyncio.sleep(0)
    assert pieces.pieces == [b"last words", None]


async def test_nothing_is_sent_after_an_abort(transport: JoiningTransport, pieces: Pieces) -> None:
    transport.write(b"lost")
    transport.abort()
    transport.write(b"too late")
    await asyncio.sleep(0)
    assert pieces.pieces == [None]
