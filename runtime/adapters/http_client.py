"""The HTTP client of the service: connections that are few and kept, one deadline for each call, TLS always verified.

No redirect is followed, no proxy is asked, no cookie is kept, and plain HTTP never leaves the machine.

Source: ``connections.external_services``.
Upstream: https://www.python-httpx.org/advanced/resource-limits/
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

import httpx

from runtime.adapters.retry_after import retry_after_seconds
from runtime.ports import NotAskedError, Pool, Reason, RefusedError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from runtime.settings import ExternalServices

MOST_BYTES = 64 * 1024
"""The most of an answer's body that is read, unless a call says otherwise."""

_PLAIN_HOST = "127.0.0.1"
"""The only host that is asked without TLS: this machine."""

# An encoded body could be far larger than what was received of it.
_HEADERS = {"User-Agent": "cbp", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The status and the body of an answer; the body is None where it is larger than the caller reads.

    ``retry_after_seconds`` is what the server asks for, if it does.
    """

    status: int
    body: bytes | None
    retry_after_seconds: float | None = None


class HttpClient:
    """A :class:`runtime.ports.ExternalPool`: a client with at most ``pool_size`` connections, to any number of servers.

    ``authority`` is a file of certificates that are trusted besides those of the system. It is read again when it has
    changed; calls that are in progress then fail.
    """

    def __init__(self, settings: ExternalServices, pool_size: int, authority: Path | None = None) -> None:
        self.timeout_seconds = settings.timeout_seconds
        self._settings = settings
        self._pool_size = pool_size
        self._authority = authority
        self._read_at: tuple[int, ...] = ()
        self._client: httpx.AsyncClient | None = None
        self._free = asyncio.Semaphore(pool_size)
        logging.getLogger("httpx").setLevel(logging.WARNING)  # else each call is a line, with an address that is secret
        self._in_use = 0
        self._waiting = 0
        self._refused = 0

    @property
    def pool(self) -> Pool:
        """See :class:`runtime.ports.ExternalPool`."""
        return Pool(self._pool_size, self._in_use, self._waiting, self._refused)

    async def ask(
        self,
        method: str,
        url: str,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> Answer:
        """Return the answer of a server within ``timeout_seconds``, whatever its status below 500.

        Errors never hold the address.

        Raises:
            RefusedError: the address is not one of HTTPS, or of this machine.
            NotAskedError: no connection became free in time, which says nothing about the server.
            UnavailableError: there is no answer in time, or one of a status from 500 on; ``reason`` says which.
        """
        target = _safe(url)
        try:
            async with asyncio.timeout(self.timeout_seconds), self._connection():
                client = await self._current()
                async with client.stream(method, target, content=content, headers=headers) as response:
                    pause = retry_after_seconds(response.headers.get("Retry-After"), time.time())
                    answer = Answer(response.status_code, await _body(response, most_bytes), pause)
        except TimeoutError as error:
            raise UnavailableError(f"no answer within {self.timeout_seconds} seconds", Reason.SLOW) from error
        except (httpx.HTTPError, OSError) as error:
            raise UnavailableError(f"no answer ({type(error).__name__})") from error
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnavailableError(f"answered {answer.status}", Reason.FAILED, answer.retry_after_seconds)
        return answer

    async def close(self) -> None:
        """See :class:`runtime.ports.ExternalPool`."""
        if self._client is not None:
            await self._client.aclose()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[None]:
        """Hold one of the connections; wait a bounded time for it."""
        # The pool of httpx loses a connection for ever when a call stops waiting as it gets one: nobody waits there.
        self._waiting += 1
        try:
            async with asyncio.timeout(self._settings.waiting_milliseconds / 1000):
                await self._free.acquire()
        except TimeoutError as error:
            self._refused += 1
            raise NotAskedError("every connection to external services is in use") from error
        finally:
            self._waiting -= 1
        self._in_use += 1
        try:
            yield
        finally:
            self._in_use -= 1
            self._free.release()

    async def _current(self) -> httpx.AsyncClient:
        """Return the client that trusts what the file of the authority now holds."""
        read_at: tuple[int, ...] = ()
        if self._authority is not None:
            state = self._authority.stat()
            read_at = (state.st_ino, state.st_mtime_ns, state.st_size)
        if self._client is None or read_at != self._read_at:
            before, self._client, self._read_at = self._client, self._new(), read_at
            if before is not None:
                await before.aclose()
        return self._client

    def _new(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=_system() if self._authority is None else _trusting(self._authority),
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113 - a call has one deadline for all of its parts
            limits=httpx.Limits(
                max_connections=self._pool_size,
                max_keepalive_connections=self._pool_size,
                keepalive_expiry=self._settings.idle_seconds,
            ),
            headers=_HEADERS,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )


@cache
def _system() -> ssl.SSLContext:
    return ssl.create_default_context()  # it takes tens of milliseconds


def _trusting(authority: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(authority)
    return context


def _safe(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise RefusedError("the address is not one of a server") from error
    plain = parsed.scheme == "http" and parsed.host == _PLAIN_HOST
    if not plain and (parsed.scheme != "https" or not parsed.host):
        raise RefusedError("services are called over HTTPS alone")
    return parsed


async def _body(response: httpx.Response, most_bytes: int) -> bytes | None:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > most_bytes:
            return None
    return bytes(body)
