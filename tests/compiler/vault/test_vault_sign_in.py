"""People on a real OpenBao: the identity provider vouches for them, a second factor is asked for, rights follow."""

from __future__ import annotations

import base64
import hmac
import struct
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from compiler.emit.vault.paths import vault_paths
from tests.compiler.vault.bank import SITES

if TYPE_CHECKING:
    import httpx

    from tests.compiler.vault.bank import Bank

PRODUCTION = next(at for at in SITES if at.folder == "production/eu-central-1")
MOUNT = f"auth/{vault_paths(PRODUCTION).oidc}"
REDIRECT = "http://localhost:8250/oidc/callback"
ADMINISTRATOR = {"sub": "ada", "groups": ["staff", "cbp-production-administrators"], "amr": ["pwd", "mfa"]}


def sign_in(bank: Bank, **claims: Any) -> httpx.Response:
    """Follow the code flow of OpenID Connect with the claims of somebody."""
    asked = {"role": "administrators", "redirect_uri": REDIRECT, "client_nonce": "n"}
    answer = bank.server.ask("POST", f"{MOUNT}/oidc/auth_url", "", **asked)
    back = bank.provider.sign_in(answer.json()["data"]["auth_url"], **claims)
    query = "&".join(f"{name}={value}" for name, value in {**back, "client_nonce": "n"}.items())
    return bank.server.ask("GET", f"{MOUNT}/oidc/callback?{query}", "")


def code(enrolment: str) -> str:
    """Return the code of this moment (RFC 6238) for what a person scanned."""
    secret = parse_qs(urlsplit(enrolment).query)["secret"][0]
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    number = struct.unpack(">I", digest[digest[-1] & 15 :][:4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def administrator(bank: Bank) -> str:
    """Return the token of somebody who has shown both factors."""
    asked = sign_in(bank, **ADMINISTRATOR).json()["auth"]
    request = asked["mfa_requirement"]
    (constraint,) = request["mfa_constraints"].values()
    method = constraint["any"][0]["id"]
    accessor = bank.server.told("GET", f"sys/{MOUNT}")["accessor"]
    entity = bank.server.told("POST", "identity/lookup/entity", alias_name="ada", alias_mount_accessor=accessor)
    person = {"method_id": method, "entity_id": entity["id"]}
    enrolled = bank.server.told("POST", "identity/mfa/method/totp/admin-generate", **person)
    shown = {method: [code(enrolled["url"])]}
    answer = bank.server.ask(
        "POST", "sys/mfa/validate", "", mfa_request_id=request["mfa_request_id"], mfa_payload=shown
    )
    assert answer.is_success, answer.text
    return str(answer.json()["auth"]["client_token"])


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "with one factor": ({"amr": ["pwd"]}, 'claim "amr" does not match'),
    "whose factors nobody states": ({"amr": None}, 'claim "amr" is missing'),
    "of other groups": ({"groups": ["cbp-production-readers"]}, 'claim "groups" does not match'),
    "for another client": ({"aud": "another"}, "invalid audience"),
    "of another issuer": ({"iss": "https://another.bank.example"}, "invalid issuer"),
}


@pytest.mark.parametrize("somebody", REFUSED)
def test_nobody_signs_in(applied: Bank, somebody: str) -> None:
    changes, reason = REFUSED[somebody]
    claims = {name: value for name, value in {**ADMINISTRATOR, **changes}.items() if value is not None}
    answer = sign_in(applied, **claims)
    assert not answer.is_success
    assert reason in answer.json()["errors"][0]


def test_an_administrator_of_the_identity_provider_has_no_token_before_vault_s_own_factor(applied: Bank) -> None:
    said = sign_in(applied, **ADMINISTRATOR).json()["auth"]
    assert (said["client_token"], bool(said["mfa_requirement"])) == ("", True)


def test_no_page_but_the_command_line_s_and_the_server_s_own_gets_the_answer(applied: Bank) -> None:
    asked = {"role": "administrators", "client_nonce": "n"}
    stolen = applied.server.ask("POST", f"{MOUNT}/oidc/auth_url", "", redirect_uri="https://a.example/cb", **asked)
    assert stolen.json().get("data", {}).get("auth_url", "") == ""


def test_an_administrator_writes_secrets_and_reads_none(applied: Bank) -> None:
    token = administrator(applied)
    said = applied.server.ask("GET", "auth/token/lookup-self", token).json()["data"]
    assert said["identity_policies"] == ["production-eu-central-1-administrators"]
    assert (said["policies"] or [], said["creation_ttl"]) == ([], 1800)
    key = vault_paths(PRODUCTION).cache
    written = applied.server.ask("POST", f"cbp/data/{key}", token, options={"cas": 0}, data={"password": "a"})
    assert written.is_success, written.text
    assert applied.server.ask("GET", f"cbp/metadata/{key}", token).json()["data"]["current_version"] == 1
    refused = {
        applied.server.ask("GET", f"cbp/data/{key}", token).status_code,
        applied.server.ask("DELETE", f"cbp/metadata/{key}", token).status_code,
        applied.server.ask("GET", "database/static-creds/production-eu-central-1-configuration-api", token).status_code,
        applied.server.ask("POST", f"cbp/data/{key.replace('production', 'staging')}", token, data={}).status_code,
        applied.server.ask("POST", "cbp/config", token, cas_required=False).status_code,
    }
    assert refused == {403}
    rotated = applied.server.ask("POST", f"database/rotate-role/{vault_paths(PRODUCTION).static_role}", token)
    assert rotated.is_success, rotated.text
