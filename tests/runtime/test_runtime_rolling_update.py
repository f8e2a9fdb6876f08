"""A roll-out and its return: replicas of the previous release and of this one on one database, and no request fails.

The previous release is the one that was tagged last, or the commit before the newest migration while there is no tag.
Where the repository does not have it, as in a shallow clone, nothing is checked, and the tests are skipped.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import tarfile
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from runtime.adapters.postgres_migrations import migrate, migrations
from runtime.embedded.cluster import API, OWNER
from runtime.environment import Address
from tests.conftest import empty_database, in_database
from tests.identity import signed_in
from tests.runtime.composed import CLIENTS, LIST, loaded
from tests.runtime.external import answers, external, new_key
from tests.runtime.forwarder import forwarding
from tests.runtime.service import command_of, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from runtime.embedded.postgres import PostgresServer
    from runtime.settings import Settings
    from tests.runtime.external import External
    from tests.runtime.forwarder import Forwarder
    from tests.runtime.service import Service

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
NEWEST = migrations()[-1]
WIDE = {"capacity": 100_000, "refill_per_minute": 1}
POLL_SECONDS = 0.05
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def git(*arguments: str) -> bytes:
    """Return the answer of git; skip the test where the repository does not have what is asked for."""
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"the history of the previous release is not here: {done.stderr.decode().strip()}")
    return done.stdout


def previous_commit() -> str:
    """Return the previous release."""
    tags = git("tag", "--merged", "HEAD", "--no-contains", "HEAD", "--sort=-version:refname", "v*").decode().split()
    if tags:
        return tags[0]
    name = f"{NEWEST.version:04}_{NEWEST.name}.sql"
    path = f"runtime/adapters/migrations/{name}"
    added = git("log", "-1", "--diff-filter=A", "--no-renames", "--format=%H", "--", path).decode().strip()
    return f"{added}^" if added else "HEAD"


class Release:
    """The code of a release in a folder, and the settings by which it serves."""

    def __init__(self, folder: Path, settings: dict[str, Any], variables: dict[str, str]) -> None:
        self.folder = folder
        self.settings = settings
        self._variables = os.environ | variables

    def serving(self, stack: ExitStack, place: Path) -> Service:
        """Start a replica of it, and return it when every worker serves."""
        place.mkdir()
        command, workers = command_of(place, self.settings), self.settings["process"]["workers"]
        variables = self._variables | {"TMPDIR": str(place)}
        return stack.enter_context(running(command, variables, place / "log.jsonl", workers, self.folder))

    def migrate(self, place: Path, url: str) -> None:
        """Migrate a database."""
        place.mkdir()
        (place / "settings.json").write_text(json.dumps(self.settings), encoding="utf-8")
        variables = self._variables | {"CBP_DATABASE_MIGRATION_URL": url, "CBP_DATABASE_SERVING_ROLE": API}
        command = (sys.executable, "-m", "runtime.migrate", "--settings", str(place / "settings.json"))
        subprocess.run(command, cwd=self.folder, env=variables, check=True, capture_output=True, timeout=60)


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    """The name of an empty database."""
    with empty_database(postgres, OWNER) as name:
        yield name


@pytest.fixture
async def receiver() -> AsyncIterator[External]:
    """A receiver of every change."""
    async with external(answers(204)) as server:
        yield server


@pytest.fixture
def variables(
    postgres: PostgresServer, database: str, redis_url: str, receiver: External, tmp_path: Path
) -> dict[str, str]:
    keys, subscribers = tmp_path / "keys", tmp_path / "subscribers.json"
    keys.write_text(new_key(), encoding="utf-8")
    ledger = {"name": "ledger", "url": receiver.url, "keys_file": str(keys)}
    subscribers.write_text(json.dumps([ledger]), encoding="utf-8")
    return {
        "CBP_DATABASE_URL": in_database(postgres.url, database),
        "CBP_REDIS_URL": redis_url,
        "CBP_SUBSCRIBERS_FILE": str(subscribers),
    }


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["throttling"] |= {"client": WIDE, "endpoint": None}
    return document


@pytest.fixture
def present(document: dict[str, Any], variables: dict[str, str]) -> Release:
    return Release(ROOT, document, variables)


@pytest.fixture
def previous(present: Release, variables: dict[str, str], tmp_path: Path) -> Release:
    """The previous release under settings that it has compiled itself, as small as those of this one."""
    folder, commit = tmp_path / "previous", previous_commit()
    names = git("ls-tree", "-r", "--name-only", commit, "generated").decode().split()
    compiled = next(name for name in names if name.endswith("/runtime/settings.json"))
    with tarfile.open(fileobj=io.BytesIO(git("archive", commit, "runtime", compiled))) as archive:
        archive.extractall(folder, filter="data")
    settings = json.loads((folder / compiled).read_text(encoding="utf-8"))
    settings |= {
        name: _within(settings[name], present.settings[name]) for name in ("process", "database", "throttling")
    }
    return Release(folder, settings | {"access": present.settings["access"]}, variables)


def _within(theirs: Any, ours: Any) -> Any:
    """Return our settings, as far as they have known them: the values of theirs where we have none."""
    if not (isinstance(theirs, dict) and isinstance(ours, dict)):
        return ours
    return {name: _within(value, ours[name]) if name in ours else value for name, value in theirs.items()}


class Balancer:
    """A load balancer: new connections go in turn to the replicas that were ready when they were last asked."""

    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder
        self.replicas: list[Service] = []
        self.ready: list[Service] = []

    @property
    def url(self) -> str:
        return self._forwarder.url

    async def follow(self) -> None:
        """Follow the readiness of the replicas until cancelled."""
        async with httpx.AsyncClient(timeout=1) as client:
            turn = 0
            while True:
                self.ready = [each for each in self.replicas if await _is_ready(client, each)]
                if self.ready:
                    turn += 1
                    self._forwarder.target = self.ready[turn % len(self.ready)].url
                await asyncio.sleep(POLL_SECONDS)

    async def until(self, *replicas: Service) -> None:
        """Wait until just these replicas are ready."""
        async with asyncio.timeout(30):
            while set(map(id, self.ready)) != set(map(id, replicas)):
                await asyncio.sleep(POLL_SECONDS)


async def _is_ready(client: httpx.AsyncClient, replica: Service) -> bool:
    try:
        return (await client.get(f"{replica.url}/health/ready")).status_code == 200
    except httpx.TransportError:
        return False


@asynccontextmanager
async def balancing() -> AsyncIterator[Balancer]:
    """Run a load balancer without replicas."""
    async with forwarding("http://127.0.0.1:9") as forwarder:
        balancer = Balancer(forwarder)
        following = asyncio.create_task(balancer.follow())
        yield balancer
        following.cancel()


async def needed(replica: Service) -> int:
    """Return the migration that a replica needs."""
    async with httpx.AsyncClient() as client:
        found: int = (await client.get(f"{replica.management_url}/health/detail")).json()["schema"]["needed"]
        return found


async def followed(replica: Service, least: int = 0) -> int:
    """Wait until the receiver lacks none of the changes, of which there are so many at least; return their number."""
    async with asyncio.timeout(60), httpx.AsyncClient(base_url=replica.url, headers=signed_in()) as client:
        while True:
            for found in (await client.get("/v1/subscribers")).json()["subscribers"]:
                if found["lag"] == 0 and found["revision"] >= least:
                    return int(found["revision"])
            await asyncio.sleep(POLL_SECONDS)


async def test_a_rolling_update_from_the_previous_release_and_its_return_fail_no_request_and_lose_no_change(
    previous: Release,
    present: Release,
    settings: Settings,
    postgres: PostgresServer,
    database: str,
    receiver: External,
    tmp_path: Path,
) -> None:
    """As the Deployment does: a new replica is ready before an old one is told to end, which drains meanwhile.

    Both deliver the changes, of which this release alone need keep the trace.
    """
    url = in_database(postgres.migration_url, database)
    await asyncio.to_thread(previous.migrate, tmp_path / "migration", url)
    versions = sorted(int(file.name[:4]) for file in previous.folder.glob("runtime/adapters/migrations/*.sql"))
    with ExitStack() as stack:
        async with balancing() as balancer:

            async def starts(release: Release, name: str) -> Service:
                replica = await asyncio.to_thread(release.serving, stack, tmp_path / name)
                balancer.replicas.append(replica)
                await balancer.until(*balancer.replicas)
                return replica

            async def ends(replica: Service) -> None:
                assert await asyncio.to_thread(replica.end) == 0
                balancer.replicas.remove(replica)

            old = await starts(previous, "old")
            assert await needed(old) == versions[-1]
            assert await followed(old) == 0
            async with (
                httpx.AsyncClient(base_url=balancer.url, headers={**signed_in(), "traceparent": TRACEPARENT}) as client,
                loaded(client) as load,
            ):
                await migrate(Address(url), settings.database, API)
                await load.goes_on()
                new = await starts(present, "new")
                assert await needed(new) == NEWEST.version
                await load.goes_on()
                await ends(old)
                await load.goes_on()
                returned = await starts(previous, "returned")
                await load.goes_on()
                await ends(new)
                await load.goes_on()
            async with httpx.AsyncClient(base_url=returned.url, headers=signed_in()) as client:
                found = [(await client.get(f"{LIST}/k{number}")).json()["value"] for number in range(CLIENTS)]
            # A client that was cancelled may have made one change more than it counted.
            assert all(0 <= value - done <= 1 for value, done in zip(found, load.rounds, strict=True))
            made = await followed(returned, sum(found) + CLIENTS)
    events = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in receiver.requests]
    assert len({event["id"] for event in events}) == made
    assert {event["traceparent"] for event in events if "traceparent" in event} == {TRACEPARENT}
