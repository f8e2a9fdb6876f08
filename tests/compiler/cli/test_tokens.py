"""``cbp token`` and ``cbp key``: who signs in on this machine, and what each command says when it cannot."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from compiler.cli import main
from runtime.embedded.ephemeral import ephemeral_directory
from runtime.embedded.issuer import record, signer, trusted
from runtime.services.issuer_keys import IssuerKeys
from runtime.services.tokens import Tokens
from runtime.settings import Access
from tests.identity import MemoryKeys, access

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

SIGNER = signer("http://127.0.0.1:1")


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No API of another test is seen, and no variable of the user."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("CBP_TOKEN", "CBP_TOKEN_FILE", "CBP_API_URL"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_token_is_signed_for_the_api_that_runs_here() -> None:
    with ephemeral_directory() as folder:
        record(folder, SIGNER, 9000)
        assert (folder / "issuer.json").stat().st_mode & 0o077 == 0, "the key is for its user alone"
        done = run("token", "--role", "reader", "--namespace", "payments-*", "--subject", "alice")
        assert done.exit_code == 0
        assert done.stderr == (
            "a local token: 'alice' is reader of payments-* for 60 minutes, at the API on port 9000 alone\n"
        )
        assert run("token", "--header").stdout.startswith("Authorization: Bearer ey")
    document = access()
    document["issuers"] = [trusted(SIGNER.issuer)]
    settings = Access.model_validate_json(json.dumps(document))
    keys = {"local": IssuerKeys(settings.issuers[0], MemoryKeys(SIGNER.keys), settings.keys, lambda: None)}
    identity = asyncio.run(Tokens(settings, keys).verify(done.stdout.strip())).identity
    assert (identity.name, [str(right) for right in identity.rights]) == ("local:alice", ["reader@payments-*"])
    assert identity.second_factor


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "no API of yours runs here: start one with make up, or cbp up"),
        (("--port", "9001"), "no API of yours runs here on port 9001: start one with make up, or cbp up"),
        (
            ("--namespace", "PAYMENTS"),
            "'PAYMENTS' is no namespace, and no beginning of some: such as payments or payments-*",
        ),
    ],
)
def test_a_token_that_cannot_be_signed_is_told_in_one_line(arguments: tuple[str, ...], told: str) -> None:
    done = run("token", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


def test_of_several_apis_one_is_named() -> None:
    with ephemeral_directory() as one, ephemeral_directory() as other:
        record(one, SIGNER, 9001)
        record(other, SIGNER, 9000)
        assert "several APIs run here, on the ports 9000, 9001: name one with --port" in run("token").stderr
        assert run("token", "--port", "9001").exit_code == 0


@contextmanager
def answering(status: int, body: dict[str, Any]) -> Iterator[tuple[str, list[tuple[str, str, str | None]]]]:
    """Serve one answer to everything; yield the address, and the requests with their credentials."""
    asked: list[tuple[str, str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            asked.append((self.command, self.path, self.headers["authorization"]))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815  # the names that the base class calls

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_keys_are_listed_and_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CBP_TOKEN", "secret\n")
    key = {"id": "0a", "description": "the ledger", "role": "reader", "namespaces": "payments"}
    with answering(200, {"keys": [{**key, "expires_at": "2027-01-01T00:00:00Z", "given_by": "people:root"}]}) as (
        url,
        asked,
    ):
        listed = run("key", "list", "--url", url)
        revoked = run("key", "revoke", "../grants/a", "--url", url)
    assert listed.stdout == "0a  reader of payments, until 2027-01-01T00:00:00Z, by people:root: the ledger\n"
    assert revoked.exit_code == 0
    assert asked == [
        ("GET", "/v1/keys", "Bearer secret"),
        ("DELETE", "/v1/keys/..%2Fgrants%2Fa", "Bearer secret"),
    ]


def problem(status: int, title: str, detail: str) -> dict[str, Any]:
    return {"type": "/problems", "title": title, "status": status, "detail": detail}


def test_what_the_api_refuses_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(401, problem(401, "Sign In Required", "sign in")) as (url, _):
        done = run("key", "list", "--url", url)
    assert "401 Sign In Required: sign in; the token is that of CBP_TOKEN or --token-file" in done.stderr
    monkeypatch.setenv("CBP_TOKEN", "secret")
    with answering(403, problem(403, "Role Missing", "the role administrator is needed")) as (url, _):
        done = run("key", "list", "--url", url)
    assert (done.exit_code, "403 Role Missing: the role administrator is needed" in done.stderr) == (2, True)
    assert "http://127.0.0.1:9 does not answer" in run("key", "list", "--url", "http://127.0.0.1:9").stderr
    assert "is not the address of an API" in run("key", "list", "--url", "file:///etc/passwd").stderr
    assert os.environ["CBP_TOKEN"] not in done.output
