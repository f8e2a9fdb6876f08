"""What is written in one turn of the loop is sent in one piece."""

from __future__ import annotations

import asyncio

import pytest

from runtime.http import transport as module
from runtime.http.transport import JoiningTransport

pytestmark = pytest.mark.anyio


class Pieces(asyncio.Transport):
    """Keeps what it was given, piece by piece; ``None`` is the end."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes | None] = []
        self.closed = False

    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        self.pieces.append(data)

    def is_closing(self) -> bool:
        return self.closed

    def write_eof(self) -> None:
        self.pieces.append(None)

    def resume_reading(self) -> None: ...

    def close(self) -> None:
        self.closed = True

    abort = close


@pytest.fixture
def pieces() -> Pieces:
    return Pieces()


@pytest.fixture
async def transport(pieces: Pieces) -> JoiningTransport:
    return JoiningTransport(pieces, asyncio.get_running_loop())


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
    transport.close()
    transport.write(b"too late")
    await asyncio.sleep(0)
    assert pieces.pieces == [b"last words", None]
    assert transport.is_closing()


async def test_a_client_that_does_not_close_is_closed_on_after_a_while(
    transport: JoiningTransport, pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINGER_SECONDS", 0)
    transport.close()
    assert not pieces.closed
    while not pieces.closed:
        await asyncio.sleep(0)


async def test_nothing_is_sent_after_an_abort(transport: JoiningTransport, pieces: Pieces) -> None:
    transport.write(b"lost")
    transport.abort()
    transport.write(b"too late")
    await asyncio.sleep(0)
    assert (pieces.pieces, pieces.closed) == ([], True)
