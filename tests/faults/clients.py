"""Clients that change and read a few entries over HTTP all the time, and record what they asked and were answered."""

from __future__ import annotations

import asyncio
import random
import secrets
import ssl
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx

from tests.faults.history import Condition, Kind, Operation, Outcome
from tests.identity import signed_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tests.faults.deployment import Deployment, Replica

WRITERS = READERS = 2
"""Of each replica: they come to several workers, and stay with their replica, so that each one is seen."""

KEYS = ("k0", "k1", "k2", "k3")
SETTLED = ("s0", "s1")
"""Entries that are written once, before everything else, and read all the time."""
PAUSE_SECONDS = 0.04
PROBE_SECONDS = 0.1
PATIENCE_SECONDS = 8.0
"""The longest that a client waits for an answer: longer than any deadline of the service."""

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing is encrypted here; reading the system's authorities would take each client 50 ms."""

NO_TAG = '"none"'
"""An entity tag that no entry has: a change under it is refused with the tag that the entry has."""

REFUSALS = ("was not sent", "was not made", "answers less than usual")
"""What an answer of 503 says to a change that was not made: the last one for want of memory."""

ALWAYS = Condition()
ANY = Condition(if_match="*")
NEW = Condition(if_none_match="*")


@dataclass(frozen=True, slots=True)
class Probe:
    """An answer to a question for readiness; ``status`` is None when there was none."""

    replica: int
    invoked: float
    status: int | None


@dataclass(slots=True)
class Recorder:
    """What all clients saw; ``numbers`` makes each value that is written unique."""

    namespace: str
    operations: list[Operation] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)
    latest: tuple[str, float] | None = None
    """The entity tag of the change that was acknowledged last, and when it was sent."""


def connection(seconds: float = PATIENCE_SECONDS, **options: Any) -> httpx.AsyncClient:
    """Return an HTTP client that waits for an answer for so long."""
    return httpx.AsyncClient(timeout=seconds, verify=NO_AUTHORITIES, **options)


class Client:
    """One client of one replica, with a connection of its own."""

    def __init__(self, name: str, number: int, replica: Replica, recorder: Recorder) -> None:
        self._name = name
        self._number = number
        self._replica = replica
        self._recorder = recorder
        self._random = random.Random(name)  # noqa: S311 - a mixture of requests, no secret
        self._network = secrets.token_hex(2)  # its quota is not the one of another trial
        self._signed_in: dict[str, str] = {}
        self._held: dict[str, str] = {}
        self._sent = 0
        self._http = connection()

    @property
    def name(self) -> str:
        """Return its name."""
        return self._name

    async def close(self) -> None:
        """Close its connection."""
        await self._http.aclose()

    async def write(self) -> None:
        """Change an entry, mostly the revision that it knows; or look by a change that is refused."""
        key, choice = self._random.choice(KEYS), self._random.random()
        held = self._held.get(key)
        known = Condition(if_match=held) if held else NEW
        if choice < 0.6:
            await self.put(key, known if choice < 0.4 else ANY)
        elif choice < 0.75:
            await self.put(key, NEW if choice < 0.7 else ALWAYS)
        elif choice < 0.85:
            await self.delete(key, known if held and choice < 0.8 else ANY)
        else:
            await self.look(key)

    async def read(self) -> None:
        """Read an entry, half of the time only if it is another one than before."""
        key = self._random.choice(KEYS + SETTLED)
        choice = self._random.random()
        if choice < 0.3 and self._recorder.latest:
            await self.get_at_least(key, *self._recorder.latest)
        else:
            await self.get(key, Condition(if_none_match=self._held.get(key) if choice < 0.65 else None))

    async def put(self, key: str, condition: Condition) -> Operation | None:
        """Write a new value."""
        return await self._ask(Kind.PUT, key, condition, f"{self._name}-{next(self._recorder.numbers)}")

    async def delete(self, key: str, condition: Condition) -> Operation | None:
        """Remove an entry."""
        return await self._ask(Kind.DELETE, key, condition)

    async def look(self, key: str) -> Operation | None:
        """Learn the entity tag of the entry from the store itself, by a removal that is refused."""
        return await self.delete(key, Condition(if_match=NO_TAG))

    async def get(self, key: str, condition: Condition = ALWAYS) -> Operation | None:
        """Read an entry."""
        return await self._ask(Kind.READ, key, condition)

    async def get_at_least(self, key: str, tag: str, since: float) -> Operation | None:
        """Read an entry as it was at the version of an entity tag, or later."""
        return await self._ask(Kind.READ_AT_LEAST, key, ALWAYS, at_least=tag, since=since)

    async def _ask(
        self,
        kind: Kind,
        key: str,
        condition: Condition,
        written: str | None = None,
        at_least: str | None = None,
        since: float | None = None,
    ) -> Operation | None:
        """Send a request and record it, unless nothing could be sent."""
        if self._sent % 5 == 0:
            somebody = f"{self._network}:{self._sent // 5:x}"
            self._signed_in = signed_in(subject=somebody) | {"X-Forwarded-For": f"2001:db8:{somebody}::1"}
        self._sent += 1
        headers = dict(self._signed_in)
        headers |= {"If-Match": condition.if_match} if condition.if_match else {}
        headers |= {"If-None-Match": condition.if_none_match} if condition.if_none_match else {}
        invoked = time.monotonic()
        answer: httpx.Response | None = None
        try:
            answer = await self._http.request(
                kind.method,
                f"{self._replica.url}/v1/namespaces/{self._recorder.namespace}/entries/{key}",
                headers=headers,
                params=None if at_least is None else {"at_least": at_least.strip('"')},
                json=None if written is None else {"value": written},
            )
        except (httpx.ConnectError, httpx.ConnectTimeout):
            await asyncio.sleep(PROBE_SECONDS)
            return None
        except httpx.TransportError:
            pass  # the outcome is unknown
        operation = Operation(
            client=self._name,
            replica=self._number,
            kind=kind,
            key=key,
            invoked=invoked,
            returned=time.monotonic(),
            status=answer.status_code if answer else None,
            condition=condition,
            written=written,
            at_least=at_least,
            since=since,
            found=_found(kind, answer),
            tag=answer.headers.get("etag") if answer else None,
            marked=is_marked(answer) if answer is not None else False,
            refused=is_refused(answer) if answer is not None else False,
        )
        self._recorder.operations.append(operation)
        self._learn(operation)
        return operation

    def _learn(self, operation: Operation) -> None:
        if operation.kind is Kind.PUT and operation.outcome is Outcome.OK and operation.tag:
            self._recorder.latest = operation.tag, operation.invoked
        if operation.tag:
            self._held[operation.key] = operation.tag
        elif operation.status in (204, 404, 412):
            self._held.pop(operation.key, None)


def is_refused(answer: httpx.Response) -> bool:
    """Return whether an answer says that the change was not made, and never will be."""
    return answer.status_code == 503 and any(words in answer.text for words in REFUSALS)


def is_marked(answer: httpx.Response) -> bool:
    """Return whether an answer says that it is from memory and may be outdated."""
    return "ttl=-" in answer.headers.get("cache-status", "")


def _found(kind: Kind, answer: httpx.Response | None) -> str | None:
    if answer is None or answer.status_code != 200 or kind not in (Kind.READ, Kind.READ_AT_LEAST):
        return None
    value = answer.json()["value"]
    assert isinstance(value, str)
    return value


@asynccontextmanager
async def working(deployment: Deployment, recorder: Recorder) -> AsyncIterator[None]:
    """Let clients work on every replica until the end of the block, and probe its readiness.

    The block begins when each reader's worker has in memory what nobody changes, however slow the machine: only that
    can be answered while the store is away.
    """
    done = asyncio.Event()
    warm = []
    path = deployment.settings["process"]["ready_path"]
    async with AsyncExitStack() as connections, asyncio.TaskGroup() as tasks:
        for number, replica in enumerate(deployment.replicas):
            for index in range(WRITERS + READERS):
                writes = index < WRITERS
                client = Client(f"{'w' if writes else 'r'}{number}{index}", number, replica, recorder)
                connections.push_async_callback(client.close)
                if writes:
                    tasks.create_task(_repeat(client.write, done))
                else:
                    warm.append(asyncio.Event())
                    tasks.create_task(_read_on(client, warm[-1], done))
            tasks.create_task(_probe(number, replica, path, recorder, done))
        await asyncio.gather(*(each.wait() for each in warm))
        try:
            yield
        finally:
            done.set()


async def _read_on(client: Client, warm: asyncio.Event, done: asyncio.Event) -> None:
    """Have the worker that the client is connected to keep what nobody changes, then read as often as can be."""
    for key in SETTLED * 2:
        await client.get(key)
    warm.set()
    await _repeat(client.read, done)


async def _repeat(act: Callable[[], Awaitable[None]], done: asyncio.Event) -> None:
    while not done.is_set():
        await act()
        await asyncio.sleep(PAUSE_SECONDS)


async def _probe(number: int, replica: Replica, path: str, recorder: Recorder, done: asyncio.Event) -> None:
    """Ask as the kubelet does: each time over a connection of its own."""
    async with connection(2, limits=httpx.Limits(max_keepalive_connections=0)) as http:
        while not done.is_set():
            invoked = time.monotonic()
            status: int | None = None
            with suppress(httpx.TransportError):
                status = (await http.get(replica.url + path)).status_code
            recorder.probes.append(Probe(number, invoked, status))
            await asyncio.sleep(PROBE_SECONDS)
