"""The whole service, run from a project as its command does."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CBP = Path(sys.executable).with_name("cbp")
_START_SECONDS = 120
_STOP_SECONDS = 60


@dataclass(frozen=True)
class Service:
    """A running command, `cbp up` most often: where it answers, and what it has printed so far."""

    port: int
    process: subprocess.Popen[str]
    output: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def signed_in(self) -> dict[str, str]:
        """Return the header of a client with a local token, as the command prints it."""
        command = (CBP, "token", "--header", "--port", str(self.port))
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        name, _, value = printed.strip().partition(": ")
        return {name: value}

    def wait_for(self, text: str, start: int = 0) -> None:
        """Wait until a line has a text; ``start`` lines are not looked at."""
        deadline = time.monotonic() + _START_SECONDS
        while not any(text in line for line in self.output[start:]):
            assert self.process.poll() is None, "".join(self.output)
            assert time.monotonic() < deadline, "".join(self.output)
            time.sleep(0.05)


@contextmanager
def up(project: Path, *arguments: str) -> Iterator[Service]:
    """Run `cbp up` in a project until the end of the block, and stop it as Ctrl-C does."""
    port = _free_port()
    with running(project, "up", "--port", str(port), *arguments, port=port) as service:
        yield service


@contextmanager
def running(project: Path, *command: str, port: int = 0) -> Iterator[Service]:
    """Run a command that ends with Ctrl-C in a project, until the end of the block, from when it says so."""
    process = subprocess.Popen(
        [CBP, *command],
        cwd=project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    service = Service(port, process, [])
    reader = threading.Thread(target=_collect, args=(service,))
    reader.start()
    try:
        service.wait_for("Ctrl-C stops")
        yield service
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        finally:
            process.kill()
            reader.join()


def _collect(service: Service) -> None:
    assert service.process.stdout is not None
    with service.process.stdout as lines:
        service.output.extend(lines)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
