"""The keys of issuers: rotation, outage, and what is asked of an issuer however many tokens name a key."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from joserfc.jwk import OctKey, RSAKey

from runtime.adapters.oidc import LARGEST_BYTES, OidcKeys
from runtime.embedded.issuer import local_issuer, signer
from runtime.ports.availability import RefusedError, UnavailableError
from runtime.services.issuer_keys import IssuerKeys
from runtime.settings import Access
from tests.identity import MemoryKeys, access
from tests.runtime.external import http_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.anyio
FIRST, SECOND = signer("https://a.example"), signer("https://a.example")
KID = str(FIRST.key.kid)
ES256 = "ES256"


def following(source: MemoryKeys, **keys: int) -> tuple[IssuerKeys, list[None]]:
    """The keys of a source, and what was withdrawn."""
    document = access()
    document["keys"] |= keys
    settings = Access.model_validate_json(json.dumps(document))
    withdrawn: list[None] = []
    return IssuerKeys(settings.issuers[0], source, settings.keys, lambda: withdrawn.append(None)), withdrawn


async def test_a_key_that_appears_is_found_when_a_token_names_it() -> None:
    source = MemoryKeys(FIRST.keys)
    keys, withdrawn = following(source, pause_seconds=1)
    assert await keys.find(KID, ES256)
    source.published = {"keys": [*FIRST.keys["keys"], *SECOND.keys["keys"]]}
    await asyncio.sleep(1.01)
    assert await keys.find(str(SECOND.key.kid), ES256)
    assert withdrawn == []
    source.published = SECOND.keys
    await asyncio.sleep(1.01)
    assert await keys.find("unknown", ES256) is None
    assert await keys.find(KID, ES256) is None
    assert withdrawn == [None], "proofs that rest on it are forgotten"


async def test_a_key_that_is_replaced_under_its_name_is_withdrawn() -> None:
    source = MemoryKeys(FIRST.keys)
    keys, withdrawn = following(source)
    assert await keys.find(KID, ES256)
    source.published = {"keys": [SECOND.keys["keys"][0] | {"kid": KID}]}
    await asyncio.sleep(1.01)
    assert await keys.find("unknown", ES256) is None
    assert withdrawn == [None]


async def test_a_flood_of_unknown_keys_asks_the_issuer_once_in_a_pause() -> None:
    source = MemoryKeys(FIRST.keys)
    keys, _ = following(source, pause_seconds=100)
    assert await keys.find(KID, ES256)
    found = await asyncio.gather(*(keys.find(f"unknown-{n}", ES256) for n in range(1000)))
    assert not any(found)
    assert source.fetches == 1


async def test_the_keys_are_known_through_an_outage_for_as_long_as_the_settings_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = MemoryKeys(FIRST.keys)
    keys, _ = following(source, refresh_seconds=300, outage_seconds=600, pause_seconds=1)
    assert await keys.find(KID, ES256)
    source.failure = UnavailableError("away")
    now = time.time()
    monkeypatch.setattr("runtime.services.issuer_keys.time.time", lambda: now + 890)
    assert await keys.find(KID, ES256)
    monkeypatch.setattr("runtime.services.issuer_keys.time.time", lambda: now + 901)
    with pytest.raises(UnavailableError):
        await keys.find(KID, ES256)


async def test_a_defect_of_a_source_ends_no_following(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.services.issuer_keys.RETRY_SECONDS", 0.01)
    source = MemoryKeys(FIRST.keys)
    source.failure = RuntimeError("a defect")
    keys, _ = following(source)
    monkeypatch.setattr(keys, "_settings", keys._settings.model_copy(update={"pause_seconds": 0.01}))  # noqa: SLF001
    follow = asyncio.create_task(keys.follow())
    while source.fetches < 3:
        await asyncio.sleep(0.001)
    source.failure = None
    while keys.away:
        await asyncio.sleep(0.001)
    follow.cancel()
    assert await keys.find(KID, ES256)


LONG = RSAKey.generate_key(2048).as_dict(private=False)
SHORT = LONG | {"n": str(LONG["n"])[:170]}


@pytest.mark.parametrize(
    "published",
    [
        {},
        {"keys": []},
        {"keys": "none"},
        {"keys": [{}]},
        {"keys": [None, 1, [], "x"]},
        {"keys": [FIRST.keys["keys"][0] | {"use": "enc"}]},
        {"keys": [FIRST.keys["keys"][0] | {"x": "AAAA"}]},
        {"keys": [{**FIRST.keys["keys"][0], "kid": 1}]},
        {"keys": [FIRST.key.as_dict(private=True) | {"kid": KID}]},
        {"keys": [OctKey.generate_key(256).as_dict() | {"kid": KID, "alg": "HS256"}]},
        {"keys": [SHORT | {"kid": KID}]},
    ],
    ids=[
        "no list",
        "an empty list",
        "a text",
        "an empty key",
        "no keys",
        "for encryption",
        "off the curve",
        "a number for a name",
        "a private key",
        "a shared secret",
        "a short RSA key",
    ],
)
async def test_a_key_that_cannot_verify_is_none(published: dict[str, Any]) -> None:
    keys, _ = following(MemoryKeys(published))
    with pytest.raises(UnavailableError):
        await keys.find(KID, ES256)


async def test_the_keys_of_an_issuer_are_found_by_discovery() -> None:
    with local_issuer() as local:
        async with http_client() as client:
            assert await OidcKeys(client).fetch(local.issuer) == local.keys


def discovered(base: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """What the servers below answer at a path of an issuer with a fault."""
    name, _, rest = path[1:].partition("/")
    issuer = f"{base}/{name}"
    if rest == "keys":
        return 200, {}, b"[]" if name == "list" else b"{" if name == "broken" else b'{"keys":[]}'
    documents: dict[str, Any] = {
        "right": {"issuer": issuer, "jwks_uri": f"{issuer}/keys"},
        "another": {"issuer": f"{base}/right", "jwks_uri": f"{issuer}/keys"},
        "plain": {"issuer": issuer, "jwks_uri": "http://keys.example/keys"},
        "file": {"issuer": issuer, "jwks_uri": "file:///etc/passwd"},
        "nowhere": {"issuer": issuer},
        "list": {"issuer": issuer, "jwks_uri": f"{issuer}/keys"},
        "broken": {"issuer": issuer, "jwks_uri": f"{issuer}/keys"},
    }
    if name == "moved":
        return 302, {"Location": f"{base}/right/.well-known/openid-configuration"}, b""
    if name == "endless":
        return 200, {}, b" " * (LARGEST_BYTES + 1)
    return (200, {}, json.dumps(documents[name]).encode()) if name in documents else (404, {}, b"")


@contextmanager
def answering(answer: Callable[[str, str], tuple[int, dict[str, str], bytes]]) -> Iterator[str]:
    """Serve answers by path on the loopback address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, fields, body = answer(base, self.path)
            self.send_response(status)
            for name, value in {**fields, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    base = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield base
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    "fault", ["another", "plain", "file", "nowhere", "list", "broken", "moved", "endless", "absent"]
)
async def test_keys_come_from_the_issuer_itself_or_not_at_all(fault: str) -> None:
    with answering(discovered) as base:
        async with http_client() as client:
            assert await OidcKeys(client).fetch(f"{base}/right") == {"keys": []}
            with pytest.raises(RefusedError):
                await OidcKeys(client).fetch(f"{base}/{fault}")


async def test_an_issuer_that_is_away_is_unavailable() -> None:
    async with http_client() as client:
        with pytest.raises(UnavailableError, match="does not publish its keys"):
            await OidcKeys(client).fetch("http://127.0.0.1:9")
