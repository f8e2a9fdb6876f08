"""Credentials in sources: found wherever they are, and shown by nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compiler.diagnostics import Source
from compiler.sources.credentials import ACCESS_KEYS, PASSWORD_IN_URL, PRIVATE_KEY, masked

RULES = Path(__file__).parents[3] / "policies/secrets"
# Joined here, so that no scanner of repositories takes them for real ones.
SECRETS = {
    "of AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "of GitHub": "ghp_" + "a1" * 18,
    "of Vault": "hvs." + "CAESIJlU9JMYEhOPYv4igdhm9PnZDrabYTobQ4Ymnlq1qY",
    "of an older Vault": "s." + "a1B2" * 6,
    "of Slack": "xoxb-" + "1234567890-abc",
    "a JSON Web Token": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
    "a password": "postgresql://" + "api:hunter2@db.bank.example",
    "a private key": "-----BEGIN EC " + "PRIVATE KEY-----\n    MHcCAQEEIIrYSSNQFaA2\n    -----END EC PRIVATE KEY-----",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_it_is_found_at_its_place_and_no_piece_of_it_is_left(kind: str) -> None:
    secret = SECRETS[kind]
    text = f"a: 1\nb: 2 # see {secret}\nc: 3\n"
    source, (finding,) = masked(Source("spec/a.yaml", text))
    shown = secret.partition("://")[0] if kind == "a password" else ""
    start = len(f"b: 2 # see {shown}") + 1
    assert str(finding.span) == f"spec/a.yaml:2:{start}"
    assert source.text.splitlines()[0] == "a: 1"
    assert source.text.splitlines()[-1] == "c: 3"
    assert len(source.text) == len(text)
    assert not {piece for piece in re.findall(r"\w{5,}", secret) if piece in source.text} - {
        "postgresql",
        "bank",
        "example",
    }
    assert finding.span
    assert finding.span.source is source


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::333333333333:role/backups",
        "https://vault.bank.example:8200",
        "postgresql://{{username}}:{{password}}@db",
        "eyJsYXRlc3RDaGVja3BvaW50VGltZWxpbmVJRCI6IjMifQ==",  # a promotion token of CloudNativePG, which opens nothing
        "sha256:" + "a" * 64,
        "hvs. is the beginning of a token",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    source = Source("spec/a.yaml", f"a: {text}\n")
    assert masked(source) == (source, ())


def test_the_patterns_are_those_of_the_rules_about_rendered_files() -> None:
    written = {
        pattern
        for rule in ("access_key_rendered", "private_key_rendered", "password_in_url")
        for pattern in re.findall("`([^`]+)`", (RULES / rule / f"{rule}.rego").read_text(encoding="utf-8"))
    }
    assert written == {*ACCESS_KEYS, PRIVATE_KEY, PASSWORD_IN_URL}
