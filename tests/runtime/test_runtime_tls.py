"""The API verifies its stores, as it is rendered to: by their authority and by their names, or it does not connect."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import asyncpg
import certifi
import pytest

from compiler.emit.kubernetes.application.configuration import SECRETS_FOLDER
from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_connecting import connect
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.redis import RedisTokenBuckets
from runtime.environment import Address, Sentinels
from runtime.ports.availability import TransientError, UnavailableError
from runtime.telemetry import Telemetry
from tests.compiler.project import documents, site
from tests.compiler.vault.openbao import OpenBao, openbao
from tests.runtime.replicated import replicated
from tests.runtime.tls_postgres import tls_postgres
from tests.tls import with_tls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
READER = "configuration_standby"
Pair = tuple["Path", "Path"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    """A server of secrets with two authorities, of which the first is trusted."""
    with openbao(tmp_path_factory.mktemp("authority")) as server:
        for mount in ("pki", "another"):
            server.told("POST", f"sys/mounts/{mount}", type="pki")
            made = server.told("POST", f"{mount}/root/generate/internal", common_name="Stores", key_type="ec")
            (server.folder / f"{mount}.crt").write_text(made["certificate"])
            server.told("POST", f"{mount}/roles/any", allow_any_name=True, enforce_hostnames=False, key_type="ec")
        yield server


def certificate(authority: OpenBao, name: str, mount: str = "pki") -> Pair:
    signed = authority.told("POST", f"{mount}/issue/any", common_name=name, ttl="1h")
    files = authority.folder / f"{name}.crt", authority.folder / f"{name}.key"
    for file, field in zip(files, ("certificate", "private_key"), strict=True):
        file.write_text(signed[field])
    return files


def moved(url: str, port: int, query: str) -> str:
    """The same address by the name of this machine, at another port."""
    parts = urlsplit(url)
    login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    return parts._replace(netloc=f"{login}localhost:{port}", query=query).geturl()


async def ask_database(url: str, pair: Pair, trusted: str, settings: Settings) -> None:
    parts = urlsplit(url)
    with with_tls((parts.hostname or "", parts.port or 0), pair) as tls:
        query = f"sslmode=verify-full&sslrootcert={trusted}"
        address = Address(moved(url, tls.port, query))
        store = PostgresEntries(address, None, settings.database, Horizon(3))
        await store.open()
        try:
            await store.read("n", "k")
        finally:
            await store.close()


async def ask_cache(url: str, pair: Pair, trusted: str) -> None:
    parts = urlsplit(url)
    with with_tls((parts.hostname or "", parts.port or 0), pair, asked=False) as tls:
        address = moved(url, tls.port, f"ssl_ca_certs={trusted}").replace("redis://", "rediss://", 1)
        buckets = RedisTokenBuckets(Address(address), Telemetry())
        try:
            await buckets.probe()
        finally:
            await buckets.close()


async def test_a_store_with_a_certificate_of_its_authority_is_asked(
    authority: OpenBao, migrated_url: str, redis_url: str, settings: Settings
) -> None:
    pair, trusted = certificate(authority, "localhost"), str(authority.folder / "pki.crt")
    await ask_database(migrated_url, pair, trusted, settings)
    await ask_cache(redis_url, pair, trusted)


@pytest.mark.parametrize(("name", "by_its_own"), [("localhost", False), ("another.example", True)])
async def test_a_store_of_another_authority_or_name_is_not(
    authority: OpenBao, migrated_url: str, redis_url: str, settings: Settings, *, name: str, by_its_own: bool
) -> None:
    pair = certificate(authority, name)
    trusted = str(authority.folder / "pki.crt") if by_its_own else certifi.where()
    with pytest.raises((TransientError, UnavailableError)) as database:
        await ask_database(migrated_url, pair, trusted, settings)
    assert "certificate verify failed" in str(database.value.__cause__)
    with pytest.raises(UnavailableError) as cache:
        await ask_cache(redis_url, pair, trusted)
    assert "certificate verify failed" in str(cache.value.__cause__)


async def test_a_pod_that_stands_by_shows_its_certificate_and_a_renewed_one_at_the_next_connection(
    authority: OpenBao, migrated_url: str, settings: Settings, tmp_path: Path
) -> None:
    """At the address that it is rendered with; the server knows no TLS, and a port before it asks for certificates."""
    trusted, parts = authority.folder / "pki.crt", urlsplit(migrated_url)
    query = rendered_query().replace("/authority/ca.crt", str(trusted)).replace("/database/", f"{tmp_path}/")
    server = parts.hostname or "", parts.port or 0
    with with_tls(server, certificate(authority, "localhost"), clients=trusted) as tls:
        address = Address(moved(migrated_url, tls.port, query))
        store = PostgresEntries(address, None, settings.database, Horizon(3))
        await store.open()
        try:
            renew(tmp_path, certificate(authority, READER, mount="another"))
            with pytest.raises((TransientError, UnavailableError)):
                await store.read("n", "k")
            renew(tmp_path, certificate(authority, READER))
            await store.read("n", "k")
        finally:
            await store.close()


def rendered_query() -> str:
    """Return the parameters of the address of pods that stand by, with paths from the folder of their secrets."""
    deployment = documents(site(cluster="eu-west-1"))["cbp-application/deployment-configuration-api.yaml"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    address: str = next(item["value"] for item in container["env"] if item["name"] == "CBP_DATABASE_URL")
    return urlsplit(address).query.replace(SECRETS_FOLDER, "")


def renew(folder: Path, pair: Pair) -> None:
    for file, name in zip(pair, ("tls.crt", "tls.key"), strict=True):
        (folder / name).write_bytes(file.read_bytes())


async def test_a_server_lets_the_pods_that_stand_by_in_by_their_certificate_alone(
    authority: OpenBao, tmp_path: Path
) -> None:
    """By the rules of access of the rendered Cluster, which stand before the operator's own, by password."""
    trusted, another = authority.folder / "pki.crt", authority.folder / "another.crt"
    query = rendered_query().replace("/authority/ca.crt", str(trusted)).replace("/database/", f"{tmp_path}/")
    rules = documents(site(cluster="eu-west-1"))["cbp-data/cluster-configuration-db.yaml"]["spec"]["postgresql"]
    pg_hba = [*rules["pg_hba"], "host all all all scram-sha-256"]
    statements = (
        f"CREATE ROLE {READER} LOGIN PASSWORD 'known';\n"
        "CREATE ROLE other LOGIN PASSWORD 'known';\n"
        "CREATE DATABASE configuration;\n"
    )
    with tls_postgres(tmp_path, certificate(authority, "localhost"), trusted, pg_hba, statements) as port:

        async def logged_in(query: str, login: str = READER) -> str:
            connection = await connect(Address(f"postgresql://{login}@localhost:{port}/configuration?{query}"))
            try:
                read_only = await connection.fetchval("SHOW default_transaction_read_only")
                return f"{await connection.fetchval('SELECT current_user')}, read only: {read_only}"
            finally:
                await connection.close()

        renew(tmp_path, certificate(authority, READER))
        assert await logged_in(query) == f"{READER}, read only: on"
        by_password = f"sslmode=verify-full&sslrootcert={trusted}"
        assert await logged_in(by_password, "other:known") == "other, read only: off"
        for refused, login, reason in (
            (by_password, f"{READER}:known", "requires a valid client certificate"),
            ("sslmode=disable", f"{READER}:known", "pg_hba.conf rejects connection"),
            ("sslmode=disable", "other:known", "pg_hba.conf rejects connection"),
            (query.replace(str(trusted), str(another)), READER, "certificate verify failed"),
        ):
            with pytest.raises((asyncpg.PostgresError, OSError), match=reason):
                await logged_in(refused, login)
        for pair, reason in (
            (certificate(authority, "other"), "certificate authentication failed"),
            (certificate(authority, READER, mount="another"), "unknown ca|closed in the middle of operation"),
        ):
            renew(tmp_path, pair)
            with pytest.raises((asyncpg.PostgresError, OSError), match=reason):
                await logged_in(query)
        renew(tmp_path, certificate(authority, READER))
        assert await logged_in(query) == f"{READER}, read only: on"


MASTER = "configuration-cache-master.cbp-data.svc"


@pytest.mark.parametrize(("name", "verified"), [(MASTER, True), ("127.0.0.1", False)])
async def test_a_master_that_sentinels_name_by_address_is_verified_by_the_name_in_the_url(
    authority: OpenBao, tmp_path: Path, *, name: str, verified: bool
) -> None:
    trusted = authority.folder / "pki.crt"
    sentinel_pair = certificate(authority, "localhost")
    with replicated(tmp_path) as servers, ExitStack() as stack:
        master, sentinel = servers.servers[0], servers.sentinels[0]
        of_master = stack.enter_context(with_tls(("127.0.0.1", master.port), certificate(authority, name), asked=False))
        of_sentinel = stack.enter_context(with_tls(("127.0.0.1", sentinel.port), sentinel_pair, asked=False))
        sentinel.ask("SENTINEL", "MONITOR", "by-tls", "127.0.0.1", str(of_master.port), "2")
        address = Address(f"rediss://:{master.password}@{MASTER}:6379/0?ssl_ca_certs={trusted}")
        buckets = RedisTokenBuckets(address, Telemetry(), Sentinels((("localhost", of_sentinel.port),), "by-tls"))
        try:
            if verified:
                await buckets.probe()
            else:
                with pytest.raises(UnavailableError) as caught:
                    await buckets.probe()
                assert "certificate verify failed" in str(caught.value.__cause__)
        finally:
            await buckets.close()
