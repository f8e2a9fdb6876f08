"""The gate: who is let in, what each may do, and by whom the limits are counted."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import routes
from runtime.app import Adapters, create_app
from runtime.domain.identity import Identity, Kind, Right, Role
from runtime.embedded.issuer import signer
from runtime.http.authentication import Gate
from runtime.http.resource import Resource
from runtime.ports.availability import UnavailableError
from runtime.routes import PERMISSIONS, SIGNED
from runtime.services.access import MOST_CALLERS, MOST_NAMESPACES, Authority, Caller, Callers, RoleMissingError
from runtime.services.tokens import Verified
from runtime.settings import Access, RoleName, Route, Settings
from tests.identity import MemoryKeys, access, issuer, signed_in, token
from tests.runtime.fakes import MemoryBuckets, client_of, running

if TYPE_CHECKING:
    import httpx
    from starlette.types import ASGIApp

pytestmark = pytest.mark.anyio
URL = "/v1/namespaces/payments/entries/limits"
LIST = "/v1/namespaces/payments/entries"
OTHER = "/v1/namespaces/cards/entries/limits"
ADDRESS = len(get_args(Route)) + 5
SENT = ADDRESS + 10
SOMETHING = {"namespace": "payments", "key": "limits"} | dict.fromkeys(
    ("grant", "id", "proposal", "version", "subscriber", "delivery"), "a"
)


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    """Settings of small buckets."""
    endpoint, address = {"capacity": 3, "refill_per_minute": 2}, {"capacity": ADDRESS, "refill_per_minute": 1}
    document["throttling"] |= {"endpoint": endpoint, "address": address}
    return document


async def test_nothing_under_v1_is_answered_without_a_token(client: httpx.AsyncClient) -> None:
    del client.headers["authorization"]
    for endpoint in {*get_args(Route)} - SIGNED:
        method, _, template = endpoint.partition(" ")
        response = await client.request(method, template.format(**SOMETHING))
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Bearer realm="configuration"'
        assert response.headers["cache-control"] == "no-store"


async def test_health_needs_no_token(client: httpx.AsyncClient) -> None:
    del client.headers["authorization"]
    assert (await client.get("/health")).status_code == 200
    assert (await client.get("/health/ready")).status_code == 200


async def test_a_token_that_proves_nothing_is_told_why(client: httpx.AsyncClient) -> None:
    response = await client.get(URL, headers=signed_in(exp=1))
    assert response.status_code == 401
    text = 'Bearer realm="configuration", error="invalid_token", error_description="the token has expired"'
    assert response.headers["www-authenticate"] == text
    assert response.json() == {
        "type": "/problems#invalid-token",
        "title": "Invalid Token",
        "status": 401,
        "detail": "the token has expired",
    }


@pytest.mark.parametrize(
    "values",
    [
        ["Bearer TOKEN", "Bearer TOKEN"],
        ["Bearer x", "Bearer TOKEN"],
        ["Basic TOKEN"],
        ["TOKEN"],
        ["Bearer"],
        ["Bearer "],
        ["Bearer TOKEN TOKEN"],
        ["Bearer TOKEN, Bearer TOKEN"],
        ["Bearer\tTOKEN"],
        ["Bearer TOKEN\u00a0"],
        ["BearerTOKEN"],
    ],
)
async def test_a_credential_of_another_form_is_400(client: httpx.AsyncClient, values: list[str]) -> None:
    del client.headers["authorization"]
    good = token()
    fields = [(b"authorization", value.replace("TOKEN", good).encode("latin-1")) for value in values]
    response = await client.get(URL, headers=fields)
    assert response.status_code == 400
    assert 'error="invalid_request"' in response.headers["www-authenticate"]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
async def test_the_scheme_is_known_in_any_case(client: httpx.AsyncClient, scheme: str) -> None:
    assert (await client.get(URL, headers={"authorization": f"{scheme} {token()}"})).status_code == 404


async def test_a_token_in_the_query_or_a_cookie_is_none(client: httpx.AsyncClient) -> None:
    del client.headers["authorization"]
    assert (await client.get(f"{URL}?access_token={token()}")).status_code == 401
    assert (await client.get(URL, headers={"cookie": f"access_token={token()}"})).status_code == 401


CAN = {"reader": 1, "writer": 3, "approver": 3, "administrator": 3}


@pytest.mark.parametrize("role", CAN)
async def test_each_role_may_do_what_it_says_and_nothing_more(client: httpx.AsyncClient, role: str) -> None:
    """In the namespace of its right; the settings are read by whoever has a role anywhere."""
    headers = signed_in(f"{role}@payments")
    made = [
        (await client.get(LIST, headers=headers)).status_code == 200,
        (await client.put(URL, json={"value": 1}, headers=headers)).status_code == 201,
        (await client.delete(URL, headers={**headers, "if-match": "*"})).status_code == 204,
    ]
    assert sum(made) == CAN[role]
    assert made == sorted(made, reverse=True)
    assert (await client.get("/v1/settings", headers=headers)).status_code == 200
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert (await client.request(method, OTHER, headers=headers)).status_code == 403


@pytest.mark.parametrize("path", ["/v1/audit", "/v1/audit/anchors"])
async def test_the_trail_is_read_by_administrators_of_every_namespace_alone(
    client: httpx.AsyncClient, path: str
) -> None:
    assert (await client.get(path, headers=signed_in("administrator@*"))).status_code == 200
    for rights in (("administrator@payments",), ("administrator@p*",), ("approver@*", "administrator@payments")):
        refused = await client.get(path, headers=signed_in(*rights, subject="".join(rights)))
        assert refused.status_code == 403
        assert "the role administrator in every namespace is needed" in refused.json()["detail"]


async def test_a_refusal_names_the_role_that_is_missing(client: httpx.AsyncClient) -> None:
    response = await client.put(URL, json={"value": 1}, headers=signed_in("reader@*"))
    assert response.status_code == 403
    assert 'error="insufficient_scope"' in response.headers["www-authenticate"]
    assert response.json() == {
        "type": "/problems#role-missing",
        "title": "Role Missing",
        "status": 403,
        "detail": "the role writer in the namespace payments is needed, and is not given to you",
        "role": "writer",
        "namespace": "payments",
    }


async def test_an_idempotency_key_is_that_of_its_client(client: httpx.AsyncClient) -> None:
    headers = {"idempotency-key": "a", "if-match": "*"}
    assert (await client.put(URL, json={"value": 0})).status_code == 201
    for subject in ("alice", "bob"):
        made = await client.put(URL, json={"value": subject}, headers={**headers, **signed_in(subject=subject)})
        assert (made.status_code, made.json()["value"]) == (200, subject)
    again = await client.put(URL, json={"value": "alice"}, headers={**headers, **signed_in(subject="alice")})
    assert again.json()["revision"] == 2, "hers was made already"


@pytest.mark.parametrize("rights", [("x@*",), ("writer",), ("writer@", "@payments"), ("writer@PAYMENTS",)])
async def test_what_is_not_a_right_gives_none(client: httpx.AsyncClient, rights: tuple[str, ...]) -> None:
    for path in (URL, LIST, "/v1/settings"):
        assert (await client.get(path, headers=signed_in(*rights))).status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/v1/namespaces/payments%00/entries/k", "/v1/namespaces/%70ayments./entries/k", "/v1/namespaces/*/entries/k"],
)
async def test_a_name_that_no_namespace_has_is_nobodys(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path, headers=signed_in("reader@payments"))).status_code == 403


async def test_an_encoded_name_is_the_namespace_that_is_judged(client: httpx.AsyncClient) -> None:
    path = "/v1/namespaces/%63ards/entries/limits"
    assert (await client.get(path, headers=signed_in("reader@payments"))).status_code == 403
    assert (await client.get(path, headers=signed_in("reader@cards"))).status_code == 404


async def test_people_change_after_a_second_factor_and_read_without(client: httpx.AsyncClient) -> None:
    headers = signed_in(second_factor=False)
    assert (await client.get(LIST, headers=headers)).status_code == 200
    response = await client.put(URL, json={"value": 1}, headers=headers)
    assert response.status_code == 401
    assert 'error="insufficient_user_authentication"' in response.headers["www-authenticate"]
    assert response.json()["type"] == "/problems#second-factor-required"
    assert (await client.put(URL, json={"value": 1}, headers=signed_in())).status_code == 201


@pytest.mark.parametrize(("kind", "asked", "status"), [("workload", True, 201), ("person", False, 201)])
async def test_no_second_factor_is_asked_of_a_machine_or_where_the_settings_ask_for_none(
    document: dict[str, Any], adapters: Adapters, kind: str, *, asked: bool, status: int
) -> None:
    document["access"]["issuers"][0]["kind"] = kind
    document["access"]["second_factor"] = asked
    app = create_app(Settings.model_validate_json(json.dumps(document)), adapters)
    async with running(app), client_of(app, headers=signed_in(second_factor=False)) as client:
        assert (await client.put(URL, json={"value": 1})).status_code == status


async def test_each_client_has_its_own_buckets_at_one_address(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await client.get(URL, headers=signed_in(subject="alice"))
    assert (await client.get(URL, headers=signed_in(subject="alice"))).status_code == 429
    assert (await client.get(URL, headers=signed_in(subject="bob"))).status_code == 404


async def test_a_client_with_limits_of_its_own_has_them_over_all_routes_and_at_each(
    document: dict[str, Any], adapters: Adapters
) -> None:
    common, route, loader = ({"capacity": number, "refill_per_minute": 2} for number in (3, 1, 6))
    document["throttling"] |= {
        "client": common,
        "endpoint": common,
        "routes": [{"route": f"GET {routes.ENTRIES}", "bucket": route}],
        "clients": [{"client": "local:loader", "bucket": loader}],
    }
    app = create_app(Settings.model_validate_json(json.dumps(document)), adapters)
    async with running(app), client_of(app) as client:
        for subject, most in (("loader", 6), ("alice", 3)):
            headers = signed_in(subject=subject)
            first = await client.get(LIST, headers=headers)
            assert f'"client";q={most + 2};' in first.headers["ratelimit-policy"]
            assert (await client.get(LIST, headers=headers)).json()["violated-policies"] == ["endpoint"]
            statuses = [(await client.get(URL, headers=headers)).status_code for _ in range(most)]
            assert statuses == [404] * (most - 1) + [429]


async def test_a_second_token_of_a_client_is_not_a_second_bucket(client: httpx.AsyncClient) -> None:
    for number in range(3):
        await client.get(URL, headers=signed_in(subject="alice", jti=str(number)))
    assert (await client.get(URL, headers=signed_in(subject="alice", jti="4"))).status_code == 429


async def test_a_request_without_a_right_costs_its_client_a_token(client: httpx.AsyncClient) -> None:
    headers = signed_in("reader@cards", subject="alice")
    statuses = [(await client.get(URL, headers=headers)).status_code for _ in range(4)]
    assert statuses == [403, 403, 403, 429]


async def test_a_flood_of_bad_tokens_is_bounded_by_its_address(app: ASGIApp) -> None:
    """And clients that are known already go on from there; others have to wait."""
    async with running(app), client_of(app) as client:
        assert (await client.get(URL)).status_code == 404
        statuses = [(await client.get(URL, headers=signed_in(exp=n))).status_code for n in range(SENT)]
        denied = await client.get(URL, headers=signed_in(subject="new"))
        again = await client.get(LIST)
    assert statuses == [401] * ADDRESS + [429] * (SENT - ADDRESS)
    assert denied.status_code == 429
    assert denied.json()["violated-policies"] == ["address"]
    assert denied.headers["ratelimit"].startswith('"address";r=0;')
    assert again.status_code == 200


async def test_the_bucket_of_an_address_is_for_what_proves_nothing(app: ASGIApp, buckets: MemoryBuckets) -> None:
    async with running(app), client_of(app) as client:
        for _ in range(3):
            assert (await client.get(LIST)).status_code == 200
    assert not any(key.endswith(":address") for key in buckets.states), "a good proof costs its address nothing"


async def test_a_proof_ends_with_its_token(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = signed_in(seconds=60)
    assert (await client.get(LIST, headers=headers)).status_code == 200
    clock = _Clock(63.0)
    monkeypatch.setattr("runtime.services.access.time", clock)
    monkeypatch.setattr("runtime.services.tokens.time", clock)
    assert (await client.get(LIST, headers=headers)).status_code == 200
    clock.ahead = 65.1
    assert (await client.get(LIST, headers=headers)).status_code == 401


async def test_a_key_that_is_withdrawn_ends_the_proofs_that_rest_on_it(settings: Settings, adapters: Adapters) -> None:
    keys = MemoryKeys()
    access_ = settings.access.model_copy(update={"keys": settings.access.keys.model_copy(update={"pause_seconds": 0})})
    app = create_app(settings.model_copy(update={"access": access_}), replace(adapters, keys=keys))
    async with running(app), client_of(app) as client:
        assert (await client.get(LIST)).status_code == 200
        keys.published = {"keys": [dict(issuer().keys["keys"][0], kid="next")]}
        assert (await client.get(LIST)).status_code == 200, "the keys are as they were last fetched"
        unknown = replace(issuer(), key=signer("").key).token()
        assert (await client.get(URL, headers={"authorization": f"Bearer {unknown}"})).status_code == 401
        assert (await client.get(LIST)).status_code == 401


async def test_before_an_issuers_keys_are_known_the_client_is_asked_to_wait(
    settings: Settings, adapters: Adapters
) -> None:
    keys = MemoryKeys()
    keys.failure = UnavailableError("away")
    app = create_app(settings, replace(adapters, keys=keys))
    async with running(app), client_of(app) as client:
        response = await client.get(URL)
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")


def test_every_endpoint_has_a_permission_and_no_other_has_one() -> None:
    assert PERMISSIONS.keys() | SIGNED == set(get_args(Route))
    assert not PERMISSIONS.keys() & SIGNED
    assert {permission.second_factor for permission in PERMISSIONS.values() if permission.role != "reader"} == {True}


def test_a_route_without_a_permission_cannot_be_built() -> None:
    async def handler(_request: object) -> Any: ...

    gate = object.__new__(Gate)  # the route is refused before its gate is asked
    with pytest.raises(ValueError, match=r"GET /v1/new has no permission: add it to PERMISSIONS in runtime/routes.py"):
        Resource("/v1/new", {"GET": handler}, gate)


def test_roles_have_one_order() -> None:
    assert [role.value for role in Role] == list(get_args(RoleName))
    assert [role.rank for role in Role] == [1, 2, 3, 4]


_names = st.text("abc", min_size=1, max_size=3)
_rights = st.builds(Right, st.sampled_from(Role), st.one_of(_names, _names.map(lambda name: f"{name}*"), st.just("*")))


@given(st.lists(_rights), _names, st.sampled_from(list(PERMISSIONS.values())))
def test_a_client_may_do_what_one_of_its_rights_gives_it(rights: list[Right], namespace: str, permission: Any) -> None:
    caller = Caller(Verified(Identity("local", "a", Kind.WORKLOAD, rights=tuple(rights)), 0.0))
    ranked = [right.namespaces for right in rights if right.role.rank >= permission.rank]
    anywhere = "*" in ranked if permission.everywhere else ranked != []
    given_ = "*" in ranked or (
        not permission.everywhere
        and any(each == namespace or (each[-1] == "*" and namespace.startswith(each[:-1])) for each in ranked)
    )
    authority = Authority(_settings())
    for _ in range(2):
        assert _permits(authority, caller, permission, namespace) is given_
    assert _permits(authority, caller, permission, None) is anywhere


@given(_rights, _rights, _names)
def test_a_right_that_includes_another_gives_all_that_it_gives(one: Right, other: Right, namespace: str) -> None:
    if one.includes(other) and other.covers(namespace):
        assert one.covers(namespace)
        assert one.role.rank >= other.role.rank


def test_groups_and_subjects_have_the_roles_that_the_settings_bind_to_them() -> None:
    bound = (
        {"issuer": "local", "group": "team", "role": "writer", "namespaces": "payments-*"},
        {"issuer": "local", "subject": "bob", "role": "reader", "namespaces": "*"},
    )
    authority = Authority(_settings(bindings=bound))
    team = Identity("local", "alice", Kind.PERSON, frozenset({"team", "others"}))
    assert authority.rights(team) == (Right(Role.WRITER, "payments-*"),)
    assert authority.rights(replace(team, issuer="another")) == (), "a group of another issuer is another group"
    assert authority.rights(replace(team, subject="bob", groups=frozenset())) == (Right(Role.READER, "*"),)
    assert authority.rights(replace(team, subject="team", groups=frozenset({"bob"}))) == ()


def test_what_is_remembered_is_bounded() -> None:
    callers, authority = Callers(), Authority(_settings())
    verified = Verified(Identity("local", "a", Kind.PERSON, rights=(Right(Role.READER, "*"),)), 2.0**53)
    for number in range(MOST_CALLERS + 1):
        caller = callers.remember(str(number).encode(), verified)
    assert callers.find(b"0") is None
    assert callers.find(str(MOST_CALLERS).encode()) is caller
    for number in range(2 * MOST_NAMESPACES):
        authority.require(caller, PERMISSIONS["GET " + routes.ENTRY], f"n{number}")
    assert len(caller.ranks) <= MOST_NAMESPACES


class _Clock:
    def __init__(self, ahead: float) -> None:
        self.ahead = ahead

    def time(self) -> float:
        return time.time() + self.ahead


def _settings(**members: Any) -> Access:
    return Access.model_validate_json(json.dumps(access(**members)))


def _permits(authority: Authority, caller: Caller, permission: Any, namespace: str | None) -> bool:
    try:
        authority.require(caller, permission, namespace)
    except RoleMissingError:
        return False
    return True
