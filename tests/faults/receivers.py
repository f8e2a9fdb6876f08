"""A receiver of changes over HTTP that a test freezes, cuts off and lets fail, and the judgement of what it took."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from runtime.embedded.loopback import LOOPBACK
from tests.faults.history import Kind, Outcome
from tests.runtime.external import accepts, new_key, next_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from pathlib import Path

    from tests.faults.history import Operation, Rewind

OK = 204


class Receiver:
    """A receiver that has an effect once for each id: ``taken`` are the events in the order of their effects.

    ``repeated`` counts deliveries of what was taken before. ``status`` is its answer; with another one than ``OK`` it
    takes nothing. It answers ``seconds`` after the request.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = new_key()
        self.status = OK
        self.seconds = 0.0
        self.taken: dict[str, dict[str, Any]] = {}
        self.repeated = 0
        self.faults: list[str] = []
        self._port = 0
        self._server: asyncio.Server
        self._writers: set[asyncio.StreamWriter] = set()
        self._thawed, self._released = asyncio.Event(), asyncio.Event()
        self._thawed.set()
        self._released.set()
        self._held: asyncio.Future[int] | None = None

    @property
    def url(self) -> str:
        """Return its address, the same every time that it is open."""
        return f"http://{LOOPBACK}:{self._port}/events"

    @property
    def target(self) -> str:
        """Return the name of the circuits to it."""
        return f"subscriber-{self.name}"

    async def open(self) -> None:
        """Accept connections."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Refuse new connections, and break those that there are."""
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        while self._writers:
            await asyncio.sleep(0.01)

    def freeze(self) -> None:
        """Accept connections and requests, and do nothing about them."""
        self._thawed.clear()

    def thaw(self) -> None:
        """Go on, also with the requests of those who have given up waiting."""
        self._thawed.set()

    async def hold(self) -> int:
        """Take an event without an answer until :meth:`release`; return the port of whom it came from."""
        self._held = asyncio.get_running_loop().create_future()
        self._released.clear()
        return await self._held

    def release(self) -> None:
        """Answer what is held, and everything after it."""
        self._released.set()

    def of(self, namespace: str) -> list[dict[str, Any]]:
        """Return the events of a namespace that it took, in the order of their effects."""
        return [each for each in self.taken.values() if each["partitionkey"] == namespace]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while not writer.is_closing():
                request = await next_request(reader)
                await self._thawed.wait()
                status = self.take(request) if self.status == OK else self.status
                if self._held is not None and not self._held.done():
                    self._held.set_result(writer.get_extra_info("peername")[1])
                await self._released.wait()
                await asyncio.sleep(self.seconds)
                writer.write(b"HTTP/1.1 %d Status\r\nContent-Length: 0\r\n\r\n" % status)
                await writer.drain()
        writer.close()
        self._writers.discard(writer)

    def take(self, request: bytes) -> int:
        """Take the event of a request, unless it was taken before; return the status of the answer."""
        if not accepts(request, self.key):
            self.faults.append("a delivery is not signed by the key of the receiver")
            return 401
        event = json.loads(request.partition(b"\r\n\r\n")[2])
        known = self.taken.setdefault(event["id"], event)
        if known is not event:
            self.repeated += 1
            if known != event:
                self.faults.append(f"one id has two events: {known} and {event}")
        return OK


@asynccontextmanager
async def receiving(folder: Path, names: Iterable[str]) -> AsyncIterator[tuple[list[Receiver], Path]]:
    """Yield a receiver of each name, and the file that names them all as subscribers to a process."""
    receivers = [Receiver(name) for name in names]
    subscribers = []
    for receiver in receivers:
        await receiver.open()
        keys = folder / f"{receiver.name}.keys"
        keys.touch(mode=0o600)
        keys.write_text(f"{receiver.key}\n")
        subscribers.append({"name": receiver.name, "url": receiver.url, "keys_file": str(keys)})
    file = folder / "subscribers.json"
    file.write_text(json.dumps(subscribers), encoding="utf-8")
    try:
        yield receivers, file
    finally:
        for receiver in receivers:
            receiver.thaw()
            receiver.release()
            await receiver.cut()


def awaited(receiver: Receiver, operations: Sequence[Operation], rewinds: Sequence[Rewind] = ()) -> list[Operation]:
    """Return the acknowledged writes that were not delivered; those before history went back need not be."""
    values = {event["data"].get("value") for event in receiver.taken.values()}
    since = max((rewind.over for rewind in rewinds), default=0.0)
    writes = (each for each in operations if each.kind is Kind.PUT and each.outcome is Outcome.OK)
    return [each for each in writes if each.written not in values and each.invoked > since]


def removals_awaited(receiver: Receiver, namespace: str, operations: Sequence[Operation]) -> int:
    """Return how many removals were acknowledged beyond those that were delivered."""
    delivered = sum(each["type"] == "cbp.entry.delete" for each in receiver.of(namespace))
    acknowledged = sum(each.kind is Kind.DELETE and each.outcome is Outcome.OK for each in operations)
    missing: int = acknowledged - delivered
    return max(missing, 0)


def misdelivered(
    receiver: Receiver, namespace: str, operations: Sequence[Operation], rewinds: Sequence[Rewind] = ()
) -> list[str]:
    """Return what is wrong with the events of a namespace that a receiver took, as text that a person can act on.

    Every acknowledged change is among them, under one id and in the order of the namespace; no refused one is.
    """
    events = receiver.of(namespace)
    found = [*receiver.faults]
    found += [f"an acknowledged change is not delivered: {each}" for each in awaited(receiver, operations, rewinds)]
    by_value: dict[str, str] = {}
    for event in events:
        value = event["data"].get("value")
        if value is not None and by_value.setdefault(value, event["id"]) != event["id"]:
            found.append(f"one change is delivered as {by_value[value]} and as {event['id']}")
    refused = (each for each in operations if each.kind is Kind.PUT and each.outcome is Outcome.FAIL)
    found += [f"a refused change is delivered: {each}" for each in refused if each.written in by_value]
    if not rewinds:
        found += _in_order(events)
        found += _removed(events, operations)
    return [f"{receiver.name}: {each}" for each in found]


def _in_order(events: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f"{later['sequence']} is delivered after {earlier['sequence']}"
        for earlier, later in pairwise(events)
        if later["sequence"] < earlier["sequence"]
    ]


def _removed(events: Sequence[dict[str, Any]], operations: Sequence[Operation]) -> list[str]:
    """Compare how many removals were delivered with how many were acknowledged, or are of unknown outcome."""
    delivered = sum(each["type"] == "cbp.entry.delete" for each in events)
    removals = [each.outcome for each in operations if each.kind is Kind.DELETE]
    least, unknown = removals.count(Outcome.OK), removals.count(Outcome.UNKNOWN)
    if least <= delivered <= least + unknown:
        return []
    return [f"{delivered} removals are delivered, where {least} were acknowledged and {unknown} are of unknown outcome"]
