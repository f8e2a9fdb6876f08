"""A copy of the cache's volume, of any moment, is restored: a server starts from it, and lacks the end alone."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis

from tests.compiler.project import documents, site
from tests.runtime.replicated import alone

if TYPE_CHECKING:
    from pathlib import Path

CHANGES = 1000
_RENDERED = documents(site())["cbp-data/configmap-configuration-cache.yaml"]["data"]["redis-additional.conf"]
# A server on its own has no replica that it could ask for.
LINES = tuple(line for line in _RENDERED.splitlines() if not line.startswith("min-replicas"))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the files of a server that was copied while it served, after its log had been rewritten once."""
    folder, copied = tmp_path_factory.mktemp("cache"), tmp_path_factory.mktemp("copies") / "copy"
    with alone(folder, *LINES) as server, client_of(server.url) as client:
        for number in range(CHANGES):
            change(client, number)
            if number == CHANGES // 2:
                client.execute_command("BGREWRITEAOF")
        while (
            client.info("persistence")["aof_rewrite_in_progress"] or client.info("persistence")["aof_rewrite_scheduled"]
        ):
            time.sleep(0.05)
        for number in range(CHANGES, 2 * CHANGES):
            change(client, number)
        server.freeze()  # a snapshot of a volume shows all files at one moment
        shutil.copytree(folder, copied)
        server.thaw()
    return copied


def test_every_acknowledged_change_is_in_a_copy(copy: Path, tmp_path: Path) -> None:
    assert restored(copy, tmp_path, 0) == 2 * CHANGES


@pytest.mark.parametrize("lost", [1, 30, 4096, 20_000])
def test_what_was_not_yet_on_the_disk_is_all_that_a_copy_lacks(copy: Path, tmp_path: Path, lost: int) -> None:
    """A crash keeps a beginning of the log; each transaction is there as a whole, or not at all."""
    assert CHANGES < restored(copy, tmp_path, lost) < 2 * CHANGES


def restored(copy: Path, folder: Path, lost: int) -> int:
    """Start a server from a copy whose log lacks its last bytes, and return how many changes it has: the first ones."""
    restored = shutil.copytree(copy, folder / "restored")
    (log,) = (restored / "appendonlydir").glob("*.incr.aof")
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size - lost)
    with alone(restored, *LINES) as server, client_of(server.url) as client:
        while client.info("persistence")["loading"]:
            time.sleep(0.05)
        found: int = client.dbsize() // 2
        assert client.mget([f"{{{number}}}:{half}" for number in range(found) for half in "ab"]) == [
            str(number).encode() for number in range(found) for _ in "ab"
        ]
        assert client.dbsize() == 2 * found
    return found


def change(client: Redis, number: int) -> None:
    with client.pipeline(transaction=True) as pipeline:
        for half in "ab":
            pipeline.set(f"{{{number}}}:{half}", number)
        pipeline.execute()


def client_of(url: str) -> Any:
    return Redis.from_url(url, socket_timeout=10)
