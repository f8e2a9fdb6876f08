"""The whole service on one machine: it starts, it can be tried, and nothing of it is left."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM, Signals
from typing import TYPE_CHECKING

import pytest

from runtime.embedded.loopback import LOOPBACK, free_ports
from runtime.settings import (
    Access,
    Api,
    Backoff,
    Bucket,
    Database,
    ExternalServices,
    Keys,
    Lag,
    Levels,
    MemoryMonitor,
    Monitors,
    Notifications,
    Process,
    Queue,
    Retry,
    Secrets,
    ServiceCalls,
    Settings,
    Throttling,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.embedded.conftest import Processes

    Up = Callable[..., subprocess.Popen[str]]

STACK = Path(__file__).with_name("run_stack.py")
LEVELS = Levels(warning_percent=80, critical_percent=90)
SETTINGS = Settings(
    version=1,
    environment="development",
    cluster="embedded",
    process=Process(
        port=8080,
        management_port=9464,
        workers=2,
        threads=8,
        shutdown_seconds=5,
        keep_alive_seconds=75,
        cache_bytes=1_000_000,
        health_path="/health",
        ready_path="/health/ready",
    ),
    api=Api(middleware=("observation", "authentication", "intake", "throttling", "authorization"), documentation=True),
    database=Database(
        pool_size=2,
        read_pool_size=2,
        partitions=2,
        connect_timeout_seconds=3,
        statement_timeout_seconds=30,
        idle_timeout_seconds=300,
        lossless_failover=True,
        replica_lag_seconds=3,
        stale_seconds=900,
        events_retention_days=90,
        retry=Retry(
            attempts=3,
            exponential=True,
            jitter=True,
            initial_milliseconds=50,
            maximum_milliseconds=1000,
            budget_percent=20,
            budget_retries=10,
        ),
        circuit_breaker=None,
    ),
    throttling=Throttling(
        address=Bucket(capacity=400, refill_per_minute=60),
        client=Bucket(capacity=400, refill_per_minute=60),
        endpoint=Bucket(capacity=100, refill_per_minute=60),
        routes=(),
        replicas=1,
    ),
    queue=Queue(
        events=True,
        priorities=True,
        ageing_seconds=60,
        dead_letters=True,
        retry=Backoff(attempts=3, exponential=True, jitter=True, initial_milliseconds=50, maximum_milliseconds=1000),
        visibility_seconds=30,
        concurrency=8,
        waiting=1000,
    ),
    notifications=Notifications(window_seconds=300),
    external_services=ExternalServices(
        timeout_seconds=5,
        waiting_milliseconds=2500,
        idle_seconds=4,
        monitored=True,
        issuers=ServiceCalls(pool_size=1, circuit_breaker=None),
        integrations=ServiceCalls(pool_size=3, circuit_breaker=None),
    ),
    access=Access(
        issuers=(),
        bindings=(),
        keys=Keys(refresh_seconds=300, pause_seconds=10, outage_seconds=3600),
        clock_skew_seconds=30,
        known_seconds=5,
        second_factor=True,
    ),
    secrets=Secrets(maximum_age_seconds=2_592_000),
    monitors=Monitors(
        memory=MemoryMonitor(container_bytes=4_000_000_000, heap_bytes=3_000_000_000, levels=LEVELS),
        threads=LEVELS,
        connections=LEVELS,
        background_tasks=64,
        event_loop=Lag(warning_milliseconds=100, critical_milliseconds=500),
    ),
)


@pytest.fixture
def up(folder: Path) -> Iterator[Up]:
    """Start the service, with ``folder`` for its temporary files, and return its process."""
    started: list[subprocess.Popen[str]] = []

    def start(
        settings: Settings = SETTINGS, *, port: int | None = None, user: tuple[str, ...] = ()
    ) -> subprocess.Popen[str]:
        path = folder.parent / "settings.json"
        path.write_text(settings.model_dump_json())
        command = [*user, sys.executable, str(STACK), str(path), str(port or next(free_ports()))]
        environment = {**os.environ, "TMPDIR": str(folder)}
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder.parent
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def test_it_can_be_tried_with_the_commands_that_it_prints(
    up: Up, user: tuple[str, ...], folder: Path, processes: Processes
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("the commands are curl's")
    service = up(user=user)
    printed = read_until(service, "Ctrl-C stops everything.")
    (sign_in,) = re.findall(r"^  TOKEN=\$\((.*)\)$", printed, re.MULTILINE)
    environment = {**os.environ, "TMPDIR": str(folder)}
    signed_in = subprocess.run([*user, *sign_in.split()], capture_output=True, text=True, check=True, env=environment)
    assert "a local token" in signed_in.stderr
    written, read, replaced, settings, metrics, counts = (
        typed(f"TOKEN={signed_in.stdout.strip()}; {command}")
        for command in re.findall(r"^  (curl .*)$", printed, re.MULTILINE)
    )
    assert status(written) == "201 Created"
    assert status(read) == status(replaced) == "200 OK"
    assert re.search(r'^etag: "[0-9a-f]{8}-1"', read, re.IGNORECASE | re.MULTILINE)
    served = Settings.model_validate_json(settings)
    assert [issuer.name for issuer in served.access.issuers] == ["local"], "no other issuer is trusted here"
    assert served.model_copy(update={"access": SETTINGS.access}) == SETTINGS
    assert "http_requests_total{" in metrics
    assert re.fullmatch(r" *[0-9]+ 200\n *[0-9]+ 429\n", counts)
    service.send_signal(SIGTERM)
    rest, _ = service.communicate()
    assert rest.splitlines()[-1] == "Stopped: no process and no file is left."
    assert service.returncode == 0
    nothing_is_left(folder, processes)


def typed(command: str) -> str:
    """Return what a command prints; a worker's counts are written once a second, so that a person might ask again."""
    for _ in range(20):
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602 - as typed
        if done.returncode == 0:
            return done.stdout
        time.sleep(0.5)
    raise AssertionError(f"{command}: {done.stderr}")


@pytest.mark.parametrize("number", [SIGINT, SIGHUP, SIGTERM])
def test_a_signal_ends_it_in_order_at_any_time(up: Up, number: Signals, folder: Path, processes: Processes) -> None:
    service = up()
    read_until(service, "Starting PostgreSQL and Valkey")
    service.send_signal(number)
    service.send_signal(number)
    output, _ = service.communicate()
    assert service.returncode == 0, output
    nothing_is_left(folder, processes)


@pytest.mark.parametrize(
    ("name", "program", "number"),
    [
        ("The API", "-m\0runtime", SIGKILL),
        ("Valkey", "valkey-server", SIGKILL),
        ("PostgreSQL", "bin/postgres", SIGQUIT),  # SIGKILL would leave shared memory on the machine
    ],
)
def test_a_server_that_dies_takes_the_rest_along(
    up: Up, name: str, program: str, number: Signals, folder: Path, processes: Processes
) -> None:
    service = up()
    read_until(service, "Ctrl-C stops everything.")
    os.kill(leader(program, folder, processes), number)
    rest, _ = service.communicate()
    assert re.search(rf"^error: {name}.* ended by itself:$", rest, re.MULTILINE)
    assert service.returncode == 2
    nothing_is_left(folder, processes)


def test_no_process_survives_when_it_is_killed_and_the_next_start_removes_the_files(
    up: Up, folder: Path, processes: Processes
) -> None:
    service = up()
    read_until(service, "Ctrl-C stops everything.")
    assert len(processes.below(folder)) > 5, "two servers with their own children, and the API with its workers"
    service.kill()
    processes.wait_for_none(folder)
    assert len(list(folder.iterdir())) == 1, "nobody was there to remove the files"
    read_until(up(), "Starting PostgreSQL and Valkey")
    assert len(list(folder.iterdir())) == 1, "the next start did, and has its own"


def test_a_taken_port_is_said_before_anything_starts(up: Up, folder: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as stranger:
        port = stranger.getsockname()[1]
        service = up(port=port)
        output, _ = service.communicate()
    message = rf"error: port {port} is taken by another program; choose a free one: make up PORT=\d+\n"
    assert re.fullmatch(message, output)
    assert service.returncode == 2
    assert list(folder.iterdir()) == []


def test_settings_that_cannot_be_used_are_shown_by_the_first_program_that_reads_them(
    up: Up, folder: Path, processes: Processes
) -> None:
    same = SETTINGS.process.model_copy(update={"ready_path": SETTINGS.process.health_path})
    service = up(SETTINGS.model_copy(update={"process": same}))
    output, _ = service.communicate()
    assert "error: The migration failed with exit code 2:\nerror: the settings file" in output
    assert service.returncode == 2
    nothing_is_left(folder, processes)


def read_until(service: subprocess.Popen[str], end: str) -> str:
    """What it prints, up to the line that begins with ``end``."""
    assert service.stdout is not None
    lines: list[str] = []
    for line in service.stdout:
        lines.append(line)
        if line.startswith(end):
            return "".join(lines)
    pytest.fail("it ended: " + "".join(lines))


def status(answer: str) -> str:
    """The status line of an answer that ``curl -i`` printed, without the version."""
    return answer.splitlines()[0].partition(" ")[2]


def leader(program: str, folder: Path, processes: Processes) -> int:
    """The first process of a program."""
    return min(pid for pid in processes.below(folder) if program in Path(f"/proc/{pid}/cmdline").read_text())


def nothing_is_left(folder: Path, processes: Processes) -> None:
    """No process and no file."""
    processes.wait_for_none(folder)
    assert list(folder.iterdir()) == []
