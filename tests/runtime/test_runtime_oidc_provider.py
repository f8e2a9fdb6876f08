"""OpenBao as an OIDC provider: its tokens sign people in at the service, through rotations of its keys."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from runtime.adapters.http_client import HttpClient
from runtime.adapters.oidc import OidcKeys
from runtime.app import Adapters, create_app
from runtime.embedded.issuer import signer
from tests.compiler.vault.openbao import OpenBao, openbao
from tests.runtime.fakes import client_of, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runtime.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
AUDIENCE = "https://config.bank.example"
TEMPLATE = '{"groups": {{identity.entity.groups.names}}, "amr": ["mfa"]}'


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    """A provider with a person, who is in a group, and a role for the tokens of the API."""
    with openbao(tmp_path_factory.mktemp("provider")) as server:
        server.ask("POST", "identity/oidc/config", issuer=server.address)
        server.ask("POST", "identity/oidc/key/api", allowed_client_ids="*", algorithm="RS256", verification_ttl="10m")
        server.ask("POST", "identity/oidc/role/api", key="api", client_id=AUDIENCE, template=TEMPLATE, ttl="10m")
        server.ask("POST", "sys/auth/userpass", type="userpass")
        server.ask(
            "POST", "sys/policies/acl/sign-in", policy='path "identity/oidc/token/api" { capabilities = ["read"] }'
        )
        server.ask("POST", "auth/userpass/users/alice", password="x", token_policies=["sign-in"])  # noqa: S106
        entity = server.told("POST", "identity/entity", name="alice")["id"]
        accessor = server.told("GET", "sys/auth")["userpass/"]["accessor"]
        server.ask("POST", "identity/entity-alias", name="alice", mount_accessor=accessor, canonical_id=entity)
        server.ask("POST", "identity/group", name="payments-team", member_entity_ids=[entity])
        yield server


def token(provider: OpenBao) -> str:
    """Sign the person in with a password, and return a token for the API."""
    signed_in = provider.ask("POST", "auth/userpass/login/alice", password="x").json()["auth"]["client_token"]  # noqa: S106
    return str(provider.ask("GET", "identity/oidc/token/api", signed_in).json()["data"]["token"])


@pytest.fixture
def document(document: dict[str, Any], provider: OpenBao) -> dict[str, Any]:
    issuer = {
        "name": "bao",
        "issuer": f"{provider.address}/v1/identity/oidc",
        "audience": AUDIENCE,
        "algorithms": ["RS256", "ES256"],
        "kind": "person",
        "subject_claim": "sub",
        "groups_claim": "groups",
    }
    binding = {"issuer": "bao", "group": "payments-team", "role": "writer", "namespaces": "payments-*"}
    document["access"] |= {"issuers": [issuer], "bindings": [binding]}
    return document


async def test_a_person_signs_in_at_the_provider_and_writes_what_their_group_may(
    settings: Settings, adapters: Adapters, provider: OpenBao
) -> None:
    issuers = HttpClient(settings.external_services, 2, provider.authority)
    app = create_app(settings, replace(adapters, keys=OidcKeys(issuers), external={"issuers": issuers}))
    async with running(app), client_of(app, headers={"authorization": f"Bearer {token(provider)}"}) as client:
        written = await client.put("/v1/namespaces/payments-eu/entries/limit", json={"value": 1})
        other = await client.get("/v1/namespaces/cards/entries/limit")
    assert (written.status_code, other.status_code) == (201, 403)


async def test_a_rotated_key_is_found_and_the_one_before_is_given_up(
    settings: Settings, adapters: Adapters, provider: OpenBao
) -> None:
    issuers = HttpClient(settings.external_services, 2, provider.authority)
    app = create_app(settings, replace(adapters, keys=OidcKeys(issuers), external={"issuers": issuers}))
    url = "/v1/namespaces/payments-eu/entries/none"
    async with running(app), client_of(app) as client:
        before = {"authorization": f"Bearer {token(provider)}"}
        assert (await client.get(url, headers=before)).status_code == 404
        provider.ask("POST", "identity/oidc/key/api/rotate", verification_ttl="1s")
        await asyncio.sleep(1.1)  # the pause between two fetches
        after = {"authorization": f"Bearer {token(provider)}"}
        assert (await client.get(url, headers=after)).status_code == 404
        while json.dumps(await OidcKeys(issuers).fetch(settings.access.issuers[0].issuer)).count('"kid"') > 2:
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.1)
        unknown = {"authorization": f"Bearer {signer(settings.access.issuers[0].issuer).token(aud=AUDIENCE)}"}
        assert (await client.get(url, headers=unknown)).status_code == 401
        assert (await client.get(url, headers=before)).status_code == 401
        assert (await client.get(url, headers=after)).status_code == 404
