"""What these tests share: servers held by a process that can be killed, and a look at what is left of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.embedded.installations import PACKAGE, Installation, copy_for_nobody
from runtime.embedded.process import LAUNCHER
from runtime.embedded.program import RunAs
from runtime.embedded.wheels import package

HOLDER = Path(__file__).with_name("hold_servers.py")


@dataclass(frozen=True)
class Held:
    """The servers of another process: where they are, and the process that holds them."""

    postgres_url: str
    valkey_url: str
    owner: subprocess.Popen[str]


Hold = Callable[[Path], Held]


class Processes:
    """The processes that work in a folder: every server's working directory is there, and its children's."""

    def below(self, folder: Path) -> set[int]:
        """Their ids."""
        found = set()
        for link in Path("/proc").glob("[0-9]*/cwd"):
            with suppress(OSError):  # it ended, or it is somebody else's
                if link.readlink().is_relative_to(folder):
                    found.add(int(link.parent.name))
        return found

    def wait_for_none(self, folder: Path) -> None:
        """A killed process takes a moment to end; a minute is not a moment."""
        deadline = time.monotonic() + 60
        while left := self.below(folder):
            assert time.monotonic() < deadline, left
            time.sleep(0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a space in its name, below one that only its owner may enter."""
    path = tmp_path / "a folder"
    path.mkdir()
    return path


@pytest.fixture
def processes() -> Processes:
    """A look at the processes of a folder."""
    return Processes()


@pytest.fixture(params=["this user", "an ordinary user"])
def user(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The words in front of a command that make it run as this user, or (when this is root) as an ordinary one."""
    if request.param == "this user":
        return ()
    if os.geteuid() != 0:
        pytest.skip("this user is an ordinary one")
    return launched_as(RunAs.NAMESPACE)


@pytest.fixture(params=["same", "namespace", "nobody", "copy for nobody"])
def way(request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Every way to run PostgreSQL that this user and this machine permit."""
    original = package(PACKAGE)
    if (request.param == "same") == (os.geteuid() == 0):
        pytest.skip("root changes to another user, and nobody else can")
    if request.param == "copy for nobody":
        with tempfile.TemporaryDirectory() as cache:
            Path(cache).chmod(0o711)
            yield Installation(copy_for_nobody(original, Path(cache) / "cache"), RunAs.NOBODY)
        return
    run_as = RunAs(request.param)
    launched_as(run_as, str(original / "pginstall/bin/postgres"))
    yield Installation(original, run_as)


@pytest.fixture
def hold(user: tuple[str, ...]) -> Iterator[Hold]:
    """Start a process that holds both servers below a folder."""
    owners: list[subprocess.Popen[str]] = []

    def start(directory: Path) -> Held:
        command = [*user, sys.executable, str(HOLDER), str(directory)]
        owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        owners.append(owner)
        assert owner.stdout is not None
        postgres_url, valkey_url = json.loads(owner.stdout.readline())
        return Held(postgres_url, valkey_url, owner)

    yield start
    for owner in owners:
        with owner:
            owner.kill()


def launched_as(run_as: RunAs, program: str = "/bin/true") -> tuple[str, ...]:
    """The launcher in front of a command; skips the test where this machine forbids to run as that user."""
    launcher = (sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), "9", run_as.value)
    probe = subprocess.run([*launcher, program, "--version"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"this machine does not let root run as {run_as.value}: {probe.stderr.splitlines()[-1]}")
    return launcher
