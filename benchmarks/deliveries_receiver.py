"""A receiver of deliveries over HTTP that counts, and verifies each signature, for the benchmark of deliveries."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from runtime.embedded.loopback import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
_END_OF_HEAD = b"\r\n\r\n"
_FIELD = re.compile(rb"\r\n(content-length|webhook-id|webhook-timestamp|webhook-signature): ([^\r]*)", re.IGNORECASE)


class UnsignedDeliveryError(Exception):
    """A delivery came without a right signature: the benchmark measures something else than it says."""


class Received:
    """The number of deliveries that came so far, and the ids of those that came for the first time."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.port = 0
        self.deliveries = 0
        self.ids: set[bytes] = set()

    @property
    def url(self) -> str:
        """Return the address that takes deliveries."""
        return f"http://{LOOPBACK}:{self.port}/events"


@asynccontextmanager
async def receiving(key: bytes) -> AsyncIterator[Received]:
    """Take deliveries that a key signs until the end of the block."""
    received = Received(key)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(received), LOOPBACK, 0)
    received.port = server.sockets[0].getsockname()[1]
    try:
        yield received
    finally:
        server.close()


class _Connection(asyncio.Protocol):
    def __init__(self, received: Received) -> None:
        self._received = received
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(_END_OF_HEAD)
        if not found:
            return
        fields = {name.lower(): value for name, value in _FIELD.findall(head)}
        if len(body) < int(fields[b"content-length"]):
            return
        self._buffer = b""
        self._take(fields, body)
        self._transport.write(_ANSWER)

    def _take(self, fields: dict[bytes, bytes], body: bytes) -> None:
        id_ = fields[b"webhook-id"]
        signed = b".".join((id_, fields[b"webhook-timestamp"], body))
        right = b"v1," + base64.b64encode(hmac.digest(self._received.key, signed, hashlib.sha256))
        if fields[b"webhook-signature"] != right:
            raise UnsignedDeliveryError(id_.decode())
        self._received.deliveries += 1
        self._received.ids.add(id_)
