"""A simulated PostgreSQL: a primary, and a standby that follows it, with the faults that such servers have.

A change holds the lock of changes until it is committed, as in migration 0003. What was committed is a list of records,
so that a server can be put back to an earlier state.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg

from runtime.adapters.postgres_migrations import migrations
from tests.simulation import functions
from tests.simulation.functions import History, Identity, Record, State, replayed

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Coroutine

    from tests.simulation.functions import Event, Row
    from tests.simulation.network import Connection, Network, Reply
    from tests.simulation.truth import Truth

BEGINNING = datetime(2030, 1, 1, tzinfo=UTC)
NEWEST_MIGRATION = migrations()[-1].version
PARTITIONS = 1
LOCK_TIMEOUT_SECONDS = 2.0
FLUSH_SECONDS = 0.008
LATEST_NOTIFICATION_SECONDS = 0.5


class Server:
    """One server, from its start until it stops."""

    def __init__(self, database: Database, name: str, identity: Identity, records: list[Record]) -> None:
        self.name = name
        self.identity = identity
        self.records = records
        """What it received; a standby replays it later."""
        self.state = replayed(records)
        self.replayed = len(records)
        self.connections: set[Connection] = set()
        self.pending: Record | None = None
        """What is being committed."""
        self._database = database
        self._lock = asyncio.Lock()
        self._tasks: dict[asyncio.Task[None], Connection] = {}
        self._offset = database.draw.uniform(-0.05, 0.05)
        self._cancelled: set[Connection] = set()

    def serve(self, connection: Connection, query: str, arguments: tuple[Any, ...], reply: Reply) -> None:
        """See :class:`tests.simulation.network.Peer`."""
        task = asyncio.create_task(self._answer(connection, query, arguments, reply))
        self._tasks[task] = connection
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    def cancel(self, connection: Connection) -> None:
        """See :class:`tests.simulation.network.Peer`."""
        self._cancelled.add(connection)

    def stop(self) -> None:
        """Stop at once: nothing that has not been committed will be."""
        for task in list(self._tasks):
            task.cancel()
        for connection in sorted(self.connections, key=lambda each: each.number):
            if connection.is_blocked():
                connection.silent = True
            else:
                connection.cut()

    def promote(self) -> None:
        """End recovery, on a new timeline."""
        self.state = replayed(self.records)
        self.identity = Identity(self.identity.system, self.identity.timeline + 1)

    def now(self) -> datetime:
        """Return the server's time."""
        return BEGINNING + timedelta(seconds=asyncio.get_running_loop().time() + self._offset)

    async def _answer(self, connection: Connection, query: str, arguments: tuple[Any, ...], reply: Reply) -> None:
        try:
            reply.rows(await self._execute(connection, query, arguments))
        except asyncpg.PostgresError as error:
            reply.error(error)

    def _execute(
        self, connection: Connection, query: str, arguments: tuple[Any, ...]
    ) -> Coroutine[Any, Any, list[Row]]:
        if "commit_changes(" in query:
            return self._change(connection, arguments)
        if "confirm_history(" in query:
            *known, lossless = arguments
            return self.confirm(connection, (known[0], known[1], known[2]), lossless=lossless)
        return self._look(query, arguments)

    async def _look(self, query: str, arguments: tuple[Any, ...]) -> list[Row]:
        await self._pause(0.002)
        if "AS server_time" in query:
            return functions.position(self.state, self.identity, self.now(), (arguments[0], arguments[1], arguments[2]))
        if "FROM events" in query:
            events = self.state.between(*arguments[:2])[: arguments[2]]
            return [{"namespace": event.name[0], "key": event.name[1]} for event in events]
        if "AS candidates" in query:
            return functions.scan(self.state, self.identity, *arguments[:3])
        if "store_position()" in query:
            return functions.read(self.state, self.identity, *arguments)
        if "pg_is_in_recovery()" in query:
            return [{"recovering": self.identity.recovering}]
        if "FROM schema_migrations" in query:
            return [{"version": NEWEST_MIGRATION, "partitions": PARTITIONS}]
        if query in ("SELECT 1", "LISTEN"):
            return [{"": 1}]
        raise AssertionError(f"a query that the simulation does not know: {query}")

    async def _change(self, connection: Connection, arguments: tuple[Any, ...]) -> list[Row]:
        async with _Locked(self._lock, self._cancelled, connection):
            if self.identity.recovering:
                raise asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction")
            await self._pause(0.002)
            rows, events = functions.commit_changes(self.state, self.identity, self.now, arguments)
            if events:
                await self._commit(Record(events), _payload(self._database, rows[0]["epoch"], events))
        return rows

    async def confirm(
        self, connection: Connection | None, known: tuple[Any, Any, Any], *, lossless: bool, renewed: bool = False
    ) -> list[Row]:
        """Execute ``confirm_history()``."""
        async with _Locked(self._lock, self._cancelled, connection):
            epoch = f"{self._database.draw.getrandbits(32):08x}"
            record = functions.confirm_history(
                self.state, self.identity, epoch, known, lossless=lossless, renewed=renewed
            )
            if record is not None:
                await self._commit(record, "")
        return [{"confirm_history": self.state.histories[-1].epoch}]

    async def _commit(self, record: Record, payload: str) -> None:
        self.pending = record
        await self._pause(FLUSH_SECONDS)
        while self._database.waits_for_standby(self):
            await asyncio.sleep(0.02)
        self._database.replicate(self, record)
        self.pending = None
        self.records.append(record)
        self.state.apply(record)
        self._database.committed(self, record)
        for each in sorted(self.connections, key=lambda each: each.number):
            if each.listener is not None:
                self._notify(each, each.listener, payload)

    def _notify(self, connection: Connection, listener: Callable[[object, int, str, str], None], payload: str) -> None:
        """Send a notification: some are late, lost or sent twice."""
        draw = self._database.draw
        kind = draw.random()
        if kind < self._database.loss:
            return
        for _ in range(2 if kind > 0.97 else 1):
            later = draw.uniform(0, LATEST_NOTIFICATION_SECONDS) if draw.random() < 0.2 else 0.0
            asyncio.get_running_loop().call_later(
                later, connection.to_client.send, lambda: listener(connection, 0, "entries", payload)
            )

    async def _pause(self, longest: float) -> None:
        await asyncio.sleep(self._database.draw.uniform(0, longest))
        while self._database.network.is_blocked("", self.name):  # the server itself is stopped
            await asyncio.sleep(0.02)


class _Locked:
    """The lock of changes, for which a statement waits no longer than its ``lock_timeout``."""

    def __init__(self, lock: asyncio.Lock, cancelled: set[Connection], connection: Connection | None) -> None:
        self._lock = lock
        self._cancelled = cancelled
        self._connection = connection

    async def __aenter__(self) -> None:
        try:
            async with asyncio.timeout(LOCK_TIMEOUT_SECONDS):
                await self._lock.acquire()
        except TimeoutError:
            raise asyncpg.LockNotAvailableError("canceling statement due to lock timeout") from None
        if self._connection in self._cancelled:
            self._lock.release()
            raise asyncpg.QueryCanceledError("canceling statement due to user request")

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()


class Database:
    """The servers behind the endpoints ``rw`` and ``direct`` (the primary) and ``ro`` (a standby, if there is one)."""

    def __init__(
        self, network: Network, truth: Truth, draw: random.Random, *, lossless: bool, standby: bool, loss: float
    ) -> None:
        self.network = network
        self.draw = draw
        self.loss = loss
        """The share of notifications that are lost."""
        self.lossless = lossless
        self.stalled = False
        """Whether the standby receives nothing at the moment."""
        self._truth = truth
        self._number = 0
        self._has_standby = standby or lossless
        self._up = True
        first = Record(history=History(1, f"{draw.getrandbits(32):08x}", 7, 1))
        self.primary = self._server(Identity(7, 1), [first])
        self.standby: Server | None = None
        truth.begin(self.primary.state)
        self.rejoin()

    def resolve(self, endpoint: str) -> Server:
        """Return the server behind an endpoint, or raise the error of a connection to it."""
        server = self.standby if endpoint == "ro" else self.primary
        if server is None or not (self._up or endpoint == "ro"):
            raise ConnectionRefusedError("connection refused")
        return server

    def waits_for_standby(self, server: Server) -> bool:
        """Return whether a commit has to wait."""
        standby = self.standby
        waits = standby is None or self.stalled or not self._follows(standby)
        return self.lossless and server is self.primary and waits

    def replicate(self, server: Server, record: Record) -> None:
        """Send a commit to the standby before it is visible, where commits are synchronous."""
        if self.lossless and server is self.primary and self.standby is not None:
            missing = server.records[len(self.standby.records) :]
            self.standby.records += [*missing, record]

    def committed(self, server: Server, record: Record) -> None:
        """Learn of a visible commit."""
        if server is self.primary:
            self._truth.committed(record, server.state)

    async def stream(self, slowest: float) -> None:
        """Let the standby follow the primary, at most ``slowest`` seconds behind, until cancelled."""
        while True:
            await asyncio.sleep(self.draw.uniform(0, slowest))
            standby = self.standby
            if standby is None or self.stalled or not self._up or not standby.identity.recovering:
                continue
            if not self.lossless and standby.records == self.primary.records[: len(standby.records)]:
                standby.records += self.primary.records[len(standby.records) :]
            for record in standby.records[standby.replayed :]:
                standby.state.apply(record)
            standby.replayed = len(standby.records)

    def crash(self) -> None:
        """Stop the primary; what it was committing may have been written."""
        server = self.primary
        if server.pending is not None and self.draw.random() < 0.5:
            server.records.append(server.pending)
        server.stop()
        self._up = False

    async def restart(self, lost: int = 0) -> None:
        """Start the primary again, without its last ``lost`` transactions, as from an earlier state of its disk."""
        await self._stopped()
        records = self.primary.records
        kept = max(1, len(records) - lost)
        self._present(self._server(self.primary.identity, records[:kept]))

    async def promote(self) -> None:
        """Promote the standby in place of the primary, which was stopped."""
        await self._stopped()
        if self.standby is None:
            self._present(self._server(self.primary.identity, self.primary.records))
            return
        promoted, self.standby = self.standby, None
        promoted.promote()
        self._present(promoted)

    async def restore(self, lost: int) -> None:
        """Restore a backup without the last ``lost`` transactions, as the restore command does."""
        await self._stopped()
        kept = max(1, len(self.primary.records) - lost)
        identity = Identity(self.primary.identity.system, self.primary.identity.timeline + 1)
        server = self._server(identity, self.primary.records[:kept])
        await server.confirm(None, (None, None, None), lossless=self.lossless, renewed=True)
        self._present(server)

    def rejoin(self) -> None:
        """Make a new standby of the primary, where there is to be one."""
        if not self._has_standby or (self.standby is not None and self._follows(self.standby)):
            return
        if self.standby is not None:
            self.standby.stop()
        identity = self.primary.identity._replace(recovering=True)
        self.standby = self._server(identity, list(self.primary.records))

    def _follows(self, standby: Server) -> bool:
        return standby.records == self.primary.records[: len(standby.records)]

    async def _stopped(self) -> None:
        """Stop the primary if it runs, and be away for a while."""
        if self._up:
            self.crash()
        await asyncio.sleep(self.draw.uniform(0.05, 3))

    def _present(self, server: Server) -> None:
        self.primary = server
        self._up = True
        self._truth.switched(server.state)

    def _server(self, identity: Identity, records: list[Record]) -> Server:
        self._number += 1
        return Server(self, f"server{self._number}", identity, list(records))


def _payload(database: Database, epoch: str, events: tuple[Event, ...]) -> str:
    head = f"{epoch} {events[0].revision - 1} {events[-1].revision}"
    if database.draw.random() < 0.05:  # too many names for one notification
        return head
    return "\n".join((head, *(" ".join(event.name) for event in events)))


__all__ = ["Database", "Server", "State"]
