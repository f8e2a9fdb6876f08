"""Logins with the compiled roles on a real OpenBao: who gets in, what can be read then, and everything that cannot."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import subprocess
import sysconfig
import time
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import asyncpg
import pytest
import yaml

from compiler.emit.kubernetes.database.roles import KEEP_PASSWORD
from compiler.emit.names import DATABASE_MIGRATOR, DATABASE_OWNER, DATABASE_PREVIOUS, DATABASE_ROLE
from compiler.emit.server_certificates import server_certificates
from compiler.emit.text import hours
from compiler.emit.vault.engines import OVERLAP
from compiler.emit.vault.paths import vault_paths
from runtime.adapters.postgres_migrations import migrate
from runtime.adapters.secret_files import SecretFile
from runtime.domain.signatures import read_key
from runtime.environment import Address, read_signer
from runtime.maintenance.transit import SignerError, sign
from runtime.settings import Settings
from tests.compiler.project import ROOT, documents
from tests.compiler.vault.bank import SITES
from tests.conftest import empty_database
from tests.faults.deployment import settings as small_settings
from tests.pgbouncer import NotInstalledError, pgbouncer
from tests.runtime.composed import composed, loaded, until_ready
from tests.tls import context_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from compiler.emit.server_certificates import ServerCertificate
    from compiler.emit.site import Site
    from runtime.embedded.postgres import PostgresServer
    from runtime.environment import Signer
    from tests.compiler.vault.bank import Bank

PRODUCTION = next(at for at in SITES if at.folder == "production/eu-central-1")
RECOVERY = next(at for at in SITES if not at.serves)
LOGINS = {
    "configuration-api": ("cbp-application", "configuration-api-secrets"),
    "configuration-data": ("cbp-data", "configuration-data-secrets"),
    "configuration-data-certificates": ("cbp-data", "configuration-data-certificates"),
    "configuration-api-certificates": ("cbp-application", "configuration-api-certificates"),
}
ALWAYS = {"auth/token/lookup-self"}


def login(bank: Bank, at: Site, role: str, token: str) -> httpx.Response:
    return bank.server.ask("POST", f"auth/{vault_paths(at).kubernetes}/login", "", role=role, jwt=token)


def service_account_token(bank: Bank, at: Site, role: str, *audiences: str) -> str:
    """Return a token of a role's account that the API server of the cluster made."""
    api_server = bank.api_servers[at.folder]
    return api_server.token(*LOGINS[role], *(audiences or ("vault", api_server.audience)))


def logged_in(bank: Bank, at: Site, role: str) -> str:
    answer = login(bank, at, role, service_account_token(bank, at, role))
    assert answer.is_success, answer.text
    return str(answer.json()["auth"]["client_token"])


@pytest.fixture(scope="module")
def kept(applied: Bank) -> Bank:
    """The server with a value at every path that any cluster's zones read."""
    for at in SITES:
        for key in (vault_paths(at).manager, vault_paths(at).cache):
            applied.server.told("POST", f"cbp/data/{key}", options={"cas": 0}, data={"password": f"of {key}"})
    return applied


def everything(bank: Bank) -> set[str]:
    """Every path of every plan, what the plans keep, and what only an operator of the server asks."""
    paths = {"sys/mounts", "sys/auth", "sys/audit", "sys/policies/acl", "cbp/metadata/production", *ALWAYS}
    for at in SITES:
        paths |= {item["path"] for item in yaml.safe_load(bank.plan(at).read_text())["documents"]}
        for key in (vault_paths(at).manager, vault_paths(at).cache, f"{at.environment.name}/another"):
            paths |= {f"cbp/data/{key}", f"cbp/metadata/{key}"}
        paths.add(f"database/static-creds/{vault_paths(at).static_role}")
    return paths


def readable(bank: Bank, token: str) -> set[str]:
    found = set()
    for path in everything(bank):
        status = bank.server.ask("GET", path, token).status_code
        assert status in (200, 403, 405), (path, status)
        if status == 200:
            found.add(path)
    return found


def test_the_api_reads_the_cache_s_password_and_its_own_and_nothing_else(kept: Bank) -> None:
    token = logged_in(kept, PRODUCTION, "configuration-api")
    assert readable(kept, token) == ALWAYS | {
        "cbp/data/production/configuration-data/eu-central-1/cache",
        "database/static-creds/production-eu-central-1-configuration-api",
    }


def test_the_api_of_a_cluster_that_stands_by_reads_the_cache_s_password_alone(kept: Bank) -> None:
    """It reads the database by a certificate of its own."""
    token = logged_in(kept, RECOVERY, "configuration-api")
    assert readable(kept, token) == ALWAYS | {"cbp/data/production/configuration-data/eu-west-1/cache"}


@pytest.mark.parametrize("at", SITES, ids=[at.folder for at in SITES])
def test_the_data_zone_reads_its_own_two_passwords_and_nothing_else(kept: Bank, at: Site) -> None:
    token = logged_in(kept, at, "configuration-data")
    folder = f"cbp/data/{at.environment.name}/configuration-data/{at.name}"
    assert readable(kept, token) == ALWAYS | {f"{folder}/vault-manager", f"{folder}/cache"}


@pytest.mark.parametrize("role", LOGINS)
def test_no_workload_changes_or_lists_anything(kept: Bank, role: str) -> None:
    token = logged_in(kept, PRODUCTION, role)
    for path in everything(kept):
        for method in ("LIST", "POST", "DELETE"):
            answer = kept.server.ask(method, path, token, data={})
            assert answer.status_code in (403, 405), (method, path, answer.text)


@pytest.mark.parametrize("role", LOGINS)
def test_a_token_is_short_lived_without_the_default_policy_and_can_be_revoked(kept: Bank, role: str) -> None:
    token = logged_in(kept, PRODUCTION, role)
    said = kept.server.ask("GET", "auth/token/lookup-self", token).json()["data"]
    assert (said["type"], said["creation_ttl"]) == ("service", 600)
    assert said["policies"] == [f"production-eu-central-1-{role}"]
    assert kept.server.ask("POST", "auth/token/revoke-self", token).status_code == 204
    assert kept.server.ask("GET", "auth/token/lookup-self", token).status_code == 403


def test_an_account_logs_in_to_its_own_role_of_its_own_cluster_with_a_token_for_vault(kept: Bank) -> None:
    api_server = kept.api_servers[PRODUCTION.folder]
    api, data, *_ = (service_account_token(kept, PRODUCTION, role) for role in LOGINS)
    elsewhere = api_server.token("default", "configuration-api-secrets", "vault", api_server.audience)
    workload = api_server.token("cbp-application", "configuration-api", "vault", api_server.audience)
    for_another = service_account_token(kept, PRODUCTION, "configuration-api", api_server.audience)
    made_up = f"{api.rpartition('.')[0]}.AAAA"
    refused = {
        "the account of another zone": login(kept, PRODUCTION, "configuration-api", data),
        "the same name in another namespace": login(kept, PRODUCTION, "configuration-api", elsewhere),
        "the account that the pods run as": login(kept, PRODUCTION, "configuration-api", workload),
        "a token for another audience": login(kept, PRODUCTION, "configuration-api", for_another),
        "a token that the cluster did not make": login(kept, PRODUCTION, "configuration-api", made_up),
        "the same role of another cluster": login(kept, RECOVERY, "configuration-api", api),
    }
    assert {name: answer.is_success for name, answer in refused.items()} == dict.fromkeys(refused, False)
    assert login(kept, PRODUCTION, "configuration-api", api).is_success


def request(bank: Bank, *names: str) -> tuple[str, str]:
    """Return a request for a certificate, as cert-manager makes one (the names alone, no common name), and its key."""
    bank.server.told("POST", "sys/mounts/requests", type="pki")
    made = bank.server.told(
        "POST", "requests/intermediate/generate/exported", key_type="ec", alt_names=",".join(names), common_name=""
    )
    bank.server.told("DELETE", "sys/mounts/requests")
    return made["csr"], made["private_key"]


def shown(certificate: tuple[Path, Path], authority: str, name: str) -> set[str]:
    """Return the names in a certificate, as a client sees them that trusts the authority and looks for one of them."""
    server, client = context_of(certificate), ssl.create_default_context(cadata=authority)
    near, far = socket.socketpair()
    with server.wrap_socket(far, server_side=True, do_handshake_on_connect=False) as serving:
        thread = Thread(target=serving.do_handshake)
        thread.start()
        with client.wrap_socket(near, server_hostname=name) as asking:
            thread.join()
            peer: Any = asking.getpeercert()
    return {name for _, name in peer["subjectAltName"]}


SIGNED_FOR = {"data": "configuration-data-certificates", "application": "configuration-api-certificates"}
"""The account that has the certificates of a zone's servers signed, and no other ones."""


@pytest.mark.parametrize("server", server_certificates(PRODUCTION), ids=lambda server: server.name)
def test_cert_manager_has_the_names_of_each_server_signed_for_as_long_as_it_asks(
    kept: Bank, server: ServerCertificate
) -> None:
    csr, key = request(kept, *server.names)
    asked = {"csr": csr, "ttl": hours(server.lifetime)}
    signing = vault_paths(PRODUCTION).signing(server.name)
    for zone, account in SIGNED_FOR.items():
        answer = kept.server.ask("POST", signing, logged_in(kept, PRODUCTION, account), **asked)
        assert answer.status_code == (200 if zone == server.zone else 403), answer.text
        if zone == server.zone:
            signed = answer.json()["data"]
    assert signed["expiration"] - time.time() == pytest.approx(server.lifetime.seconds, abs=60)
    files = kept.folder / f"{server.name}.crt", kept.folder / f"{server.name}.key"
    files[0].write_text(signed["certificate"])
    files[1].write_text(key)
    # What the API's Secret is made of, which anybody may read.
    path = f"{kept.server.address}/v1/{vault_paths(PRODUCTION).authority}/issuer/root/json"
    authority = kept.server.client.get(path).json()["data"]["certificate"]
    for name in server.names:
        assert shown(files, authority, name) == set(server.names)


def test_the_api_s_token_does_not_keep_it_from_reading_what_everybody_reads(kept: Bank) -> None:
    token = logged_in(kept, PRODUCTION, "configuration-api")
    answer = kept.server.ask("GET", f"{vault_paths(PRODUCTION).authority}/issuer/root/json", token)
    assert answer.json()["data"]["certificate"].startswith("-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize(
    "names",
    [
        ("configuration-cache-master.cbp-data.svc",),
        ("configuration-db-rw.cbp-data.svc", "another.cbp-data.svc"),
        ("*.cbp-data.svc",),
        ("a.configuration-db-rw.cbp-data.svc",),
        ("localhost",),
    ],
)
def test_and_no_other_name(kept: Bank, names: tuple[str, ...]) -> None:
    """The cache's name is not the database's, and the other way round: each has a role of its own."""
    token = logged_in(kept, PRODUCTION, "configuration-data-certificates")
    path = vault_paths(PRODUCTION).signing("configuration-db-server")
    answer = kept.server.ask("POST", path, token, csr=request(kept, *names)[0])
    assert (answer.status_code, "not allowed by this role" in answer.text) == (400, True), answer.text


def test_nobody_else_and_no_other_cluster_has_anything_signed(kept: Bank) -> None:
    csr, _ = request(kept, "configuration-db-rw.cbp-data.svc")
    signing = vault_paths(PRODUCTION).signing("configuration-db-server")
    for role in ("configuration-api", "configuration-data"):
        assert kept.server.ask("POST", signing, logged_in(kept, PRODUCTION, role), csr=csr).status_code == 403
    elsewhere = logged_in(kept, RECOVERY, "configuration-data-certificates")
    assert kept.server.ask("POST", signing, elsewhere, csr=csr).status_code == 403


def signer(bank: Bank, at: Site, folder: Path, *audiences: str, account: str = "configuration-audit") -> Signer:
    """Return what the compiled job reads, but for this machine's address and files, and a token of its account."""
    (container,) = anchoring(at)["containers"]
    variables = {item["name"]: item["value"] for item in container["env"]}
    api_server = bank.api_servers[at.folder]
    (folder / "token").write_text(api_server.token("cbp-data", account, *(audiences or projected(at))))
    here = {
        "CBP_AUDIT_VAULT_URL": bank.server.address,
        "CBP_AUDIT_VAULT_TOKEN_FILE": str(folder / "token"),
        "CBP_AUDIT_VAULT_AUTHORITY_FILE": str(bank.server.authority),
    }
    return read_signer(variables | here)


def anchoring(at: Site) -> dict[str, Any]:
    spec = documents(at)["cbp-data/cronjob-configuration-audit.yaml"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return dict(spec)


def projected(at: Site) -> list[str]:
    """Return the audience of the token for Vault that the kubelet projects into the job: one."""
    (vault,) = (volume for volume in anchoring(at)["volumes"] if volume["name"] == "vault")
    tokens = [item["serviceAccountToken"] for item in vault["projected"]["sources"]]
    return [token["audience"] for token in tokens if token["path"] == "token"]


def test_the_job_that_anchors_signs_by_the_key_of_its_cluster(kept: Bank, tmp_path: Path) -> None:
    """By the compiled variables, role and policy, and the token that Kubernetes projects for them."""
    at = PRODUCTION
    signature = sign(signer(kept, at, tmp_path), b"hello")
    public = kept.server.told("GET", f"signing/keys/{vault_paths(at).audit_key}")["keys"]["1"]["public_key"]
    assert read_key(public).verify(b"hello", signature.removeprefix("vault:v1:"))


@pytest.mark.parametrize(
    ("account", "audiences"),
    [("configuration-audit", ["vault"]), ("configuration-migration", []), ("configuration-data-secrets", [])],
)
def test_another_account_or_a_token_for_another_audience_signs_nothing(
    kept: Bank, tmp_path: Path, account: str, audiences: list[str]
) -> None:
    with pytest.raises(SignerError, match="/login: 403 Forbidden"):
        sign(signer(kept, PRODUCTION, tmp_path, *audiences, account=account), b"hello")


def test_the_job_that_anchors_does_nothing_else(kept: Bank, tmp_path: Path) -> None:
    server, scope = kept.server, vault_paths(PRODUCTION).scope
    signer(kept, PRODUCTION, tmp_path)
    answer = login(kept, PRODUCTION, "configuration-audit", (tmp_path / "token").read_text())
    token = answer.json()["auth"]["client_token"]
    assert readable(kept, token) == ALWAYS
    body = {"input": "aGVsbG8=", "hash_algorithm": "sha2-256", "signature_algorithm": "pkcs1v15"}
    for method, path in (
        ("POST", f"signing/sign/{vault_paths(RECOVERY).audit_key}"),
        ("POST", f"signing/sign/{scope}-audit/sha2-512"),
        ("POST", f"signing/verify/{scope}-audit"),
        ("GET", f"signing/keys/{scope}-audit"),
        ("DELETE", f"signing/keys/{scope}-audit"),
        ("POST", f"signing/keys/{scope}-audit/rotate"),
        ("GET", f"cbp/data/{vault_paths(PRODUCTION).cache}"),
        ("GET", f"database/static-creds/{vault_paths(PRODUCTION).migration_role}"),
    ):
        assert server.ask(method, path, token, **body).status_code == 403, path
    for exported in (f"signing/export/signing-key/{scope}-audit", f"signing/backup/{scope}-audit"):
        assert not server.ask("GET", exported).is_success, "not even by the token that may do everything"


def test_a_secret_is_replaced_only_by_whoever_says_which_version(kept: Bank) -> None:
    path = f"cbp/data/{vault_paths(PRODUCTION).cache}"
    unsaid = kept.server.ask("POST", path, data={"password": "a"})
    assert (unsaid.status_code, "check-and-set parameter required" in unsaid.text) == (400, True)
    assert kept.server.ask("POST", path, options={"cas": 7}, data={"password": "a"}).status_code == 400
    assert kept.server.ask("POST", path, options={"cas": 1}, data={"password": "a"}).status_code == 200


def static_credentials(bank: Bank, role: str) -> dict[str, Any]:
    return bank.server.told("GET", f"database/static-creds/{role}")


def write_as_external_secrets_does(bank: Bank, file: Path) -> str:
    """Write the API's password and the time of its rotation, as the compiled ExternalSecret reads them; return it."""
    read = documents(PRODUCTION)["cbp-application/externalsecret-configuration-api-database.yaml"]["spec"]["data"]
    for entry in read:
        said = bank.server.told("GET", f"database/{entry['remoteRef']['key']}")
        target = file.with_name(entry["secretKey"])
        target.with_suffix(".next").write_text(said[entry["remoteRef"]["property"]])
        target.with_suffix(".next").replace(target)
    return file.read_text()


@pytest.fixture
def serving() -> Settings:
    """Settings of a small worker that limits nobody."""
    document = small_settings()
    document["throttling"]["client"] = {"capacity": 100_000, "refill_per_minute": 1}
    return Settings.model_validate_json(json.dumps(document))


@pytest.fixture
def rotated(applied: Bank) -> Bank:
    """The server after it has rotated production's passwords: those of all environments have the same database here."""
    for role in (vault_paths(PRODUCTION).static_role, vault_paths(PRODUCTION).migration_role):
        applied.server.told("POST", f"database/rotate-role/{role}")
    return applied


@pytest.fixture
def serving_database(rotated: Bank, postgres: PostgresServer, serving: Settings) -> Iterator[str]:
    """The address of a migrated database, without a user, as the compiled roles serve and migrate it."""
    with empty_database(postgres, DATABASE_OWNER) as name:
        server = postgres.admin_url.rpartition("@")[2].partition("/")[0]
        password = static_credentials(rotated, vault_paths(PRODUCTION).migration_role)["password"]
        migrator = f"postgresql://{DATABASE_MIGRATOR}@{server}/{name}?password={quote(password)}"
        asyncio.run(migrate(Address(migrator), serving.database, DATABASE_ROLE))
        yield f"{server}/{name}?sslmode=disable"


@pytest.fixture(params=["PostgreSQL", "PgBouncer"])
def door(
    request: pytest.FixtureRequest, postgres: PostgresServer, serving_database: str, tmp_path: Path
) -> Iterator[str]:
    """The address of that database by which workers reach it: PostgreSQL's own, or that of a pooler as compiled."""
    if request.param == "PostgreSQL":
        yield serving_database
        return
    pooler = documents(PRODUCTION)["cbp-data/pooler-configuration-db-pooler-rw.yaml"]["spec"]["pgbouncer"]
    try:
        with pgbouncer(postgres.admin_url, tmp_path / "pgbouncer", pooler) as address:
            yield f"{address}/{serving_database.partition('/')[2]}"
    except NotInstalledError as reason:
        pytest.skip(f"not checked: {reason}")


async def users_of(administrator: asyncpg.Connection, database: str) -> set[str]:
    """The users of the connections that workers have lent to requests."""
    name = database.partition("/")[2].partition("?")[0]
    rows = await administrator.fetch(
        "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = $1 AND application_name = 'cbp-runtime'", name
    )
    return {row["usename"] for row in rows}


def addresses(door: str, database: str, password: Path) -> tuple[Address, Address]:
    """Return the addresses of a pooler, or of the server, and of the server, for the role that serves."""
    of_pooler, direct = (
        Address(f"postgresql://{DATABASE_ROLE}@{each}", password, DATABASE_PREVIOUS) for each in (door, database)
    )
    return of_pooler, direct


async def end_connections(administrator: asyncpg.Connection, database: str) -> int:
    """End the connections that workers have lent to requests, and return their number."""
    name = database.partition("/")[2].partition("?")[0]
    ended: int = await administrator.fetchval(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = $1 AND application_name = 'cbp-runtime'",
        name,
    )
    return ended


@pytest.mark.anyio
async def test_a_rotation_of_the_database_password_fails_no_request_and_voids_the_one_before(
    rotated: Bank,
    postgres: PostgresServer,
    serving: Settings,
    serving_database: str,
    door: str,
    redis_url: str,
    tmp_path: Path,
) -> None:
    """Vault rotates while clients read and write; until the file follows, new sessions have the former password."""
    file, administrator = tmp_path / "password", await asyncpg.connect(postgres.admin_url)
    first = write_as_external_secrets_does(rotated, file)
    address, direct = addresses(door, serving_database, file)

    async def a_pod_starts_as(user: str) -> None:
        async with composed(serving, address, Address(redis_url), direct) as client:
            await until_ready(client)
            assert (await client.put("/v1/namespaces/n/entries/new", json={"value": user})).is_success
            assert user in await users_of(administrator, serving_database)
            assert (await client.delete("/v1/namespaces/n/entries/new", headers={"If-Match": "*"})).is_success

    async with composed(serving, address, Address(redis_url), direct) as client:
        await until_ready(client)
        async with loaded(client) as load:
            await asyncio.to_thread(rotate, rotated)
            assert not await signs_in(postgres, first)
            await a_pod_starts_as(DATABASE_PREVIOUS)
            await load.goes_on()
            second = write_as_external_secrets_does(rotated, file)
            await a_pod_starts_as(DATABASE_ROLE)
    ends = "SELECT extract(epoch FROM rolvaliduntil - now()) FROM pg_roles WHERE rolname = $1"
    assert 0 < await administrator.fetchval(ends, DATABASE_PREVIOUS) <= OVERLAP.seconds
    assert await signs_in(postgres, first, DATABASE_PREVIOUS)
    await administrator.execute(f"SELECT {KEEP_PASSWORD}('0 seconds')")
    assert [await signs_in(postgres, each, DATABASE_PREVIOUS) for each in (first, second)] == [False, False]
    assert await signs_in(postgres, second)
    await administrator.close()


@pytest.mark.anyio
async def test_a_process_that_loses_its_connections_after_a_rotation_fails_no_request(
    rotated: Bank,
    postgres: PostgresServer,
    serving: Settings,
    serving_database: str,
    door: str,
    redis_url: str,
    tmp_path: Path,
) -> None:
    """Its sessions at a pooler began with the former password, by which the pooler gets no connection any more."""
    file, administrator = tmp_path / "password", await asyncpg.connect(postgres.admin_url)
    write_as_external_secrets_does(rotated, file)
    address, direct = addresses(door, serving_database, file)
    async with composed(serving, address, Address(redis_url), direct) as client:
        await until_ready(client)
        async with loaded(client) as load:
            await asyncio.to_thread(rotate, rotated)
            assert await end_connections(administrator, serving_database)
            await load.goes_on()
    await administrator.close()


def rotate(bank: Bank) -> None:
    bank.server.told("POST", f"database/rotate-role/{vault_paths(PRODUCTION).static_role}")


@pytest.mark.anyio
async def test_the_second_rotation_voids_the_password_before_the_former_one(
    rotated: Bank, postgres: PostgresServer, tmp_path: Path
) -> None:
    first = write_as_external_secrets_does(rotated, tmp_path / "password")
    for accepted in (True, False):
        await asyncio.to_thread(rotate, rotated)
        assert await signs_in(postgres, first, DATABASE_PREVIOUS) is accepted


def test_the_agent_of_vault_writes_the_files_that_the_process_reads(kept: Bank, tmp_path: Path) -> None:
    """By the templates of docs/vault.md, with no other right than the API's policy."""
    page = (ROOT / "docs/vault.md").read_text(encoding="utf-8")
    (templates,) = re.findall("```hcl\n(template .*?)```", page, re.DOTALL)
    policy = f"{vault_paths(PRODUCTION).scope}-configuration-api"
    made = kept.server.ask("POST", "auth/token/create", policies=[policy], no_default_policy=True).json()
    (tmp_path / "token").write_text(made["auth"]["client_token"])
    (tmp_path / "agent.hcl").write_text(
        f'''exit_after_auth = true
vault {{
  address = "{kept.server.address}"
  ca_cert = "{kept.server.authority}"
}}
auto_auth {{
  method {{
    type   = "token_file"
    config = {{ token_file_path = "{tmp_path}/token" }}
  }}
}}
{templates.replace("/run/cbp", str(tmp_path))}'''
    )
    command = (Path(sysconfig.get_path("scripts")) / "bao", "agent", f"-config={tmp_path}/agent.hcl")
    subprocess.run(command, check=True, timeout=60, capture_output=True, env={"HOME": str(tmp_path)})
    made = static_credentials(kept, vault_paths(PRODUCTION).static_role)
    written = kept.server.told("GET", f"cbp/data/{vault_paths(PRODUCTION).cache}")
    for name, password, rotated_at in (
        ("database", made["password"], made["last_vault_rotation"]),
        ("cache", written["data"]["password"], written["metadata"]["created_time"]),
    ):
        file = tmp_path / name / "password"
        assert file.read_text() == password
        assert SecretFile(file).rotated_at() == datetime.fromisoformat(rotated_at)


async def signs_in(postgres: PostgresServer, password: str, role: str = DATABASE_ROLE) -> bool:
    """Whether a role gets into the database with a password."""
    server = urlsplit(postgres.url)
    url = f"postgresql://{role}:{quote(password, safe='')}@{server.hostname}:{server.port}/configuration"
    try:
        connection = await asyncpg.connect(url)
    except asyncpg.InvalidPasswordError:
        return False
    await connection.close()
    return True
