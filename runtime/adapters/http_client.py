"""The HTTP client of the service: connections that are few and kept, one deadline for each call, TLS always verified.

No redirect is followed, no proxy is asked, no cookie is kept, and plain HTTP never leaves the machine.

Source: ``connections.external_services``.
Upstream: https://docs.aiohttp.org/en/stable/client_reference.html
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from functools import cache, lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from yarl import URL

from runtime.adapters.retry_after import retry_after_seconds
from runtime.domain import traces
from runtime.ports.availability import NotAskedError, Pool, Reason, RefusedError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

    from runtime.settings import ExternalServices

MOST_BYTES = 64 * 1024
"""The most of an answer's body that is read, unless a call says otherwise."""

MOST_ADDRESSES = 256
"""The addresses that need not be parsed again."""

_PLAIN_HOST = "127.0.0.1"
"""The only host that is asked without TLS: this machine."""

# An encoded body could be far larger than what was received of it.
_FIELDS = {"User-Agent": "cbp", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The status and the body of an answer; the body is None where it is larger than the caller reads.

    ``retry_after_seconds`` is what the server asks for, if it does.
    """

    status: int
    body: bytes | None
    retry_after_seconds: float | None = None


class HttpClient:
    """A ``ExternalPool``: a client with at most ``pool_size`` connections, to any number of servers.

    ``authority`` is a file of certificates that are trusted besides those of the system. It is read again when it has
    changed; connections that were made before then serve no other call.
    """

    def __init__(self, settings: ExternalServices, pool_size: int, authority: Path | None = None) -> None:
        self.timeout_seconds = settings.timeout_seconds
        self._settings = settings
        self._trust = _Trust(authority)
        self._connections = tuple(_Connection(settings.idle_seconds) for _ in range(pool_size))
        self._free = list(self._connections)
        """Those that no call uses; the last one was used last."""
        self._number_free = asyncio.Semaphore(pool_size)
        self._waiting = 0
        self._refused = 0

    @property
    def pool(self) -> Pool:
        """See :class:`runtime.ports.external.ExternalPool`."""
        size = len(self._connections)
        return Pool(size, size - len(self._free), self._waiting, self._refused)

    async def ask(
        self,
        method: str,
        url: str,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> Answer:
        """Return the answer of a server within ``timeout_seconds``, whatever its status below 500.

        The call is part of the trace that the present task is part of. Errors never hold the address.

        Raises:
            RefusedError: the address is not one of HTTPS, or of this machine.
            NotAskedError: no connection became free in time, which says nothing about the server.
            UnavailableError: there is no answer in time, or one of a status from 500 on; ``reason`` says which.
        """
        target, server = _safe(url)
        fields = {**(headers or {}), **traces.outgoing()}
        try:
            async with asyncio.timeout(self.timeout_seconds):
                connection = await self._taken(server)
                try:
                    session = await connection.to(server, self._trust.context())
                    calling = session.request(
                        method, target, data=content or None, headers=fields, allow_redirects=False
                    )
                    async with calling as response:
                        pause = retry_after_seconds(response.headers.get("Retry-After"), time.time())
                        answer = Answer(response.status, await _body(response, most_bytes), pause)
                finally:
                    self._give_back(connection)
        except TimeoutError as error:
            raise UnavailableError(f"no answer within {self.timeout_seconds} seconds", Reason.SLOW) from error
        except (ClientError, OSError) as error:
            raise _unanswered(error) from error
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnavailableError(f"answered {answer.status}", Reason.FAILED, answer.retry_after_seconds)
        return answer

    async def close(self) -> None:
        """See :class:`runtime.ports.external.ExternalPool`."""
        for connection in self._connections:
            await connection.close()

    async def _taken(self, server: str) -> _Connection:
        """Take a connection, one to the server if there is one; wait a bounded time for one that is free."""
        if self._number_free.locked():
            await self._wait()
        else:
            await self._number_free.acquire()
        kept = (number for number in range(len(self._free) - 1, -1, -1) if self._free[number].server == server)
        return self._free.pop(next(kept, 0))

    def _give_back(self, connection: _Connection) -> None:
        self._free.append(connection)
        self._number_free.release()

    async def _wait(self) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(self._settings.waiting_milliseconds / 1000):
                await self._number_free.acquire()
        except TimeoutError as error:
            self._refused += 1
            raise NotAskedError("every connection to external services is in use") from error
        finally:
            self._waiting -= 1


class _Trust:
    """The certificates that are trusted: those of the system, and those in a file that may be exchanged."""

    def __init__(self, authority: Path | None) -> None:
        self._authority = authority
        self._read_at: tuple[int, ...] = ()
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """Return a context, another one whenever the file has changed.

        Raises:
            OSError: the file cannot be read, or holds no certificate.
        """
        if self._authority is None:
            return _system()
        state = self._authority.stat()
        read_at = (state.st_ino, state.st_mtime_ns, state.st_size)
        if self._context is None or read_at != self._read_at:
            self._context = _trusting(self._authority)
            self._read_at = read_at
        return self._context


class _Connection:
    """At most one connection: a session of aiohttp, whose idle connections have no bound, for one server at a time."""

    def __init__(self, idle_seconds: float) -> None:
        self.server: str | None = None
        self._context: ssl.SSLContext | None = None
        self._session: ClientSession | None = None
        self._idle_seconds = idle_seconds

    async def to(self, server: str, context: ssl.SSLContext) -> ClientSession:
        """Return the session to a server; one to another server, or of another trust, is closed first."""
        if self._session is None or (server, context) != (self.server, self._context):
            await self.close()
            self.server, self._context = server, context
            self._session = ClientSession(
                connector=TCPConnector(ssl=context, limit=1, keepalive_timeout=self._idle_seconds),
                timeout=ClientTimeout(),  # none: a call has one deadline for all of its parts
                headers=_FIELDS,
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
                middlewares=(_once,),
            )
        return self._session

    async def close(self) -> None:
        """Close the connection, if there is one."""
        closed, self._session = self._session, None
        if closed is not None:
            await closed.close()


async def _once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Make a call once: aiohttp repeats one of a safe method whose connection broke, which circuits would not see."""
    try:
        return await handler(request)
    except (ClientError, OSError) as error:
        raise _unanswered(error) from error


def _unanswered(error: Exception) -> UnavailableError:
    return UnavailableError(f"no answer ({type(error).__name__})")


@cache
def _system() -> ssl.SSLContext:
    return ssl.create_default_context()  # it takes tens of milliseconds


def _trusting(authority: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(authority)
    return context


@lru_cache(MOST_ADDRESSES)
def _safe(url: str) -> tuple[URL, str]:
    """Return an address, and its server: scheme, host and port."""
    try:
        parsed = URL(url)
    except ValueError as error:
        raise RefusedError("the address is not one of a server") from error
    plain = parsed.scheme == "http" and parsed.host == _PLAIN_HOST
    if not plain and (parsed.scheme != "https" or not parsed.host):
        raise RefusedError("services are called over HTTPS alone")
    return parsed, str(parsed.origin())


async def _body(response: ClientResponse, most_bytes: int) -> bytes | None:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most_bytes:
            return None
    return bytes(body)
