"""A simulated network, and connections to PostgreSQL over it that behave as asyncpg's do."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import asyncpg

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable

    from tests.simulation.functions import Row

POLL_SECONDS = 0.02


class Peer(Protocol):
    """A server that connections lead to."""

    name: str
    connections: set[Connection]

    def serve(self, connection: Connection, query: str, arguments: tuple[Any, ...], reply: Reply) -> None:
        """Execute a statement in the background, and reply."""

    def cancel(self, connection: Connection) -> None:
        """Cancel the statement of a connection."""


class Network:
    """Links between workers and servers: each has a latency, and some are blocked, so that nothing arrives."""

    def __init__(self, draw: random.Random, slowest: float) -> None:
        self.draw = draw
        self.slowest = slowest
        self._blocked: set[tuple[str | None, str | None]] = set()
        self.connections: set[Connection] = set()

    def latency(self) -> float:
        """Return the time that one message takes: usually short."""
        return self.slowest * self.draw.random() ** 4

    def block(self, worker: str | None, server: str | None) -> None:
        """Stop the messages between a worker and a server (None: any), which arrive later or never."""
        self._blocked.add((worker, server))

    def unblock(self, worker: str | None, server: str | None) -> None:
        """Let the messages arrive that were stopped."""
        self._blocked.discard((worker, server))
        for connection in sorted(self.connections, key=lambda each: each.number):
            connection.flush()

    def is_blocked(self, worker: str, server: str) -> bool:
        """Return whether messages between the two are stopped."""
        return any(w in (None, worker) and s in (None, server) for w, s in self._blocked)

    async def pass_through(self, worker: str, server: str) -> None:
        """Return when a message of a new connection has arrived."""
        await asyncio.sleep(self.latency())
        while self.is_blocked(worker, server):
            await asyncio.sleep(POLL_SECONDS)


class Reply:
    """The answer to one statement: a future of the client, over the connection."""

    def __init__(self, connection: Connection, future: asyncio.Future[list[Row]]) -> None:
        self._connection = connection
        self._future = future

    def rows(self, rows: list[Row]) -> None:
        """Send rows."""
        self._connection.to_client.send(lambda: None if self._future.done() else self._future.set_result(rows))

    def error(self, error: Exception) -> None:
        """Send an error."""
        self._connection.to_client.send(lambda: None if self._future.done() else self._future.set_exception(error))


class _Direction:
    """The messages of a connection in one direction, which arrive in order."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last = 0.0
        self._stopped: list[Callable[[], object]] = []

    def send(self, deliver: Callable[[], object]) -> None:
        """Deliver after the latency."""
        loop = asyncio.get_running_loop()
        self._last = max(self._last, loop.time() + self._connection.network.latency())
        loop.call_at(self._last, self._arrive, deliver)

    def flush(self) -> None:
        """Deliver what was stopped."""
        stopped, self._stopped = self._stopped, []
        for deliver in stopped:
            self._arrive(deliver)

    def _arrive(self, deliver: Callable[[], object]) -> None:
        if self._connection.gone or self._connection.silent:
            return
        if self._stopped or self._connection.is_blocked():
            self._stopped.append(deliver)
        else:
            deliver()


class Connection:
    """A connection of asyncpg, as far as the service uses it."""

    _numbers = itertools.count()

    def __init__(self, network: Network, worker: str, server: Peer, command_timeout: float) -> None:
        self.network = network
        self.number = next(self._numbers)
        self.worker = worker
        self.server = server
        self.gone = False
        """Whether both ends know that it is closed."""
        self.silent = False
        """Whether it is half-open: nothing arrives any more, and nobody is told."""
        self.listener: Callable[[object, int, str, str], None] | None = None
        self.to_server, self.to_client = _Direction(self), _Direction(self)
        self._command_timeout = command_timeout
        self._pending: set[asyncio.Future[list[Row]]] = set()
        network.connections.add(self)
        server.connections.add(self)

    def is_blocked(self) -> bool:
        """Return whether messages are stopped at the moment."""
        return self.network.is_blocked(self.worker, self.server.name)

    def flush(self) -> None:
        """Deliver messages that were stopped."""
        self.to_server.flush()
        self.to_client.flush()

    def cut(self) -> None:
        """Break the connection, so that the client learns of it."""
        if self.gone:
            return
        self._forget()
        for future in self._pending:
            if not future.done():
                future.set_exception(
                    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
                )

    def terminate(self) -> None:
        """Close the client's end at once; the server completes what it received."""
        self._forget()

    def is_closed(self) -> bool:
        """Return whether the client knows that the connection is closed."""
        return self.gone

    def _forget(self) -> None:
        self.gone = True
        self.network.connections.discard(self)
        self.server.connections.discard(self)

    async def fetch(self, query: str, *arguments: object, timeout: float | None = None) -> list[Row]:
        """Execute a statement and return its rows."""
        if self.gone:
            raise asyncpg.InterfaceError("connection is closed")
        future: asyncio.Future[list[Row]] = asyncio.get_running_loop().create_future()
        self._pending.add(future)
        self.to_server.send(lambda: self.server.serve(self, query, arguments, Reply(self, future)))
        try:
            async with asyncio.timeout(self._command_timeout if timeout is None else timeout):
                return await future
        except TimeoutError:
            if self.network.draw.random() < 0.3:  # asyncpg asks for it over another connection, often too late
                self.server.cancel(self)
            raise
        finally:
            self._pending.discard(future)

    async def fetchrow(self, query: str, *arguments: object) -> Row:
        """Execute a statement and return its first row."""
        return (await self.fetch(query, *arguments))[0]

    async def fetchval(self, query: str, *arguments: object) -> object:
        """Execute a statement and return the first column of its first row."""
        return next(iter((await self.fetchrow(query, *arguments)).values()))

    async def add_listener(self, _channel: str, callback: Callable[[object, int, str, str], None]) -> None:
        """Execute LISTEN; notifications are delivered to ``callback``."""
        self.listener = callback
        await self.fetch("LISTEN")


class Pool:
    """A pool of asyncpg, as far as the service uses it."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], size: int) -> None:
        self._connect = connect
        self._size = size
        self._free = asyncio.Semaphore(size)
        self._idle: list[Connection] = []

    def get_max_size(self) -> int:
        """Return the most connections that it may open."""
        return self._size

    async def acquire(self, *, timeout: float) -> Connection:
        """Return a connection that nobody else uses."""
        async with asyncio.timeout(timeout):
            await self._free.acquire()
            try:
                self._idle = [each for each in self._idle if not each.is_closed()]
                return self._idle.pop() if self._idle else await self._connect()
            except BaseException:
                self._free.release()
                raise

    async def release(self, connection: Connection) -> None:
        """Take a connection back."""
        if not connection.is_closed():
            self._idle.append(connection)
        self._free.release()

    async def expire_connections(self) -> None:
        """Replace every idle connection."""
        self.terminate()

    async def close(self) -> None:
        """Close every connection."""
        self.terminate()

    def terminate(self) -> None:
        """Close every connection at once."""
        for connection in self._idle:
            connection.terminate()


class Client:
    """The functions ``connect`` and ``create_pool`` of asyncpg, over a network to the servers of ``resolve``.

    An address names its worker as the user, and the endpoint as the host. ``resolve`` returns the server behind an
    endpoint, or raises the error of a connection to it.
    """

    def __init__(self, network: Network, resolve: Callable[[str], Peer]) -> None:
        self._network = network
        self._resolve = resolve

    async def connect(self, url: str, *, timeout: float, command_timeout: float, **_: object) -> Connection:
        """See ``asyncpg.connect``."""
        parts = urlsplit(url)
        worker, endpoint = str(parts.username), str(parts.hostname)
        async with asyncio.timeout(timeout):
            server = self._resolve(endpoint)
            await self._network.pass_through(worker, server.name)
            if self._resolve(endpoint) is not server:
                raise ConnectionResetError("the address moved")
            connection = Connection(self._network, worker, server, command_timeout)
            await connection.fetch("SELECT 1")
        return connection

    async def create_pool(
        self,
        *,
        connect: Callable[..., Awaitable[Connection]],
        max_size: int,
        timeout: float,
        command_timeout: float,
        **_: object,
    ) -> Pool:
        """See ``asyncpg.create_pool``."""
        return Pool(lambda: connect(None, timeout=timeout, command_timeout=command_timeout), max_size)
