"""A worker without one of its parts, asked in its own process: ``-m benchmarks.part_process PART BATCHES``.

It prints the CPU time of a read from memory, in microseconds, what is written for scrapes of it, and the part of a CPU
that goes on while nobody asks. There is no HTTP and no other process, so that nothing is measured but the
application. An empty ``PART`` is the whole application.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from benchmarks.read_path import ENTRY, SETTINGS, VALUE
from runtime.adapters.memory import KernelMemory
from runtime.app import Adapters, create_app
from runtime.domain.identity import Identity, Kind
from runtime.http.authentication import Gate
from runtime.http.intake import BoundedLimiter
from runtime.logs import AccessLog, configure_logging
from runtime.metrics import Durations, Tally
from runtime.services.access import Caller
from runtime.services.draining import Draining
from runtime.services.intake import Share
from runtime.services.monitors import Monitors
from runtime.services.sampling import Sampling
from runtime.services.secret_ages import SecretAges
from runtime.services.tokens import Verified
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from tests.identity import MemoryKeys, access, token
from tests.runtime.fakes import (
    MemoryAccess,
    MemoryAudit,
    MemoryBuckets,
    MemoryChanges,
    MemoryEntries,
    client_of,
    running,
)
from tests.runtime.memory_deliveries import MemoryDeliveries
from tests.runtime.memory_notifications import MemoryNotifications
from tests.runtime.memory_proposals import MemoryProposals

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message

    from runtime.http.errors import Handler

BATCHES, REQUESTS = 400, 50
"""The shortest batch counts: it is the one that no other process disturbed."""

IDLE_SECONDS, IDLE_TIMES = 1.0, 3
TRACES = "traces"
"""The part that is switched on by a client: its requests say which trace they belong to."""

_TRACEPARENT = (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
_ANYBODY = Caller(Verified(Identity("local", "tester", Kind.PERSON), float("inf")))


async def _nothing_goes_on(_: object) -> None:
    await asyncio.Event().wait()


def _nothing(*_: object, **__: object) -> None:
    pass


async def _answer_whatever_is_shed(self: Any, endpoint: str, handler: Handler, request: Request) -> Response:
    share = request.scope["share"] = Share(self._intake, self._clients.counted(request.scope))
    with share:
        answered: Response = await self._limiter.answer(endpoint, handler, request)
    return answered


def _answer_anybody(self: Any, endpoint: str, handler: Handler, request: Request) -> Awaitable[Response]:
    request.scope["caller"] = _ANYBODY
    answered: Awaitable[Response] = self._limiter.answer(endpoint, handler, request)
    return answered


def _guard_nothing(_: object, __: str, handler: Handler) -> Handler:
    return handler


PARTS: dict[str, tuple[tuple[type, str, Callable[..., Any]], ...]] = {
    "monitors": ((Monitors, "repeat", _nothing_goes_on), (SecretAges, "repeat", _nothing_goes_on)),
    "shedding": ((BoundedLimiter, "answer", _answer_whatever_is_shed),),
    "access": ((Gate, "answer", _answer_anybody), (Gate, "guarded", _guard_nothing)),
    "metrics": (
        (Tally, "count", _nothing),
        (Durations, "observe", _nothing),
        (Sampling, "repeat", _nothing_goes_on),
    ),
    "access log": ((AccessLog, "write", _nothing),),
}
"""The methods that are replaced to take a part out: they do nothing, or leave out the work of that part."""


async def measure(part: str, batches: int, folder: Path) -> dict[str, float]:
    """Return the microseconds of a request and of its metrics, and the share of a CPU used without requests."""
    for owner, name, replacement in PARTS.get(part, ()):
        setattr(owner, name, replacement)
    database = SETTINGS["database"] | {"pool_size": 4, "read_pool_size": 2}  # the pools of the store in memory
    settings = Settings.model_validate(SETTINGS | {"access": access(), "database": database}, strict=False)
    telemetry = Telemetry(folder)
    app = create_app(settings, _adapters(telemetry))
    async with running(app):
        async with client_of(app) as http:
            await http.put(ENTRY, json={"value": VALUE}, headers={"If-None-Match": "*"})
            while (await http.get("http://test:9464/health/detail")).json()["cache"]["hits"] < 1:
                await http.get(ENTRY)
        idle = [await _idle() for _ in range(IDLE_TIMES)]
        telemetry.write()
        signed_in = f"Bearer {token()}".encode()
        asked = [await _batch(app, signed_in, traced=part == TRACES) for _ in range(batches)]
        began = time.process_time()
        telemetry.write()
        written = time.process_time() - began
    return {
        "request": min(asked) / REQUESTS * 1e6,
        "written": written / (batches * REQUESTS) * 1e6,
        "idle": min(idle),
    }


async def _idle() -> float:
    """Return the part of a CPU that is used without requests."""
    began = time.process_time()
    await asyncio.sleep(IDLE_SECONDS)
    return (time.process_time() - began) / IDLE_SECONDS


def _adapters(telemetry: Telemetry) -> Adapters:
    entries, audit = MemoryEntries(), MemoryAudit()
    rights = MemoryAccess(audit)
    return Adapters(
        store=entries,
        changes=MemoryChanges(entries),
        buckets=MemoryBuckets(),
        keys=MemoryKeys(),
        access=rights,
        proposals=MemoryProposals(entries, rights),
        queue=MemoryDeliveries(entries, audit),
        notifications=MemoryNotifications(audit),
        telemetry=telemetry,
        draining=Draining(),
        audit=audit,
        memory=KernelMemory(),
        replace=lambda: None,
    )


async def _batch(app: ASGIApp, authorization: bytes, *, traced: bool) -> float:
    """Return the CPU seconds of some reads of the entry, one after another."""
    statuses: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scopes = [_scope(authorization, traced=traced) for _ in range(REQUESTS)]
    began = time.process_time()
    for scope in scopes:
        await app(scope, _receive, send)
    used = time.process_time() - began
    if statuses != [200] * REQUESTS:
        raise RuntimeError(f"a read is not answered with 200: {statuses}")
    await asyncio.sleep(0)  # whatever else the worker does
    return used


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def _scope(authorization: bytes, *, traced: bool) -> MutableMapping[str, Any]:
    headers = [(b"host", b"test"), (b"accept", b"application/json"), (b"authorization", authorization)]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": ENTRY,
        "raw_path": ENTRY.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [*headers, _TRACEPARENT] if traced else headers,
        "client": ("127.0.0.1", 5000),
        "server": ("test", 80),
        "state": {},
    }


def main(part: str, batches: str) -> None:
    """Print the figures as JSON."""
    configure_logging()
    with tempfile.TemporaryDirectory(prefix="cbp-benchmark-") as name:
        sys.stderr.write(json.dumps(uvloop.run(measure(part, int(batches), Path(name)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
