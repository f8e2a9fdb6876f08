"""What one connection may do: how long it may take, how much it may hold, and what it is told."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from runtime.http import protocol as module
from runtime.http import transport
from runtime.http.protocol import LONGEST_HEAD_BYTES, Protocol
from tests.identity import header_line
from tests.runtime.changing import put
from tests.runtime.fakes import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import ASGIApp

    from tests.runtime.fakes import MemoryEntries

pytestmark = pytest.mark.anyio
PATH = "/v1/namespaces/n/entries/k"
GET = f"GET {PATH} HTTP/1.1\r\nHost: x\r\n{header_line()}\r\n".encode()
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
PUT = f"PUT {PATH} HTTP/1.1\r\nHost: x\r\n{header_line()}Content-Type: application/json\r\n".encode()
BODY = b'{"value":1}'
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
SHORT = 0.2


@dataclass(frozen=True, slots=True)
class Client:
    """A raw connection, and the server's end of it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    state: ServerState

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return the status, the fields and the body of the next answer."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        line, *lines = head.rstrip().split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await self.reader.readexactly(int(fields.get("content-length", "0")))
        return int(line.split()[1]), fields, body

    async def ask(self, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send the pieces, and return the answer."""
        self.writer.write(b"".join(pieces))
        return await self.answer()

    async def server_end(self) -> Protocol:
        """Return the server's end of the connection, once it was accepted."""
        while not self.state.connections:
            await asyncio.sleep(0.001)
        (end,) = self.state.connections
        assert isinstance(end, Protocol)
        return end

    def send_then_read(self, *pieces: bytes) -> bytes:
        """Send everything before anything is read, as simple clients do, and return all that comes."""
        address = self.writer.get_extra_info("peername")
        with socket.create_connection(address, timeout=30) as client:
            for piece in pieces:
                client.sendall(piece)
                time.sleep(SHORT)  # long enough to be answered before the next piece
            return b"".join(iter(partial(client.recv, 65536), b""))

    async def refusal(self, status: int) -> str:
        """Expect a problem that closes the connection, and return what it says."""
        answered, fields, body = await self.answer()
        assert (answered, fields["connection"], fields["content-type"]) == (status, "close", "application/problem+json")
        assert await self.reader.read() == b""
        return str(json.loads(body)["detail"])


@pytest.fixture
async def client(app: ASGIApp) -> AsyncIterator[Client]:
    """A connection to the service on its protocol; the server's end is gone when the client has closed it."""
    async with running(app), connected(app) as client:
        yield client


@asynccontextmanager
async def connected(app: ASGIApp, idle: int = 60) -> AsyncIterator[Client]:
    config, state = Config(app, ws="none", lifespan="off", log_config=None, timeout_keep_alive=idle), ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Protocol(config, state, {}), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    async with asyncio.timeout(30):
        yield Client(reader, writer, state)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        while state.connections or state.tasks:
            await asyncio.sleep(0.001)
    server.close()
    await server.wait_closed()


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECEIVE_SECONDS", SHORT)
    monkeypatch.setattr(module, "SEND_SECONDS", SHORT)


@pytest.fixture
async def deadlines(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """The deadlines of requests: each passes when a test calls it, so that no test depends on the machine's speed."""
    found: list[Callable[[], None]] = []
    loop = asyncio.get_running_loop()
    call_later = loop.call_later

    def noted(delay: float, callback: Callable[..., None], *arguments: object) -> asyncio.TimerHandle:
        if delay == module.RECEIVE_SECONDS:
            found.append(callback)
        return call_later(delay, callback, *arguments)

    monkeypatch.setattr(loop, "call_later", noted)
    return found


async def test_a_client_that_says_nothing_is_hung_up_on(app: ASGIApp) -> None:
    async with connected(app, idle=0) as client:
        assert await client.reader.read() == b""


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("before", [b"", HEALTH])
async def test_a_head_that_does_not_end_in_time_is_408(client: Client, before: bytes) -> None:
    if before:
        assert (await client.ask(before))[0] == 200
    client.writer.write(HEALTH[:20])
    assert (await client.refusal(408)).startswith("The request was not complete within 0.2 seconds.")


async def test_bytes_that_trickle_in_do_not_earn_more_time(client: Client, deadlines: list[Callable[[], None]]) -> None:
    end = await client.server_end()
    for byte in HEALTH[:-1]:
        end.data_received(bytes([byte]))
    (pass_deadline,) = deadlines
    pass_deadline()
    await client.refusal(408)


@pytest.mark.usefixtures("_impatient")
async def test_a_body_that_does_not_end_in_time_is_408_and_changes_nothing(
    client: Client, entries: MemoryEntries
) -> None:
    client.writer.write(PUT + b"Content-Length: 11\r\n\r\n" + BODY[:-1])
    await client.refusal(408)
    assert entries.entries == {}


async def test_a_body_that_nobody_waits_for_has_the_same_time(
    client: Client, deadlines: list[Callable[[], None]]
) -> None:
    status, _, _ = await client.ask(PUT.replace(b"json", b"text"), b"Content-Length: 11\r\n\r\n", BODY[:-1])
    assert status == 415
    (pass_deadline,) = deadlines
    pass_deadline()
    assert await client.reader.read() == b""


@pytest.mark.usefixtures("_impatient")
async def test_a_client_that_pauses_between_two_requests_may(client: Client) -> None:
    for _ in range(2):
        assert (await client.ask(HEALTH))[0] == 200
        await asyncio.sleep(2 * SHORT)


@pytest.mark.usefixtures("_impatient")
async def test_a_client_that_does_not_read_its_answers_is_hung_up_on(client: Client, entries: MemoryEntries) -> None:
    await put(entries, "n", "k", '"' + "x" * 1_000_000 + '"')
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # typed as one that writes alone
    client.writer.write(GET * 20)
    while client.state.connections:
        await asyncio.sleep(0.01)


async def test_a_wish_for_another_protocol_is_ignored_where_there_is_no_body(client: Client) -> None:
    upgrade = HEALTH[:-2] + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    for request in (upgrade, HEALTH, upgrade):
        assert (await client.ask(request))[0] == 200


@pytest.mark.parametrize("body", [b"Content-Length: 11\r\n\r\n" + BODY, CHUNKED + b"b\r\n" + BODY + b"\r\n0\r\n\r\n"])
async def test_a_wish_for_another_protocol_with_a_body_is_refused_and_nothing_changes(
    client: Client, entries: MemoryEntries, body: bytes
) -> None:
    client.writer.write(PUT + b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + body)
    assert "send the request without Upgrade" in await client.refusal(501)
    assert entries.entries == {}


async def test_trailers_are_not_headers(client: Client, entries: MemoryEntries) -> None:
    await put(entries, "n", "k")
    status, _, _ = await client.ask(PUT, CHUNKED, b"b\r\n", BODY, b"\r\n0\r\nIf-Match: *\r\n\r\n")
    assert status == 428
    assert (await client.ask(HEALTH))[0] == 200


@pytest.mark.parametrize("start", [b"0\r\nX-Long: ", b"5;extension="])
async def test_what_surrounds_a_body_is_bounded(client: Client, start: bytes) -> None:
    end = await client.server_end()
    end.data_received(PUT + CHUNKED + b"1\r\n{\r\n")
    end.data_received(start + b"x" * LONGEST_HEAD_BYTES)
    await client.refusal(431)


async def test_many_small_chunks_are_not_taken_for_fields(client: Client) -> None:
    padding = b" " * 50_000
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in padding + BODY)
    status, _, _ = await client.ask(PUT, CHUNKED, chunks, b"0\r\n\r\n")
    assert status == 201


async def test_a_body_in_too_many_pieces_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PIECES", 5)
    status, _, _ = await client.ask(PUT, CHUNKED, *(b"1\r\n%c\r\n" % byte for byte in BODY))
    assert status == 413
    assert await client.reader.read() == b""


async def test_an_answered_client_that_sends_pieces_without_end_is_only_closed_on(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PIECES", 5)
    assert (await client.ask(PUT.replace(b"json", b"text"), CHUNKED, b"1\r\n{\r\n"))[0] == 415
    client.writer.write(b"1\r\n{\r\n" * 5)
    assert await client.reader.read() == b""


async def test_a_client_that_asks_whether_to_go_on_is_told(client: Client) -> None:
    client.writer.write(PUT + b"Expect: 100-continue\r\nContent-Length: 11\r\n\r\n")
    assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert (await client.ask(BODY))[0] == 201


async def test_answers_come_in_the_order_of_requests_sent_together(client: Client) -> None:
    client.writer.write(HEALTH + GET + HEALTH)
    assert [(await client.answer())[0] for _ in range(3)] == [200, 404, 200]


MANY = b"x" * 3_000_000
CLOSING = PUT + b"Connection: close\r\n"


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([HEALTH[:-2] + b"X-Long: " + b"x" * LONGEST_HEAD_BYTES, MANY], 431),
        ([b"NONSENSE\r\n\r\n", MANY], 400),
        ([CLOSING + b"Content-Length: 3000000\r\n\r\n", MANY], 413),
        ([CLOSING + CHUNKED + b"2dc6c0\r\n" + MANY, b"\r\n0\r\n\r\n"], 413),
        ([CLOSING.replace(b"json", b"text") + b"Content-Length: 3000000\r\n\r\n", MANY], 415),
    ],
)
async def test_a_client_that_goes_on_sending_reads_its_answer(client: Client, pieces: list[bytes], status: int) -> None:
    answer = await asyncio.to_thread(client.send_then_read, *pieces)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == status


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("start", [HEALTH[:20], PUT + b"Content-Length: 3000000\r\n\r\n"[:-3]])
async def test_a_client_that_goes_on_sending_reads_that_it_was_too_slow(client: Client, start: bytes) -> None:
    answer = await asyncio.to_thread(client.send_then_read, start, b"", b"", MANY)
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.usefixtures("_impatient")
async def test_a_client_that_never_stops_sending_is_closed_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LINGER_SECONDS", SHORT)
    client.writer.write(b"NONSENSE\r\n\r\n")
    while client.state.connections:
        client.writer.write(b"x")
        await asyncio.sleep(0.01)


async def test_of_many_clients_that_do_not_read_the_first_is_hung_up_on(
    app: ASGIApp, entries: MemoryEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BEHIND", 1)
    await put(entries, "n", "k", '"' + "x" * 1_000_000 + '"')
    async with running(app), connected(app) as first, connected(app) as second:
        for client in (first, second):
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # typed as one that writes alone
            client.writer.write(GET * 20)
            while not (client is second or Protocol.behind):
                await asyncio.sleep(0.001)
        while first.state.connections:
            await asyncio.sleep(0.001)
        assert second.state.connections
