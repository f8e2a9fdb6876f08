"""The proxy as it is emitted, before the real API: what it lets through, what it refuses, and how both end.

The module shares one Envoy and one service, with a way between the two that tests break; the last test ends them.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from compiler.emit.kubernetes.application.pod import pod
from runtime.adapters.postgres_migrations import migrate
from runtime.embedded.cluster import API, OWNER
from runtime.environment import Address
from runtime.settings import Settings
from tests.compiler.project import ROOT, site
from tests.conftest import empty_database, in_database
from tests.envoy.certificates import show
from tests.envoy.emitted import CERTIFICATE
from tests.envoy.running import IMPATIENT, LOOPBACK, NARROW_REQUESTS, Proxy, proxying
from tests.identity import access, signed_in
from tests.runtime.forwarder import Forwarder, forwarding
from tests.runtime.service import Service, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from runtime.embedded.postgres import PostgresServer
    from runtime.embedded.valkey import ValkeyServer

pytestmark = pytest.mark.anyio

ENTRY = "/v1/namespaces/payments/entries/limits"
CHANGES_LOCK = f"SELECT pg_advisory_xact_lock({0x636270}, 1)"
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
BALANCER = "127.0.0.2"
"""The address of the load balancer: of a peer at 127.0.0.1, Envoy would tell an address of the machine."""

ANY = {"if-match": "*"}
REPORTED = {"x-forwarded-for": "203.0.113.9, 198.51.100.7"}
"""What a load balancer says of a client at 198.51.100.7, which claims to be another one."""


@dataclass(frozen=True, slots=True)
class Pod:
    """The API and its proxy, with the way between the two.

    ``database`` is the address of its database, and ``audited`` that for somebody who may read all of it.
    """

    service: Service
    way: Forwarder
    proxy: Proxy
    database: str
    audited: str

    def client(self, listener: str = "clients", **headers: str) -> httpx.AsyncClient:
        """Return a client of a listener, which is the load balancer, and as Amazon's trusts any certificate."""
        transport = httpx.AsyncHTTPTransport(local_address=BALANCER, verify=False)
        return httpx.AsyncClient(base_url=self.proxy.url(listener), headers=headers, transport=transport, timeout=30)


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    """The emitted settings, with the issuer of the tests; in ports and workers those of the pod."""
    document: dict[str, Any] = site().settings.model_dump(mode="json")
    return document | {"access": access()}


@pytest.fixture(scope="module")
def database(postgres: PostgresServer, settings: dict[str, Any]) -> Iterator[str]:
    """A migrated database, for the role that serves."""
    with empty_database(postgres, OWNER) as name:
        found = Settings.model_validate_json(json.dumps(settings)).database
        asyncio.run(migrate(Address(in_database(postgres.migration_url, name)), found, API))
        yield in_database(postgres.url, name)


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, Any], database: str, valkey: ValkeyServer
) -> Iterator[Service]:
    """The API as the pod runs it: it believes the proxy beside it, and the load balancer."""
    (container,) = pod(site()).containers
    (subnet,) = site().cluster.addresses.load_balancer
    variables = {
        "CBP_DATABASE_URL": database,
        "CBP_REDIS_URL": valkey.url,
        "CBP_TRUSTED_PROXIES": container.env["CBP_TRUSTED_PROXIES"].replace(subnet, f"{BALANCER}/32"),
        "CBP_FORWARDED_HEADER": container.env["CBP_FORWARDED_HEADER"],
    }
    with serving(tmp_path_factory.mktemp("service"), settings, variables) as running:
        yield running


@pytest.fixture(scope="module")
async def shared(
    tmp_path_factory: pytest.TempPathFactory, service: Service, database: str, postgres: PostgresServer
) -> AsyncIterator[Pod]:
    """The pod, with an entry in its database."""
    folder = tmp_path_factory.mktemp("envoy")
    show(folder / CERTIFICATE, "first")
    async with forwarding(service.url) as way, proxying(site(), folder, way) as proxy:
        audited = in_database(postgres.admin_url, database.rpartition("/")[2])
        found = Pod(service, way, proxy, database, audited)
        async with found.client(**signed_in()) as client:
            (await client.put(ENTRY, json={"value": 1})).raise_for_status()
        yield found


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds; the bound is for a system that is broken, not for one that is slow."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


def in_progress(shared: Pod, server: str = "api") -> Callable[[], bool]:
    """Return whether a request is on its way to the API."""
    return lambda: shared.proxy.statistics()[f"cluster.{server}.upstream_rq_active"] > 0


@asynccontextmanager
async def connected(database: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection, and close it."""
    connection = await asyncpg.connect(database)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def changes_wait(database: str) -> AsyncIterator[asyncpg.Connection]:
    """Hold the lock that every change takes; a change that came meanwhile is made at the end."""
    async with connected(database) as connection, connection.transaction():
        await connection.execute(CHANGES_LOCK)
        yield connection


async def test_the_api_knows_a_client_by_the_address_that_the_load_balancer_reports(shared: Pod) -> None:
    async with shared.client(**signed_in(), **REPORTED) as client:
        answer = await client.put(ENTRY, json={"value": 1}, headers=ANY)
    assert answer.json()["value"] == 1
    async with connected(shared.audited) as connection:
        clients = await connection.fetchval("SELECT clients FROM audit_origins ORDER BY last DESC LIMIT 1")
    assert clients == ["198.51.100.7"]
    assert "server" not in answer.headers
    assert not any(name.startswith("x-envoy") for name in answer.headers)


async def test_one_client_that_exceeds_the_second_line_is_refused_and_no_other_one(shared: Pod) -> None:
    before = shared.proxy.statistics()["cluster.narrow.upstream_rq_total"]
    async with shared.client("narrow") as client:
        floods = [signed_in(subject="flooding") | REPORTED, REPORTED]
        for flood in floods:
            answers = [await client.get(ENTRY, headers=flood) for _ in range(NARROW_REQUESTS + 1)]
            assert [answer.status_code == 429 for answer in answers] == [False] * NARROW_REQUESTS + [True]
            refusal = answers[-1]
            assert refusal.headers["content-type"] == "application/problem+json"
            assert refusal.headers["retry-after"] == "1"
            assert refusal.json()["status"] == 429
        assert (await client.get(ENTRY, headers=signed_in(subject="another") | REPORTED)).status_code == 200
        elsewhere = await client.get(ENTRY, headers={"x-forwarded-for": "198.51.100.8"})
        assert elsewhere.status_code == 401
    after = shared.proxy.statistics()["cluster.narrow.upstream_rq_total"]
    assert after - before == len(floods) * NARROW_REQUESTS + 2
    assert shared.proxy.statistics()["narrow.http_local_rate_limit.rate_limited"] == 2


async def test_a_read_whose_connection_breaks_is_sent_again_and_a_change_never(shared: Pod) -> None:
    """Nor where the client asks for it by headers of Envoy's own."""
    asking = {"x-envoy-retry-on": "5xx,reset,connect-failure", "x-envoy-max-retries": "3"}
    async with shared.client(**signed_in(), **REPORTED, **asking) as client:
        for method, status, repetitions in (("GET", 200, 1), ("PUT", 503, 0)):
            before = shared.proxy.statistics()["cluster.api.upstream_rq_retry"]
            shared.way.silence()
            request = asyncio.create_task(client.request(method, ENTRY, json={"value": 2}, headers=ANY))
            await eventually(in_progress(shared))
            await shared.way.sever()
            shared.way.resume()
            assert (await request).status_code == status
            assert shared.proxy.statistics()["cluster.api.upstream_rq_retry"] - before == repetitions
        assert (await client.get(ENTRY)).json()["value"] == 1


async def test_a_breaker_that_is_open_refuses_at_once_and_closes_with_the_answer(shared: Pod) -> None:
    """One request has the only connection, and one at most waits for it: there is no place for a third."""
    overflow = "cluster.narrow.upstream_rq_pending_overflow"
    async with shared.client("narrow") as client:
        shared.way.silence()
        asked = [asyncio.create_task(client.get(ENTRY, headers=signed_in(subject=f"breaker-{n}"))) for n in range(6)]
        try:
            await eventually(lambda: shared.proxy.statistics()[overflow] >= 4)
        finally:
            shared.way.resume()
        answers = [await each for each in asked]
        refused = [answer for answer in answers if answer.status_code == 503]
        assert len(refused) == shared.proxy.statistics()[overflow]
        assert {answer.status_code for answer in answers} == {200, 503}
        assert all("overflow" in answer.json()["detail"] for answer in refused)
        assert (await client.get(ENTRY, headers=signed_in(subject="breaker-6"))).status_code == 200


async def test_an_answer_that_takes_longer_than_the_proxy_waits_is_given_up(shared: Pod) -> None:
    async with shared.client("narrow", **signed_in(subject="waiting")) as client, changes_wait(shared.database):
        answer = await client.put(f"{IMPATIENT}entries/limits", json={"value": 1})
    assert (answer.status_code, answer.headers["content-type"]) == (504, "application/problem+json")
    assert shared.proxy.statistics()["cluster.narrow.upstream_rq_timeout"] >= 1


async def test_a_renewed_certificate_is_shown_to_the_next_connection_and_none_is_closed(shared: Pod) -> None:
    async with shared.client(**signed_in()) as client:
        assert (await client.get(ENTRY)).status_code == 200
        assert await asyncio.to_thread(name_shown, shared) == "first"
        show(shared.proxy.folder / CERTIFICATE, "second")
        async with asyncio.timeout(30):
            while await asyncio.to_thread(name_shown, shared) != "second":
                await asyncio.sleep(0.05)
        connections = shared.proxy.statistics()["http.clients.downstream_cx_active"]
        assert (await client.get(ENTRY)).status_code == 200
        assert shared.proxy.statistics()["http.clients.downstream_cx_active"] == connections
    assert shared.proxy.process.poll() is None


def name_shown(shared: Pod) -> str:
    """Return the name in the certificate that a new connection is shown."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    address = (LOOPBACK, shared.proxy.ports["clients"])
    with socket.create_connection(address) as plain, context.wrap_socket(plain) as connection:
        shown = connection.getpeercert(binary_form=True)
    assert shown
    (name,) = x509.load_der_x509_certificate(shown).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(name.value)


async def test_the_port_of_statistics_reads_two_paths_and_does_nothing(shared: Pod) -> None:
    async with shared.client("statistics-9901") as client:
        ready = await client.get("/ready")
        assert (ready.status_code, ready.text) == (200, "LIVE\n")
        metrics = await client.get("/stats/prometheus")
        assert 'envoy_cluster_upstream_rq_total{envoy_cluster_name="api"}' in metrics.text
        for method, path in (
            ("POST", "/ready"),
            ("GET", "/stats/prometheus?filter=a"),
            ("GET", "/config_dump"),
            ("POST", "/quitquitquit"),
            ("GET", "/ready/../config_dump"),
        ):
            assert (await client.request(method, path)).status_code == 404
    assert shared.proxy.process.poll() is None


async def test_every_metric_of_the_page_is_one_that_envoy_tells(shared: Pod) -> None:
    page = (ROOT / "docs/proxy.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(envoy_[a-z_]+)", page.rpartition("| metric |")[2]))
    async with shared.client("statistics-9901") as client:
        told = (await client.get("/stats/prometheus")).text
    assert len(named) >= 6
    assert named - set(re.findall(r"^(envoy_[a-z_]+)[{ ]", told, re.MULTILINE)) == set()


async def test_a_pod_that_ends_answers_every_request_that_it_has_taken(shared: Pod) -> None:
    """As Kubernetes ends it: the load balancer drops it, the API is told to stop, and once it has ended, its proxy."""
    dropped, answers = asyncio.Event(), list[int]()

    async def read(client: httpx.AsyncClient) -> None:
        while not dropped.is_set():
            answers.append((await client.get(ENTRY)).status_code)

    async with shared.client(**signed_in(), **REPORTED) as client:
        reading = [asyncio.create_task(read(client)) for _ in range(4)]
        await eventually(lambda: len(answers) > 20)
        async with changes_wait(shared.database) as connection:
            change = asyncio.create_task(client.put(ENTRY, json={"value": 3}, headers=ANY))
            async with asyncio.timeout(30):
                while not await connection.fetchval(WAITS):
                    await connection.execute("SELECT pg_stat_clear_snapshot()")
            dropped.set()
            shared.service.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*reading)
        assert (await change).json()["value"] == 3
    assert set(answers) == {200}
    assert await asyncio.to_thread(shared.service.process.wait, 30) == 0
    shared.proxy.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(shared.proxy.process.wait, 30) == 0
