"""A bucket under Object Lock, and the service that gives credentials for it, on this machine."""

from __future__ import annotations

import base64
import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from runtime.environment import LockedStore, read_locked_store
from runtime.maintenance.locked_store import Credentials, signed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROLE = "arn:aws:iam::333333333333:role/anchors"


@dataclass(slots=True)
class Store:
    """A bucket, and the service beside it that gives credentials for a token; both are strict in what is relied on."""

    url: str = ""
    locking: bool = True
    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    sessions: list[dict[str, str]] = field(default_factory=list)

    def assume(self, form: dict[str, str]) -> tuple[int, str]:
        if form["WebIdentityToken"] != "of-the-pod":
            return 400, "<ErrorResponse><Error><Code>InvalidIdentityToken</Code></Error></ErrorResponse>"
        self.sessions.append(form)
        values = {"AccessKeyId": "ASIA1", "SecretAccessKey": "hidden/+", "SessionToken": "session=="}
        inner = "".join(f"<{name}>{value}</{name}>\n" for name, value in values.items())
        return (
            200,
            f"<AssumeRoleWithWebIdentityResponse><Credentials>{inner}</Credentials></AssumeRoleWithWebIdentityResponse>",
        )

    def put(self, path: str, headers: dict[str, str], content: bytes) -> tuple[int, str]:
        own = {name: value for name, value in headers.items() if name in _signed_names(headers["authorization"])}
        at = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        sent = {name: value for name, value in own.items() if name not in ("host", "x-amz-security-token")}
        session = Credentials("ASIA1", "hidden/+", "session==")
        expected = signed("PUT", f"{self.url}{path}", sent, content, session, "eu-central-1", at)
        if headers["authorization"] != expected["authorization"]:
            return 403, "<Error><Code>SignatureDoesNotMatch</Code></Error>"
        if base64.b64decode(headers["content-md5"]) != hashlib.md5(content, usedforsecurity=False).digest():
            return 400, "<Error><Code>BadDigest</Code></Error>"
        if not self.locking:
            return (
                400,
                "<Error><Code>InvalidRequest</Code></Error>",
            )
        if headers.get("if-none-match") == "*" and path in self.objects:
            return 412, "<Error><Code>PreconditionFailed</Code></Error>"
        self.objects[path] = content, headers
        return 200, ""


def _signed_names(authorization: str) -> list[str]:
    return authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")


@contextmanager
def served(store: Store) -> Iterator[Store]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = {name: values[0] for name, values in parse_qs(self._body().decode()).items()}
            self._say(*store.assume(form))

        def do_PUT(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._say(*store.put(self.path, headers, self._body()))

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def _say(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    store.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reached(store: Store, folder: Path, token: str = "of-the-pod") -> LockedStore:  # noqa: S107 - no secret
    (folder / "token").write_text(f"{token}\n")
    found = read_locked_store(
        {
            "CBP_LOCKED_STORE_URL": f"{store.url}/anchors/of-production",
            "CBP_LOCKED_STORE_REGION": "eu-central-1",
            "CBP_LOCKED_STORE_ROLE": ROLE,
            "CBP_LOCKED_STORE_TOKEN_FILE": str(folder / "token"),
            "CBP_LOCKED_STORE_IDENTITY_URL": store.url,
            "CBP_LOCKED_STORE_LOCKED_DAYS": "97",
        }
    )
    assert found
    return found
