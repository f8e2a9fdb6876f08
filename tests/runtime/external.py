"""External services for tests: real servers of HTTP on this machine, whose behaviour is exchanged while they run."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import ssl
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias

from runtime.adapters.http_client import HttpClient
from runtime.embedded.loopback import LOOPBACK
from runtime.ports.availability import Reason
from runtime.services import circuit_breaker
from runtime.settings import CircuitBreaker, ExternalServices, ServiceCalls
from tests.certificates import self_signed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

    import pytest

RESET_SECONDS = 30
_NO_CIRCUIT = ServiceCalls(pool_size=2, circuit_breaker=None)
CALLS = ExternalServices(
    timeout_seconds=5,
    waiting_milliseconds=2500,
    idle_seconds=4,
    monitored=True,
    issuers=_NO_CIRCUIT,
    integrations=_NO_CIRCUIT,
)
"""Settings of calls that tests make by themselves."""

Behaviour: TypeAlias = "Callable[[External, asyncio.StreamWriter], Awaitable[None]]"


def answers(status: int, body: bytes = b"", *fields: str) -> Behaviour:
    """Answer each request, and keep the connection."""
    head = "\r\n".join((f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", *fields, "", ""))

    async def behave(_: External, writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode() + body)

    return behave


async def is_silent(_: External, __: asyncio.StreamWriter) -> None:
    """Accept a request, and never answer."""
    await asyncio.Event().wait()


async def drips(_: External, writer: asyncio.StreamWriter) -> None:
    """Answer byte by byte, without end."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.001)


async def hangs_up(_: External, writer: asyncio.StreamWriter) -> None:
    """Close the connection in place of an answer."""
    writer.close()


async def breaks_off(_: External, writer: asyncio.StreamWriter) -> None:
    """Close the connection within an answer."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    writer.close()


async def next_request(reader: asyncio.StreamReader) -> bytes:
    """Return the head and the body of the next request of a connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
    return head + await reader.readexactly(int(fields.get(b"content-length", 0)))


def new_key() -> str:
    """Return a key that signs deliveries."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def accepts(request: bytes, held: str) -> bool:
    """Return whether a receiver that holds a key accepts a request, as Standard Webhooks says."""
    head, _, body = request.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    content = f"{fields['webhook-id']}.{fields['webhook-timestamp']}.".encode() + body
    digest = hmac.new(base64.b64decode(held[6:]), content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}" in fields["webhook-signature"].split(" ")


class External:
    """A server: the ``requests`` that it has received, and its connections ``ever`` and ``now``."""

    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.port = 0
        self.requests: list[bytes] = []
        self.ever = 0
        self.now = 0
        self.most = 0
        self.writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """The address of the server, over plain HTTP."""
        return f"http://{LOOPBACK}:{self.port}/path"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until its end."""
        self.ever += 1
        self.now += 1
        self.most = max(self.most, self.now)
        self.writers.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while not writer.is_closing():
                self.requests.append(await next_request(reader))
                await self._until_given_up(reader, writer)
        writer.close()
        self.writers.discard(writer)
        self.now -= 1

    async def _until_given_up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behaving = asyncio.ensure_future(self.behave(self, writer))
        given_up = asyncio.ensure_future(reader.read(1))
        await asyncio.wait((behaving, given_up), return_when=asyncio.FIRST_COMPLETED)
        given_up.cancel()
        behaving.cancel()
        await asyncio.wait((behaving, given_up))
        if not given_up.cancelled():
            writer.close()

    async def left(self) -> None:
        """Return when every connection is closed."""
        async with asyncio.timeout(5):
            while self.now:
                await asyncio.sleep(0.001)


@asynccontextmanager
async def external(behave: Behaviour, port: int = 0, context: ssl.SSLContext | None = None) -> AsyncIterator[External]:
    """Serve on a port of this machine, by default a free one."""
    found = External(behave)
    server = await asyncio.start_server(found.serve, LOOPBACK, port, ssl=context)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for writer in found.writers:
            writer.close()
        await found.left()


@asynccontextmanager
async def http_client(pool_size: int = 2, authority: Path | None = None, **members: float) -> AsyncIterator[HttpClient]:
    """Provide a client, by ``CALLS`` with some other ``members``."""
    client = HttpClient(CALLS.model_copy(update=members), pool_size, authority)
    try:
        yield client
    finally:
        await client.close()


FAILURES: Sequence[tuple[Behaviour, Reason]] = (
    (is_silent, Reason.SLOW),
    (drips, Reason.SLOW),
    (hangs_up, Reason.AWAY),
    (breaks_off, Reason.AWAY),
    (answers(500), Reason.FAILED),
    (answers(503), Reason.FAILED),
)
"""What a service does that fails, and the reason that a call of it ends for."""


class CircuitClock:
    """The clock of all circuits: it stands still until a test moves it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._seconds = 0.0
        patch.setattr(circuit_breaker, "time", self)

    def monotonic(self) -> float:
        """Return the seconds of the clock."""
        return self._seconds

    def pass_reset(self) -> None:
        """Move the clock past the reset of the circuits, so that they are probed."""
        self._seconds += RESET_SECONDS


def calls_with_circuit(failure_threshold: int) -> ServiceCalls:
    """Return settings of calls whose circuits open after a number of failures."""
    circuit = CircuitBreaker(failure_threshold=failure_threshold, reset_seconds=RESET_SECONDS)
    return ServiceCalls(pool_size=2, circuit_breaker=circuit)


def shows(folder: Path, address: str = LOOPBACK) -> tuple[ssl.SSLContext, bytes]:
    """Return how a server shows a certificate of its own making for an address, and that certificate."""
    certificate, key = self_signed(folder, address, "shown")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate.read_bytes()
