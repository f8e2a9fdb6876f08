"""A snapshot of the configuration on real servers: its contents, where it is kept, and a namespace restored from it."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner

from compiler.cli import main
from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.postgres_migrations import session
from runtime.domain import configuration_snapshots
from runtime.domain.configuration_snapshots import Contents, Writer
from runtime.embedded.cluster import API
from runtime.environment import Address
from runtime.maintenance.__main__ import main as maintain
from runtime.maintenance.configuration_snapshots import read, take
from runtime.maintenance.locked_store import StoreError
from tests.identity import signed_in, token
from tests.runtime.changing import ANYTHING, put
from tests.runtime.object_store import Store, reached, served
from tests.runtime.service import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from click.testing import Result

    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
LONG = '{"limit": 1.10, "most": 1e400,\n "exact": 12345678901234567890.123456789012345678901234567890}'


@pytest.fixture
async def store(migrated_url: str, settings: Settings) -> AsyncIterator[PostgresEntries]:
    store = PostgresEntries(Address(migrated_url), None, settings.database, Horizon(3))
    await store.open()
    yield store
    await store.close()


def contents(content: bytes) -> Contents:
    return configuration_snapshots.read(io.BytesIO(gzip.decompress(content)))


async def test_a_snapshot_has_every_namespace_digit_by_digit(
    store: PostgresEntries, settings: Settings, owner_url: str, tmp_path: Path
) -> None:
    await put(store, "payments", "limits", LONG)
    await put(store, "payments", "", '{"owner":"me"}')
    made = await put(store, "ledger", "open", "true")
    name = await take(Address(owner_url), settings, None, tmp_path, versioned=False)
    found = contents((tmp_path / name).read_bytes())
    assert name == "test-one.jsonl.gz"
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert found.namespaces == {
        "ledger": {"open": "true"},
        "payments": {"": '{"owner":"me"}', "limits": LONG.replace("\n", " ")},
    }
    assert (found.head["environment"], found.head["cluster"], found.entries) == ("test", "one", 2)
    assert (found.head["epoch"], found.head["revision"]) == (made.version.epoch, made.version.revision)


async def test_a_snapshot_is_of_one_moment(store: PostgresEntries, settings: Settings, owner_url: str) -> None:
    await put(store, "n", "a")
    async with session(Address(owner_url), settings.database) as connection:
        lines = read(connection, settings, Writer(), datetime.now(UTC))
        written = [await anext(lines)]
        await put(store, "n", "a", "2", ANYTHING)
        await put(store, "n", "b")
        written += [line async for line in lines]
    found = configuration_snapshots.read(written)
    assert found.namespaces == {"n": {"a": "1"}}
    assert found.head["revision"] == 1


@pytest.mark.parametrize("versioned", [True, False])
async def test_a_snapshot_is_kept_in_a_bucket_under_a_lock(
    store: PostgresEntries, settings: Settings, owner_url: str, tmp_path: Path, versioned: bool
) -> None:
    """Without versioning the name is always the same, and the bucket makes a new version of it."""
    await put(store, "n", "a")
    with served(Store()) as bucket:
        locked = reached(bucket, tmp_path)
        name = await take(Address(owner_url), settings, locked, None, versioned=versioned)
        if not versioned:
            await put(store, "n", "b")
            assert await take(Address(owner_url), settings, locked, None, versioned=False) == name
    ((path, (content, headers)),) = bucket.objects.items()
    assert path == f"/anchors/of-production/{name}"
    assert contents(content).entries == (1 if versioned else 2)
    assert headers["content-type"] == "application/gzip"
    assert headers["x-amz-object-lock-mode"] == "COMPLIANCE"
    until = datetime.fromisoformat(headers["x-amz-object-lock-retain-until-date"])
    assert until - datetime.now(UTC) > timedelta(days=96)
    time = name.removeprefix("test-one").removesuffix(".jsonl.gz").removeprefix("-")
    assert bool(time) == versioned
    if versioned:
        assert abs(datetime.strptime(time, "%Y%m%dT%H%M%S%z") - datetime.now(UTC)) < timedelta(minutes=5)


async def test_a_bucket_without_a_lock_keeps_nothing(
    store: PostgresEntries, settings: Settings, owner_url: str, tmp_path: Path
) -> None:
    await put(store, "n", "a")
    with served(Store(locking=False)) as bucket, pytest.raises(StoreError, match="InvalidRequest"):
        await take(Address(owner_url), settings, reached(bucket, tmp_path), None, versioned=True)
    assert not bucket.objects


def cbp(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)], prog_name="cbp", catch_exceptions=False)


async def test_a_lost_namespace_is_restored_from_a_snapshot_and_no_other_is_touched(
    tmp_path: Path,
    document: dict[str, Any],
    migrated_url: str,
    redis_url: str,
    owner_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    variables = {"CBP_DATABASE_URL": migrated_url, "CBP_REDIS_URL": redis_url}
    monkeypatch.setenv("CBP_DATABASE_MIGRATION_URL", owner_url)
    monkeypatch.setenv("CBP_DATABASE_SERVING_ROLE", API)
    monkeypatch.setenv("CBP_TOKEN", token())
    with serving(tmp_path, document, variables) as service:
        monkeypatch.setenv("CBP_API_URL", service.url)
        async with httpx.AsyncClient(base_url=f"{service.url}/v1/namespaces/", headers=signed_in()) as client:
            for name, value in (
                ("payments/entries/limits", LONG),
                ("payments/entries/a", "1.50"),
                ("n/entries/a", "1"),
            ):
                sent = await client.put(
                    name, content=f'{{"value":{value}}}', headers={"content-type": "application/json"}
                )
                assert sent.status_code == 201, sent.text
            await client.put("payments/definition", json={"owner": "me"})
            before = (await client.get("payments")).text.partition('"entries":')[2]
            command = ("snapshot-configuration", "--settings", tmp_path / "settings.json", "--folder", tmp_path)
            monkeypatch.setattr("sys.argv", ["maintenance", *map(str, command)])
            # It would set up the logging of this process, and so of the tests after this one.
            monkeypatch.setattr("runtime.maintenance.__main__.configure_logging", lambda: None)
            assert await asyncio.to_thread(maintain) == 0
            assert "1.50" not in "".join(capfd.readouterr())
            removed = await client.delete("payments", params={"confirm": "payments"}, headers={"if-match": "*"})
            assert removed.status_code in (200, 204), removed.text
            await client.put("n/entries/a", json={"value": 2}, headers={"if-match": "*"})
            snapshot = tmp_path / "test-one.jsonl.gz"
            assert "intact, 2 namespaces, 3 entries" in cbp("snapshot", "verify", snapshot).output
            assert "  payments  2 entries, defined\n" in cbp("snapshot", "show", snapshot).output
            (tmp_path / "payments.json").write_text(cbp("snapshot", "extract", snapshot, "payments").output)
            imported = await asyncio.to_thread(cbp, "config", "import", "payments", tmp_path / "payments.json")
            assert (imported.exit_code, imported.output.endswith(": 2 created\n")) == (0, True), imported.output
            definition = cbp("snapshot", "extract", snapshot, "payments", "--definition").output
            await client.put("payments/definition", content=definition, headers={"content-type": "application/json"})
            assert (await client.get("payments")).text.partition('"entries":')[2] == before
            assert "12345678901234567890.123456789012345678901234567890" in before
            assert (await client.get("payments/definition")).json()["definition"]["owner"] == "me"
            assert (await client.get("n/entries/a")).json()["value"] == 2


def test_a_job_without_a_place_for_the_file_says_so(
    tmp_path: Path, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "settings.json").write_text(json.dumps(document))
    monkeypatch.setenv("CBP_DATABASE_MIGRATION_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("CBP_DATABASE_SERVING_ROLE", API)
    monkeypatch.setattr("runtime.maintenance.__main__.configure_logging", lambda: None)
    monkeypatch.setattr(
        "sys.argv", ["maintenance", "snapshot-configuration", "--settings", str(tmp_path / "settings.json")]
    )
    assert maintain() == 2
    assert "CBP_LOCKED_STORE_URL is not set" in capfd.readouterr().err
