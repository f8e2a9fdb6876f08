"""The whole way on real servers: workers seal, OpenBao signs, and what the owner of the database changes is found."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner

from compiler.cli import main
from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_audit import PostgresAudit
from runtime.adapters.postgres_horizon import Horizon
from runtime.embedded.cluster import API
from runtime.environment import Address, EnvironmentVariableError, Signer, read_signer
from runtime.maintenance.__main__ import main as maintain
from runtime.maintenance.audit import anchor
from runtime.maintenance.events import keep_events
from runtime.maintenance.locked_store import StoreError
from runtime.maintenance.transit import SignerError, sign
from tests.compiler.vault.openbao import OpenBao, openbao
from tests.identity import signed_in, token
from tests.runtime.changing import ANYTHING, put
from tests.runtime.object_store import Store, reached, served
from tests.runtime.service import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    import asyncpg
    from click.testing import Result

    from runtime.settings import Database, Settings

pytestmark = pytest.mark.anyio
KEY = "transit/cbp-audit"


@pytest.fixture(scope="module")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    """A server with a key that signs, and one token that may do nothing but that."""
    with openbao(tmp_path_factory.mktemp("openbao")) as server:
        server.told("POST", "sys/mounts/transit", type="transit")
        server.told("POST", "transit/keys/cbp-audit", type="rsa-2048")
        policy = 'path "transit/sign/cbp-audit" { capabilities = ["update"] }'
        server.told("POST", "sys/policies/acl/anchoring", policy=policy)
        token = server.ask("POST", "auth/token/create", policies=["anchoring"], no_default_policy=True).json()
        (server.folder / "token").write_text(token["auth"]["client_token"])
        public = server.told("GET", "transit/keys/cbp-audit")["keys"]["1"]["public_key"]
        (server.folder / "audit.pem").write_text(public)
        yield server


def signer_variables(bao: OpenBao) -> dict[str, str]:
    return {
        "CBP_AUDIT_VAULT_URL": bao.address,
        "CBP_AUDIT_VAULT_KEY": KEY,
        "CBP_AUDIT_VAULT_TOKEN_FILE": str(bao.folder / "token"),
        "CBP_AUDIT_VAULT_AUTHORITY_FILE": str(bao.authority),
    }


@pytest.fixture
def signer(bao: OpenBao) -> Signer:
    return read_signer(signer_variables(bao))


@pytest.fixture
async def store(migrated_url: str, settings: Settings) -> AsyncIterator[PostgresEntries]:
    store = PostgresEntries(Address(migrated_url), None, settings.database, Horizon(3))
    await store.open()
    yield store
    await store.close()


def cbp(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["audit", *map(str, arguments)], prog_name="cbp", catch_exceptions=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """What an auditor keeps: exports, the anchors' folder, and the signer's key."""

    url: str
    folder: Path
    key: Path

    def export(self, *arguments: object) -> Path:
        result = cbp("export", "--url", self.url, *arguments)
        assert result.exit_code == 0, result.output
        file = self.folder / "audit.jsonl"
        file.write_text(result.output)
        return file

    def verify(self, *file: Path) -> Result:
        return cbp("verify", *file, "--url", self.url, "--anchors", self.folder / "anchors", "--key", self.key)


FORGERIES = {
    "a value of a record": (
        'UPDATE audit_records SET record = replace(record, \'"key":"k1"\', \'"key":"k9"\')',
        "is not the one that was sealed",
    ),
    "a row": ("DELETE FROM audit_records WHERE sequence = 3", "record 3 before record 4 was removed"),
    "the tail": (
        "DELETE FROM audit_records WHERE sequence >= (SELECT max(sequence) FROM audit_anchors)",
        "the tail is cut off",
    ),
    "the whole chain, computed anew": (
        """
        DO $$ DECLARE
            present bytea := decode(repeat('00', 32), 'hex');
            each record;
        BEGIN
            UPDATE audit_records SET record = replace(record, '"key":"k1"', '"key":"k9"');
            FOR each IN SELECT * FROM audit_records ORDER BY sequence LOOP
                present := sha256(present || sha256(convert_to(each.record, 'UTF8')));
                UPDATE audit_records SET link = present WHERE sequence = each.sequence;
            END LOOP;
        END $$
        """,
        "was recomputed",
    ),
}


async def test_what_the_owner_of_the_database_does_is_found_by_anchors_outside(
    tmp_path: Path,
    document: dict[str, Any],
    migrated_url: str,
    redis_url: str,
    owner_url: str,
    owner: asyncpg.Connection,
    bao: OpenBao,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "anchors").mkdir()
    variables = {"CBP_DATABASE_URL": migrated_url, "CBP_REDIS_URL": redis_url}
    for name, value in (
        *signer_variables(bao).items(),
        ("CBP_DATABASE_MIGRATION_URL", owner_url),
        ("CBP_DATABASE_SERVING_ROLE", API),
    ):
        monkeypatch.setenv(name, value)
    command = ("anchor-audit", "--settings", tmp_path / "settings.json", "--folder", tmp_path / "anchors")
    monkeypatch.setenv("CBP_TOKEN", token())
    monkeypatch.setattr("sys.argv", ["maintenance", *map(str, command)])
    # It would set up the logging of this process, and so of the tests after this one.
    monkeypatch.setattr("runtime.maintenance.__main__.configure_logging", lambda: None)
    with serving(tmp_path, document, variables) as service:
        kept = Kept(service.url, tmp_path, bao.folder / "audit.pem")
        entries = f"{service.url}/v1/namespaces/payments/entries/"
        async with httpx.AsyncClient(base_url=entries, headers=signed_in()) as client:
            for number in range(5):
                await client.put(f"k{number}", json={"value": number}, headers={"Change-Reason": "a ticket"})
                await client.put(f"k{number}", json={"value": number})
        await sealed(owner)
        assert await asyncio.to_thread(maintain) == 0
        assert await asyncio.to_thread(maintain) == 0
        whole = await asyncio.to_thread(kept.export)
        result = kept.verify(whole)
        assert (result.exit_code, result.output.splitlines()[-1]) == (0, "intact"), result.output
        lines = [json.loads(line) for line in whole.read_text().splitlines()]
        reasons = [each["record"].get("reason") for each in lines[1:] if each["record"]["kind"] == "change"]
        assert reasons == ["a ticket"] * 5
        assert sum(each["record"]["kind"] == "refusal" for each in lines[1:]) in (1, 2), "one of each worker"
        filtered = await asyncio.to_thread(kept.export, "--kind", "refusal")
        assert kept.verify(filtered).exit_code == 0
        assert "a ticket" not in filtered.read_text()
        await owner.execute("ALTER TABLE audit_records DISABLE TRIGGER USER")
        await owner.execute("CREATE TABLE honest AS SELECT * FROM audit_records")
        # A worker would seal again what is cut off, from the events and notes that are still there, and as it was.
        await owner.execute("SELECT pg_advisory_lock(x'636270'::integer, 6)")
        for forgery, (statement, found) in FORGERIES.items():
            async with owner.transaction():
                await owner.execute("DELETE FROM audit_records")
                await owner.execute("INSERT INTO audit_records SELECT * FROM honest")
                await owner.execute(statement)
            result = await asyncio.to_thread(kept.verify)
            assert result.exit_code == 1, (forgery, result.output)
            assert found in result.output, forgery


async def sealed(owner: asyncpg.Connection) -> None:
    """Wait until two workers have sealed every change and refusal; the bound is for a system that is broken."""
    async with asyncio.timeout(30):
        while (
            await owner.fetchval("SELECT count(*) FROM audit_records WHERE kind IN ('change', 'refusal')") < 6
            or await owner.fetchval("SELECT max(revision) FROM audit_records") != 5
        ):
            await asyncio.sleep(0.05)


async def test_an_anchor_is_made_of_each_new_head_and_never_overwritten(
    store: PostgresEntries, settings: Settings, owner_url: str, signer: Signer, tmp_path: Path
) -> None:
    trail = PostgresAudit(store)
    address = Address(owner_url)
    assert await anchor(address, settings, signer, tmp_path) is None
    await put(store, "a", "k")
    await trail.seal(10)
    (tmp_path / "test-one-000000000002.json").write_text("written before")
    assert await anchor(address, settings, signer, tmp_path) == 2
    assert (tmp_path / "test-one-000000000002.json").read_text() == "written before"
    assert await anchor(address, settings, signer, tmp_path) is None
    (head,) = await trail.anchors(0, 10)
    statement = json.loads(head.statement)
    named = {name: statement[name] for name in ("environment", "cluster", "sequence", "format")}
    assert named == {"environment": "test", "cluster": "one", "sequence": 2, "format": "cbp-audit/1"}
    assert (await trail.state()).unanchored_seconds == 0


async def test_each_run_commits_also_where_there_is_nothing_to_anchor(
    migrated_url: str, settings: Settings, owner_url: str, owner: asyncpg.Connection, signer: Signer
) -> None:
    """So that the standbys have something to replay."""
    next_transaction = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    before = await owner.fetchval(next_transaction)
    assert await anchor(Address(owner_url), settings, signer, None) is None
    assert await owner.fetchval(next_transaction) > before


async def test_an_anchor_is_kept_in_a_bucket_under_a_lock(
    store: PostgresEntries, settings: Settings, owner_url: str, signer: Signer, tmp_path: Path
) -> None:
    await put(store, "a", "k")
    trail = PostgresAudit(store)
    await trail.seal(10)
    with served(Store()) as bucket:
        place = await anchor(Address(owner_url), settings, signer, tmp_path, reached(bucket, tmp_path))
    ((path, (content, headers)),) = bucket.objects.items()
    file = tmp_path / f"test-one-{place:012}.json"
    assert (path, content) == (f"/anchors/of-production/{file.name}", file.read_bytes())
    until = datetime.fromisoformat(headers["x-amz-object-lock-retain-until-date"])
    assert until - datetime.now(UTC) > timedelta(days=96)


async def test_an_anchor_that_its_bucket_refuses_is_none(
    store: PostgresEntries, settings: Settings, owner_url: str, signer: Signer, tmp_path: Path
) -> None:
    """The database has it only once it is outside: the next run makes it again."""
    await put(store, "a", "k")
    trail = PostgresAudit(store)
    await trail.seal(10)
    with served(Store(locking=False)) as bucket, pytest.raises(StoreError, match="InvalidRequest"):
        await anchor(Address(owner_url), settings, signer, None, reached(bucket, tmp_path))
    assert not await trail.anchors(0, 10)


async def test_a_job_that_vault_refuses_says_so_and_leaves_no_anchor(
    store: PostgresEntries, settings: Settings, owner_url: str, bao: OpenBao, tmp_path: Path
) -> None:
    await put(store, "a", "k")
    trail = PostgresAudit(store)
    await trail.seal(10)
    (tmp_path / "token").write_text("not-a-token")
    variables = {**signer_variables(bao), "CBP_AUDIT_VAULT_TOKEN_FILE": str(tmp_path / "token")}
    with pytest.raises(SignerError, match=r"POST transit/sign/cbp-audit: 403 Forbidden") as refused:
        await anchor(Address(owner_url), settings, read_signer(variables), tmp_path)
    assert "not-a-token" not in str(refused.value)
    assert not await trail.anchors(0, 10)
    assert not list(tmp_path.glob("*.json"))


def test_a_job_without_a_server_says_so(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    signer = Signer("http://127.0.0.1:1", "transit", "k", tmp_path / "token", None, ("auth/kubernetes", "audit"))
    with pytest.raises(SignerError, match=r"POST auth/kubernetes/login: .*refused"):
        sign(signer, b"")


def test_variables_of_the_signer_are_all_faulted_at_once(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentVariableError) as refused:
        read_signer({"CBP_AUDIT_VAULT_URL": "http://vault.example:8200", "CBP_AUDIT_VAULT_LOGIN": "role"})
    assert [fault.split(" ")[0] for fault in refused.value.faults] == [
        "CBP_AUDIT_VAULT_URL",
        "CBP_AUDIT_VAULT_KEY",
        "CBP_AUDIT_VAULT_TOKEN_FILE",
        "CBP_AUDIT_VAULT_LOGIN",
    ]


async def test_no_event_is_dropped_before_it_is_sealed_and_the_value_before_outlives_it(
    store: PostgresEntries, owner: asyncpg.Connection, owner_url: str, settings: Settings
) -> None:
    await owner.execute("DROP TABLE events_1, events_1000001; SELECT make_event_partitions(2, 6)")
    database: Database = settings.database.model_copy(update={"events_retention_days": 1})
    trail = PostgresAudit(store)
    for key in ("a", "b", "c"):
        await put(store, "n", key, f'"of {key}"')
    aged = "UPDATE events SET occurred_at = occurred_at - interval '2 days'"
    await owner.execute(f"ALTER TABLE events DISABLE TRIGGER USER; {aged}; ALTER TABLE events ENABLE TRIGGER USER")
    aged = "UPDATE entries SET updated_at = updated_at - interval '2 days'"
    await owner.execute(f"SET cbp.change = 'recorded'; {aged}")
    await keep_events(Address(owner_url), database)
    assert await owner.fetchval("SELECT count(*) FROM events") == 3
    await trail.seal(10)
    await keep_events(Address(owner_url), database)
    assert await owner.fetchval("SELECT array_agg(revision) FROM events") == [3]
    await put(store, "n", "a", "2", ANYTHING)
    await trail.seal(10)
    rows = await owner.fetch(
        "SELECT record::json ->> 'before' AS before, record::json ->> 'after' AS after"
        " FROM audit_records WHERE kind = 'change' ORDER BY sequence"
    )
    assert rows[-1]["before"] == rows[0]["after"]
