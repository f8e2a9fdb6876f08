"""The service as real processes, and clients that drive them."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.identity import header_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

READY_SECONDS = 60.0
PAUSE_SECONDS = 0.2
"""The least time without an answer in which a worker can lose tokens: an unspent lease, or one that Redis answered too
late, both after a quarter of a second or more."""


@dataclass(slots=True)
class Service:
    """A running parent process; it listens on a port that the kernel chose, so the server that answers is this one."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    _events: list[dict[str, Any]] = field(default_factory=list)
    _read: int = 0
    """Bytes of the log that were read, and their events: who asks again and again, under load, reads what is new."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def management_url(self) -> str:
        (port,) = (event["port"] for event in self.events() if event["event"] == "the management port is open")
        return f"http://127.0.0.1:{port}"

    def events(self) -> list[dict[str, Any]]:
        """Return what has been logged so far, but for a line that is still being written."""
        with self.log.open("rb") as log:
            log.seek(self._read)
            *lines, _ = log.read().split(b"\n")
        self._read += sum(len(line) + 1 for line in lines)
        self._events += map(json.loads, lines)
        return self._events

    def workers(self) -> list[int]:
        """Return the processes of the workers that have started, in order."""
        return [event["process"] for event in self.events() if event["event"] == "Application startup complete."]

    def until_keys_are_known(self, times: int) -> None:
        """Wait until the log has said so often that the keys of an issuer are known."""
        deadline = time.monotonic() + READY_SECONDS
        while sum(event["event"] == "the keys of an issuer are known" for event in self.events()) < times:
            assert time.monotonic() < deadline, self.events()
            time.sleep(0.02)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signal the parent, and return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def serving(directory: Path, document: Mapping[str, Any], variables: Mapping[str, str]) -> Iterator[Service]:
    """Start the checkout's own service, and yield it when every worker serves and knows the keys of every issuer.

    On a busy machine the first attempt to fetch them may take too long, and until the next one nobody is known.
    """
    command = command_of(directory, document)
    # A parent that a test kills cannot remove its temporary files: they are in the test's own folder.
    environment = os.environ | dict(variables) | {"TMPDIR": str(directory)}
    workers, issuers = document["process"]["workers"], document["access"]["issuers"]
    with running(command, environment, directory / "log.jsonl", workers) as service:
        service.until_keys_are_known(workers * len(issuers))
        yield service


def command_of(directory: Path, document: Mapping[str, Any]) -> tuple[str, ...]:
    """Write the settings, and return the command of a service under them, on ports that the kernel chooses."""
    settings = directory / "settings.json"
    settings.write_text(json.dumps(document), encoding="utf-8")
    ports = ("--port", "0", "--management-port", "0")
    return (sys.executable, "-m", "runtime", "--settings", str(settings), *ports)


@contextmanager
def running(
    command: tuple[str, ...], environment: Mapping[str, str], log: Path, workers: int, folder: Path | None = None
) -> Iterator[Service]:
    """Start a service by its command and yield it when every worker serves; nothing of it is left at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield Service(process, _port(process, log, workers), log)
    finally:
        _end(process)


def _port(process: subprocess.Popen[bytes], log: Path, workers: int) -> int:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        text = log.read_text(encoding="utf-8")
        if text.count("Application startup complete.") >= workers:
            return urlsplit(text.partition("Uvicorn running on ")[2].split()[0]).port or 0
        time.sleep(0.02)
    raise AssertionError(log.read_text(encoding="utf-8"))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(20)
    finally:
        kill_session(process)


def kill_session(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the session of a process."""
    with suppress(ProcessLookupError):  # the whole session has ended, as it should have
        os.killpg(process.pid, signal.SIGKILL)


@dataclass(slots=True)
class Tally:
    """What a flood saw; times are seconds of the monotonic clock."""

    admitted: int = 0
    first_sent: float = 0.0
    first_answered: float = math.inf
    first_denied: float = math.inf
    last_denied_sent: float = 0.0
    last_answered: float = 0.0
    pauses: int = 0
    """The most pauses that one connection saw: in each, a worker may have lost the tokens of one lease."""


def reached(service: Service) -> bool:
    """Return whether each worker has accepted a connection of a client, as the kernel tells."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    established, port = "01", f":{service.port:04X}"
    accepted = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(port) and row[3] == established}
    return all(accepted & _files(worker) for worker in service.workers())


def _files(process: int) -> set[str]:
    """Return what the open files of a process are."""
    found = set()
    for file in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(str(file.readlink()))
    return found


async def flood(service: Service, path: str, quota: int, seconds: float, connections: int = 16) -> Tally:
    """Flood over many connections until some seconds after the first denial.

    Each connection has one request at a time, and each worker some of the connections. Answers of workers that decided
    alone, because the machine was too slow for Redis, are left out: their policy names another ``quota``.
    """
    request = f"GET {path} HTTP/1.1\r\nhost: test\r\n{header_line()}\r\n".encode()
    streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    async with asyncio.timeout(30):
        while len(streams) < connections or not reached(service):
            streams.append(await asyncio.open_connection("127.0.0.1", service.port))
            await asyncio.sleep(0.005)  # one worker accepts every connection that waits
    tally = Tally(first_sent=time.monotonic())
    together = f";q={quota};"
    await asyncio.gather(*(_flood(*each, request, together, seconds, tally) for each in streams))
    return tally


async def _flood(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: bytes,
    together: str,
    seconds: float,
    tally: Tally,
) -> None:
    answered, pauses = time.monotonic(), 0
    while (sent := time.monotonic()) < tally.first_denied + seconds:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        body = await reader.readexactly(int(head.partition("content-length: ")[2].split("\r\n")[0]))
        tally.last_answered = time.monotonic()
        tally.first_answered = min(tally.first_answered, tally.last_answered)
        pauses += tally.last_answered - answered > PAUSE_SECONDS
        answered = tally.last_answered
        if together not in head:
            continue
        if b"violated-policies" in body:
            tally.first_denied = min(tally.first_denied, tally.last_answered)
            tally.last_denied_sent = max(tally.last_denied_sent, sent)
        else:
            tally.admitted += 1
    tally.pauses = max(tally.pauses, pauses)
    writer.close()
    await writer.wait_closed()
