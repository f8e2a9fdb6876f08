"""OPA servers for tests, each with a token: OPA's library behind a REST API of ours, and the program ``opa``."""

from __future__ import annotations

import importlib.util
import platform
import secrets
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from compiler.policy.opa.config import opa_server
from compiler.policy.opa.engine import Opa

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PROGRAM = shutil.which("opa")
KINDS = ("library", "program") if PROGRAM else ("library",)
"""The servers that tests run on this machine: the program, wherever it is on PATH."""
_START_SECONDS = 60
_AUTHORIZED = """\
package system.authz

default allow := false

allow if input.identity == "{token}"

allow if input.path == ["health"]
"""


@dataclass(frozen=True, slots=True)
class OpaProcess:
    """A server that runs, and the file with the token that it asks for."""

    url: str
    token_file: Path

    def engine(self, timeout_seconds: float = 60) -> Opa:
        """Return an engine that asks the server."""
        return Opa(opa_server(self.url, self.token_file, timeout_seconds=timeout_seconds))

    def request(self, method: str, path: str, content: str = "") -> httpx.Response:
        """Ask as somebody else who may."""
        headers = {"Authorization": f"Bearer {self.token_file.read_text()}"}
        return httpx.request(method, f"{self.url}/v1/{path}", content=content, headers=headers, trust_env=False)

    def clear(self) -> None:
        """Take every policy and all data away, other than the server's own."""
        while identifiers := [item["id"] for item in self._policies() if "system.authz" not in item["raw"]]:
            for identifier in identifiers:
                self.request("DELETE", f"policies/{identifier}")
        for name in self.request("GET", "data").json().get("result", {}):
            self.request("DELETE", f"data/{name}")

    def _policies(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.request("GET", "policies").json()["result"]
        return found


@contextmanager
def opa(kind: str, folder: Path) -> Iterator[OpaProcess]:
    """Run a server of a kind; a test that needs what this machine does not have says that it checked nothing."""
    token_file = folder / "token"
    token_file.write_text(secrets.token_urlsafe())
    with (_library if kind == "library" else _program)(token_file) as url:
        yield OpaProcess(url, token_file)


@contextmanager
def _library(token_file: Path) -> Iterator[str]:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("not checked: OPA's library is built for Linux on x86_64 (requirements/opa.txt)")
    if importlib.util.find_spec("opa_bindings") is None:
        pytest.fail("OPA's library is not installed: make test installs requirements/opa.txt")
    command = [sys.executable, "-m", "tests.policy.opa_server"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{token_file.read_text()}\n")
        process.stdin.flush()
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


@contextmanager
def _program(token_file: Path) -> Iterator[str]:
    assert PROGRAM
    authorized = token_file.with_name("authz.rego")
    authorized.write_text(_AUTHORIZED.format(token=token_file.read_text()))
    address = f"127.0.0.1:{free_port()}"
    options = ("--authentication=token", "--authorization=basic", "--log-level=error", "--skip-version-check")
    with subprocess.Popen([PROGRAM, "run", "--server", f"--addr={address}", *options, authorized]) as process:
        try:
            _wait(f"http://{address}/health", process)
            yield f"http://{address}"
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("the OPA server did not start")


def free_port() -> int:
    """Return a port of the loopback interface where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
