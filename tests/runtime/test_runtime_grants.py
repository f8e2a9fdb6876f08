"""Rights and keys that are given while the service runs: by whom, for how long, and how soon they are known."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_access import PostgresAccess
from runtime.adapters.postgres_audit import PostgresAudit
from runtime.adapters.postgres_horizon import Horizon
from runtime.app import Adapters, create_app
from runtime.domain.audit import ACCESS, GIVE, Note, written
from runtime.domain.grants import Given, Grant, MachineKey, digest_of
from runtime.domain.identity import Identity, Kind, Right, Role
from runtime.environment import Address
from runtime.ports.audit import AuditFilter
from runtime.ports.availability import UnavailableError
from runtime.services.access import Authority, Callers
from runtime.services.given import GivenRights
from runtime.settings import Access
from runtime.telemetry import Telemetry
from tests.identity import access, signed_in
from tests.runtime.fakes import MemoryAccess, MemoryAudit, client_of, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import httpx

    from runtime.ports.access import AccessStore
    from runtime.ports.audit import AuditTrail
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
URL = "/v1/namespaces/payments/entries/limits"
BODY = {"issuer": "local", "subject": "alice", "role": "writer", "namespaces": "payments", "reason": "on call"}
KEY = {"description": "the ledger", "role": "reader", "namespaces": "payments"}


def in_(**span: float) -> str:
    """A time from now, as clients write it."""
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


# The contract of the store, for the fake and for PostgreSQL.


@asynccontextmanager
async def _postgres(url: str, settings: Settings) -> AsyncIterator[tuple[PostgresAccess, PostgresAudit]]:
    entries = PostgresEntries(Address(url), None, settings.database, Horizon(3))
    await entries.open()
    try:
        yield PostgresAccess(entries), PostgresAudit(entries)
    finally:
        await entries.close()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "memory" else str(request.getfixturevalue("migrated_url"))


@pytest.fixture
async def stores(url: str | None, settings: Settings) -> AsyncIterator[tuple[AccessStore, AuditTrail]]:
    if url is None:
        memory = MemoryAudit()
        yield MemoryAccess(memory), memory
        return
    async with _postgres(url, settings) as real:
        yield real


@pytest.fixture
def store(stores: tuple[AccessStore, AuditTrail]) -> AccessStore:
    return stores[0]


def grant(name: str = "a", namespaces: str = "payments", **members: Any) -> Grant:
    right = Right(Role.WRITER, namespaces)
    stated: dict[str, Any] = {
        "subject": "alice",
        "group": None,
        "right": right,
        "reason": "why",
        "given_by": "local:root",
    }
    return Grant(name, "local", **{**stated, **members})


def key(id_: str = "0" * 16) -> MachineKey:
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    return MachineKey(id_, digest_of("secret"), "a machine", Right(Role.READER, "payments-*"), "local:root", expires)


def note() -> Note:
    return Note(ACCESS, GIVE, "local:root", "10.0.0.1", "PUT /v1/grants/{grant}")


async def test_what_is_given_is_read_until_it_is_taken(store: AccessStore) -> None:
    nothing = await store.read(None)
    assert nothing == Given(nothing.position if nothing else -1)
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    one, other = grant("b", expires_at=ends, emergency=True), grant("a", subject=None, group="team")
    assert await store.put_grant(one, note()) is True
    assert await store.put_grant(other, note()) is True
    await store.put_key(key(), note())
    found = await store.read(nothing.position if nothing else None)
    assert found is not None
    assert (found.grants, found.keys) == ((other, one), (key(),))
    assert await store.read(found.position) is None, "nothing has changed since"
    assert await store.remove_grant(one, note()) is True
    assert await store.remove_grant(one, note()) is False
    assert await store.remove_key(key().id, note()) is True
    assert await store.remove_key(key().id, note()) is False
    left = await store.read(found.position)
    assert left is not None
    assert left.position > found.position
    assert (left.grants, left.keys) == ((other,), ())


async def test_a_grant_is_replaced_by_one_in_the_same_namespaces_alone(store: AccessStore) -> None:
    assert await store.put_grant(grant(), note()) is True
    assert await store.put_grant(grant(reason="another"), note()) is False
    assert await store.put_grant(grant(namespaces="cards"), note()) is None
    assert await store.remove_grant(grant(namespaces="cards"), note()) is False
    found = await store.read(None)
    assert found is not None
    assert found.grants == (grant(reason="another"),)


@pytest.mark.slow
async def test_the_serving_role_changes_rights_by_the_functions_alone(migrated_url: str) -> None:
    connection = await asyncpg.connect(migrated_url)
    try:
        for statement in ("DELETE FROM grants", "UPDATE machine_keys SET role = 'administrator'", "TRUNCATE grants"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_what_is_given_or_taken_is_recorded_with_it_or_neither_is_done(
    stores: tuple[AccessStore, AuditTrail],
) -> None:
    store, trail = stores
    noted = [note(), note(), note(), note()]
    await store.put_grant(grant(), noted[0])
    await store.put_grant(grant(namespaces="cards"), note())  # the name is taken
    await store.remove_grant(grant(), noted[1])
    await store.remove_grant(grant(), note())  # it is gone
    await store.put_key(key(), noted[2])
    await store.remove_key(key().id, noted[3])
    await store.remove_key(key().id, note())
    await trail.seal(100)
    page = await trail.page(AuditFilter(after=0, limit=100, kind=ACCESS))
    assert [json.loads(each.record)["note"] for each in page.records] == [str(each.note) for each in noted]
    before = await store.read(None)
    with pytest.raises(ValueError, match="a record holds"):
        await store.put_grant(grant("b"), replace(note(), further=2**60))
    assert await store.read(None) == before


# Over HTTP.


async def test_a_right_holds_from_when_it_is_given_until_it_is_taken(client: httpx.AsyncClient) -> None:
    alice = signed_in("reader@cards", subject="alice")
    assert (await client.put(URL, json={"value": 1}, headers=alice)).status_code == 403
    given = await client.put("/v1/grants/alice-on-call", json=BODY)
    assert (given.status_code, "no-store" in given.headers["cache-control"]) == (201, True)
    assert given.json() == {
        **BODY,
        "name": "alice-on-call",
        "group": None,
        "expires_at": None,
        "emergency": False,
        "given_by": "local:tester",
    }
    assert (await client.put(URL, json={"value": 1}, headers=alice)).status_code == 201
    assert (await client.get("/v1/grants")).json() == {"grants": [given.json()]}
    assert (await client.put("/v1/grants/alice-on-call", json={**BODY, "role": "reader"})).status_code == 200
    assert (await client.delete(URL, headers={**alice, "if-match": "*"})).status_code == 403
    assert (await client.delete("/v1/grants/alice-on-call")).status_code == 204
    assert (await client.get(URL, headers=alice)).status_code == 403
    assert (await client.delete("/v1/grants/alice-on-call")).status_code == 404


async def test_a_right_that_is_given_or_taken_is_in_the_audit_trail(
    client: httpx.AsyncClient, audit: MemoryAudit
) -> None:
    """Who gave what to whom, from where, why and until when; of a key neither secret nor hash."""
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    emergency = {**BODY, "emergency": True, "expires_at": ends.isoformat(), "namespaces": "pay-*"}
    await client.put("/v1/grants/fire", json=emergency, headers={"x-request-id": "r-1"})
    await client.get("/v1/grants")
    await client.delete("/v1/grants/fire")
    made = (await client.post("/v1/keys", json={**KEY, "expires_at": ends.isoformat()})).json()
    await client.get("/v1/keys")
    await client.delete(f"/v1/keys/{made['id']}")
    await audit.seal(100)
    records = [record for record, _ in audit.records if record["kind"] in ("access", "read")]
    assert [(each["outcome"], each["endpoint"], each.get("namespace")) for each in records] == [
        ("emergency", "PUT /v1/grants/{grant}", None),
        ("200", "GET /v1/grants", None),
        ("take", "DELETE /v1/grants/{grant}", None),
        ("give", "POST /v1/keys", "payments"),
        ("200", "GET /v1/keys", None),
        ("take", "DELETE /v1/keys/{id}", "payments"),
    ]
    assert {(each["actor"], each["client"]) for each in records} == {("local:tester", "127.0.0.1")}
    assert records[0]["request_id"] == "r-1"
    right = {"issuer": "local", "subject": "alice", "role": "writer", "namespaces": "pay-*", "reason": "on call"}
    assert records[0]["right"] == {"grant": "fire", **right, "expires_at": written(ends)}
    about = {"role": "reader", "namespaces": "payments", "description": "the ledger", "expires_at": written(ends)}
    assert records[3]["right"] == {"key": made["id"], **about}


async def test_nothing_is_given_that_cannot_be_recorded(client: httpx.AsyncClient, audit: MemoryAudit) -> None:
    audit.failures = [UnavailableError("the database is away")]
    assert (await client.put("/v1/grants/a", json=BODY)).status_code == 503
    assert (await client.get("/v1/grants")).json() == {"grants": []}


async def test_a_right_of_a_group_is_that_of_its_members_at_its_issuer(client: httpx.AsyncClient) -> None:
    body = {**BODY, "subject": None, "group": "team", "issuer": "people"}
    assert (await client.put("/v1/grants/team", json=body)).status_code == 201
    assert (await client.get(URL, headers=signed_in("x", subject="team"))).status_code == 403
    assert (await client.get(URL, headers=signed_in("x", groups=["team"]))).status_code == 403, "of another issuer"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"subject": None}, "for a subject or for a group"),
        ({"group": "team"}, "for a subject or for a group"),
        ({"role": "lord"}, "role"),
        ({"namespaces": "pay*ments"}, "namespaces"),
        ({"namespaces": ""}, "namespaces"),
        ({"reason": ""}, "reason"),
        ({"reason": "two\nlines"}, "reason: Value error, it is one line"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "has passed"),
        ({"expires_at": "2999-01-01T00:00:00"}, "expires_at"),
        ({"emergency": True}, "an emergency ends"),
        ({"emergency": True, "expires_at": "2999-01-01T00:00:00Z"}, "within 8 hours"),
        ({"admin": True}, "admin"),
    ],
)
async def test_a_grant_that_says_too_little_or_too_much_is_400(
    client: httpx.AsyncClient, changed: dict[str, Any], told: str
) -> None:
    response = await client.put("/v1/grants/a", json={**BODY, **changed})
    assert response.status_code == 400
    assert told in response.json()["detail"]
    assert (await client.get("/v1/grants")).json() == {"grants": []}


@pytest.mark.parametrize(
    ("rights", "role", "namespaces", "status"),
    [
        (("administrator@payments",), "administrator", "payments", 201),
        (("administrator@pay*",), "writer", "payments-*", 201),
        (("administrator@payments",), "reader", "payments-*", 403),
        (("administrator@payments",), "reader", "*", 403),
        (("administrator@payments",), "reader", "cards", 403),
        (("approver@*", "administrator@payments"), "reader", "cards", 403),
        (("approver@*",), "reader", "payments", 403),
    ],
)
async def test_nobody_gives_more_than_they_administer(
    client: httpx.AsyncClient, rights: tuple[str, ...], role: str, namespaces: str, status: int
) -> None:
    headers = signed_in(*rights)
    body = {**BODY, "role": role, "namespaces": namespaces}
    assert (await client.put("/v1/grants/a", json=body, headers=headers)).status_code == status
    made = {**KEY, "role": role, "namespaces": namespaces, "expires_at": in_(days=1)}
    assert (await client.post("/v1/keys", json=made, headers=headers)).status_code == status


async def test_nobody_sees_replaces_or_takes_what_others_administer(client: httpx.AsyncClient) -> None:
    made = (await client.post("/v1/keys", json={**KEY, "expires_at": in_(days=1)})).json()
    await client.put("/v1/grants/theirs", json=BODY)
    cards = signed_in("administrator@cards")
    assert (await client.get("/v1/grants", headers=cards)).json() == {"grants": []}
    assert (await client.get("/v1/keys", headers=cards)).json() == {"keys": []}
    assert (await client.delete("/v1/grants/theirs", headers=cards)).status_code == 404
    assert (await client.delete(f"/v1/keys/{made['id']}", headers=cards)).status_code == 404
    replaced = await client.put("/v1/grants/theirs", json={**BODY, "namespaces": "cards"}, headers=cards)
    assert replaced.status_code == 409
    assert len((await client.get("/v1/grants")).json()["grants"]) == 1


async def test_a_person_administers_with_a_second_factor_alone(client: httpx.AsyncClient) -> None:
    assert (await client.put("/v1/grants/a", json=BODY, headers=signed_in(second_factor=False))).status_code == 401
    assert (await client.get("/v1/keys", headers=signed_in(second_factor=False))).status_code == 401


async def test_a_machine_signs_in_by_a_key_that_is_shown_once(client: httpx.AsyncClient) -> None:
    made = await client.post("/v1/keys", json={**KEY, "role": "writer", "expires_at": in_(days=30)})
    assert made.status_code == 201
    token = made.json()["token"]
    machine = {"authorization": f"Bearer {token}"}
    assert (await client.put(URL, json={"value": 1}, headers=machine)).status_code == 201, "no second factor is asked"
    assert (await client.get("/v1/namespaces/cards/entries/k", headers=machine)).status_code == 403
    listed = (await client.get("/v1/keys")).json()["keys"]
    assert listed == [{name: value for name, value in made.json().items() if name != "token"}]
    assert token.rpartition("_")[2] not in json.dumps(listed)
    for wrong in (token[:-1], token + "x", token[:-4] + "AAAA", "cbp_" + "0" * 16 + token[20:], "cbp_"):
        assert (await client.get(URL, headers={"authorization": f"Bearer {wrong}"})).status_code == 401
    assert (await client.delete(f"/v1/keys/{made.json()['id']}")).status_code == 204
    assert (await client.get(URL, headers=machine)).status_code == 401


async def test_the_secret_of_a_key_is_kept_nowhere(client: httpx.AsyncClient, adapters: Adapters) -> None:
    with capture_logs() as logs:
        made = (await client.post("/v1/keys", json={**KEY, "expires_at": in_(days=1)})).json()
    secret = made["token"].split("_", 2)[2]
    assert isinstance(adapters.access, MemoryAccess)
    assert secret not in repr(adapters.access.given)
    assert secret not in repr(logs)
    assert adapters.access.given.keys[0].digest == digest_of(secret)


@pytest.mark.parametrize("span", [{"days": 367}, {"days": -1}])
async def test_a_key_ends_within_a_year(client: httpx.AsyncClient, span: dict[str, float]) -> None:
    assert (await client.post("/v1/keys", json={**KEY, "expires_at": in_(**span)})).status_code == 400


async def test_an_emergency_is_given_for_hours_and_shouted(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        body = {**BODY, "emergency": True, "expires_at": in_(hours=1), "reason": "the ledger is down"}
        assert (await client.put("/v1/grants/fire", json=body)).status_code == 201
        assert "emergency_rights 1.0" in (await client.get("http://test:9464/metrics")).text
        await client.delete("/v1/grants/fire")
        assert "emergency_rights 0.0" in (await client.get("http://test:9464/metrics")).text
    (shout,) = (each for each in logs if each["log_level"] == "error")
    assert shout["event"] == "AN EMERGENCY RIGHT IS IN FORCE"
    assert (shout["reason"], shout["given_by"], shout["subject"]) == ("the ledger is down", "local:tester", "alice")
    assert any(each["event"] == "an emergency right has ended" for each in logs)


# How soon it is known.


async def test_another_worker_knows_of_a_revocation_within_the_bound(settings: Settings, adapters: Adapters) -> None:
    """Two workers on one store: the second hears of what the first was told, as soon as the settings say."""
    first, second = create_app(settings, adapters), create_app(settings, adapters)
    alice = signed_in("x", subject="alice")
    async with running(first), running(second), client_of(first) as one, client_of(second) as other:
        assert (await other.get(URL, headers=alice)).status_code == 403
        await one.put("/v1/grants/a", json=BODY)
        made = (await one.post("/v1/keys", json={**KEY, "expires_at": in_(days=1)})).json()
        machine = {"authorization": f"Bearer {made['token']}"}
        assert (await other.get(URL, headers=machine)).status_code == 404, "a key is asked for when it is not known"
        await _within(settings.access.known_seconds, other, alice, 404)
        await one.delete("/v1/grants/a")
        await one.delete(f"/v1/keys/{made['id']}")
        await _within(settings.access.known_seconds, other, alice, 403)
        assert (await other.get(URL, headers=machine)).status_code == 401


async def _within(seconds: float, client: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    asked = time.monotonic()
    while (await client.get(URL, headers=headers)).status_code != status:
        assert time.monotonic() < asked + seconds
        await asyncio.sleep(0.02)


def given_rights(store: MemoryAccess, stale_seconds: float = 60.0) -> tuple[GivenRights, Authority]:
    authority = Authority(Access.model_validate_json(json.dumps(access())))
    return GivenRights(store, authority, Callers(), Telemetry(), 0.05, stale_seconds), authority


ALICE = Identity("local", "alice", Kind.PERSON)


@asynccontextmanager
async def followed(given: GivenRights) -> AsyncIterator[None]:
    task = asyncio.create_task(given.follow())
    yield
    task.cancel()


async def test_a_right_ends_when_it_expires() -> None:
    store = MemoryAccess()
    given, authority = given_rights(store)
    await store.put_grant(grant(expires_at=datetime.now(UTC) + timedelta(seconds=0.3)), note())
    async with followed(given):
        await eventually(lambda: authority.rights(ALICE) != ())
        await eventually(lambda: authority.rights(ALICE) == ())


async def test_the_rights_that_are_known_outlast_an_outage_for_a_bounded_time() -> None:
    store = MemoryAccess()
    given, authority = given_rights(store, stale_seconds=0.4)
    await store.put_grant(grant(), note())
    async with followed(given):
        await eventually(lambda: authority.rights(ALICE) != ())
        store.failure, lost = UnavailableError("away"), time.monotonic()
        await eventually(lambda: authority.rights(ALICE) == ())
        assert time.monotonic() > lost + 0.3
        store.failure = None
        await eventually(lambda: authority.rights(ALICE) != ())


async def test_a_flood_of_unknown_keys_asks_the_store_now_and_then() -> None:
    store = MemoryAccess()
    given, _ = given_rights(store)
    await given.refresh()
    before = store.reads
    for _number in range(1000):
        with pytest.raises(Exception, match="there is no such key"):
            await given.verify(f"cbp_{'0' * 16}_{'A' * 43}")
    assert store.reads <= before + 2


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; the bound is for a system that is broken, not for one that is slow."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)
