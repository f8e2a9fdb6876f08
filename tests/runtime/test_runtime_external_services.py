"""The circuit to each external service: it opens by failures, not by refusals, and each service has its own."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from runtime.adapters.oidc import OidcKeys
from runtime.embedded.issuer import signer
from runtime.ports.availability import CircuitState, NotAskedError, Outage, Reason, RefusedError, UnavailableError
from runtime.services.external_services import ExternalServices
from runtime.services.issuer_keys import IssuerKeys
from runtime.settings import Issuer, Keys
from runtime.telemetry import Telemetry
from tests.runtime.external import (
    CALLS,
    FAILURES,
    CircuitClock,
    answers,
    calls_with_circuit,
    external,
    hangs_up,
    http_client,
    is_silent,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runtime.services.external_services import GuardedKeys
    from tests.runtime.external import Behaviour, External

pytestmark = pytest.mark.anyio
TARGET, OTHER = "issuer-people", "issuer-workloads"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> CircuitClock:
    return CircuitClock(monkeypatch)


def services(telemetry: Telemetry | None = None) -> ExternalServices:
    """Services whose circuits open after two failures."""
    settings = CALLS.model_copy(update={"issuers": calls_with_circuit(2)})
    return ExternalServices(settings, telemetry or Telemetry())


def publishes(server: External, keys: Mapping[str, object]) -> Behaviour:
    """Answer as the issuer at the address of a server, with these keys."""

    async def behave(external: External, writer: asyncio.StreamWriter) -> None:
        discovery = {"issuer": server.url, "jwks_uri": f"{server.url}/keys"}
        found = keys if external.requests[-1].startswith(b"GET /path/keys ") else discovery
        await answers(200, json.dumps(found).encode())(external, writer)

    return behave


async def failing(keys: GuardedKeys, issuer: str) -> UnavailableError:
    with pytest.raises(UnavailableError) as failed:
        await keys.fetch(issuer)
    return failed.value


@pytest.mark.parametrize(("behave", "reason"), FAILURES)
async def test_an_issuer_that_fails_is_not_asked_until_a_probe_finds_it_back(
    behave: Behaviour, reason: Reason, clock: CircuitClock
) -> None:
    telemetry = Telemetry()
    guarded = services(telemetry)
    async with external(behave) as server, http_client(timeout_seconds=0.2) as client:
        keys = guarded.keys("people", OidcKeys(client))
        for _ in range(2):
            assert (await failing(keys, server.url)).reason is reason
        assert guarded.circuits[TARGET].state is CircuitState.OPEN
        assert guarded.circuits[TARGET].outage == Outage(reason, 0)
        asked = len(server.requests)
        assert isinstance(await failing(keys, server.url), NotAskedError)
        assert len(server.requests) == asked
        server.behave = publishes(server, {"keys": []})
        clock.pass_reset()
        assert await keys.fetch(server.url) == {"keys": []}
        assert guarded.circuits[TARGET].outage is None
    telemetry.write()
    shown = telemetry.exposition().decode()
    for outcome, times in ((reason.value, 2), ("circuit_open", 1), ("answered", 1)):
        assert f'external_calls_total{{outcome="{outcome}",target="{TARGET}"}} {times}.0' in shown
    assert f'external_call_duration_seconds_count{{target="{TARGET}"}} 3.0' in shown


@pytest.mark.parametrize("behave", [answers(404), answers(429), answers(302), answers(200, b"{"), answers(200, b"{}")])
async def test_an_issuer_that_refuses_or_lies_opens_no_circuit(behave: Behaviour) -> None:
    guarded = services()
    async with external(behave) as server, http_client() as client:
        keys = guarded.keys("people", OidcKeys(client))
        for _ in range(5):
            assert isinstance(await failing(keys, server.url), RefusedError)
        assert len(server.requests) == 5
    assert guarded.circuits[TARGET].state is CircuitState.CLOSED


async def test_each_service_has_its_own_circuit_and_none_where_the_specification_has_none() -> None:
    guarded, without = services(), ExternalServices(CALLS, Telemetry())
    async with external(hangs_up) as away, external(answers(200)) as here, http_client() as client:
        here.behave = publishes(here, {"keys": []})
        people, workloads = guarded.keys("people", OidcKeys(client)), guarded.keys("workloads", OidcKeys(client))
        unguarded = without.keys("people", OidcKeys(client))
        for _ in range(3):
            await failing(people, away.url)
            await failing(unguarded, away.url)
        assert await workloads.fetch(here.url) == {"keys": []}
        assert len(away.requests) == 2 + 3
    assert [guarded.circuits[each].state for each in (TARGET, OTHER)] == [CircuitState.OPEN, CircuitState.CLOSED]
    assert without.circuits[TARGET].state is CircuitState.CLOSED


async def test_a_pool_that_is_full_says_nothing_about_the_service() -> None:
    telemetry = Telemetry()
    guarded = services(telemetry)
    async with external(is_silent) as server, http_client(pool_size=1, waiting_milliseconds=1) as client:
        holding = asyncio.ensure_future(client.ask("GET", server.url))
        while not server.now:
            await asyncio.sleep(0.001)
        keys = guarded.keys("people", OidcKeys(client))
        for _ in range(3):
            assert isinstance(await failing(keys, server.url), NotAskedError)
        holding.cancel()
    assert guarded.circuits[TARGET].state is CircuitState.CLOSED
    telemetry.write()
    assert f'external_calls_total{{outcome="pool_full",target="{TARGET}"}} 3.0' in telemetry.exposition().decode()


async def test_known_keys_stay_in_force_behind_an_open_circuit() -> None:
    key = signer("https://a.example")
    guarded = services()
    async with external(answers(200)) as server, http_client() as client:
        server.behave = publishes(server, key.keys)
        issuer = Issuer(
            name="people",
            issuer=server.url,
            audience="api",
            algorithms=("ES256",),
            kind="person",
            subject_claim="sub",
            groups_claim=None,
        )
        settings = Keys.model_construct(refresh_seconds=300, pause_seconds=0, outage_seconds=600)
        known = IssuerKeys(issuer, guarded.keys("people", OidcKeys(client)), settings, lambda: None)
        kid = str(key.key.kid)
        assert await known.find(kid, "ES256")
        server.behave = hangs_up
        while guarded.circuits[TARGET].state is CircuitState.CLOSED:
            assert await known.find("unknown", "ES256") is None
        assert known.away
        assert await known.find(kid, "ES256")
