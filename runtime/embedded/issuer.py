"""An issuer of tokens for the embedded profile and for tests, whose key is made anew for each start.

It is a provider of OpenID Connect as far as the service asks one: a discovery document and keys, on 127.0.0.1. Whoever
may read its folder signs tokens by its key (``cbp token``); it answers no request for one.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from joserfc import jws
from joserfc.jwk import ECKey

from runtime.embedded.loopback import LOOPBACK
from runtime.settings import Access, Issuer, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

NAME = "local"
AUDIENCE = "cbp-local"
ALGORITHM: Final = "ES256"
RECORD = "issuer.json"
DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"


@dataclass(frozen=True, slots=True)
class Signer:
    """The private key of the issuer at an address."""

    issuer: str
    key: ECKey = field(repr=False)

    @property
    def keys(self) -> dict[str, Any]:
        """The JWK Set with the public key."""
        return {"keys": [self.key.as_dict(private=False) | {"use": "sig", "alg": ALGORITHM, "kid": self.key.kid}]}

    def token(
        self,
        rights: Sequence[str] = ("writer@*",),
        subject: str = "me",
        seconds: int = 3600,
        *,
        second_factor: bool = True,
        **claims: Any,
    ) -> str:
        """Return a token for a subject with ``rights`` (``role@namespaces``); other ``claims`` replace its own."""
        now = int(time.time())
        stated = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": now,
            "exp": now + seconds,
            "rights": list(rights),
            "amr": ["pwd", "mfa"] if second_factor else ["pwd"],
        }
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": self.key.kid}
        return jws.serialize_compact(header, json.dumps(stated | claims), self.key, algorithms=[ALGORITHM])


def signer(issuer: str) -> Signer:
    """Return a signer with a new key for the issuer at an address."""
    return Signer(issuer, ECKey.generate_key("P-256", auto_kid=True))


def trusting(settings: Settings, issuer: str) -> Settings:
    """Return settings under which the local issuer is trusted, and no other."""
    access = settings.access.model_copy(update={"issuers": (_trusted(issuer),), "bindings": ()})
    return settings.model_copy(update={"access": Access.model_validate(access.model_dump())})


def trusted(issuer: str) -> dict[str, Any]:
    """Return the local issuer as one of ``access.issuers`` of a settings file."""
    return _trusted(issuer).model_dump(mode="json")


def _trusted(issuer: str) -> Issuer:
    return Issuer(
        name=NAME,
        issuer=issuer,
        audience=AUDIENCE,
        algorithms=(ALGORITHM,),
        kind="person",
        subject_claim="sub",
        groups_claim=None,
        rights_claim="rights",
    )


@contextmanager
def local_issuer() -> Iterator[Signer]:
    """Run an issuer with a new key on a free port of the loopback address, until the end of the block."""
    server = _Server((LOOPBACK, 0), _Provider)
    made = signer(f"http://{LOOPBACK}:{server.server_port}")
    server.documents = {DISCOVERY: {"issuer": made.issuer, "jwks_uri": made.issuer + KEYS}, KEYS: made.keys}
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="local-issuer", daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    documents: Mapping[str, Any]


class _Provider(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answer with a document, or 404."""
        document = self.server.documents.get(self.path)
        body = json.dumps(document).encode()
        self.send_response(HTTPStatus.NOT_FOUND if document is None else HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing: the terminal belongs to the service."""


def record(directory: Path, made: Signer, port: int) -> None:
    """Write the key of the API at a port, for this user alone, where :func:`read_record` finds it."""
    file = directory / RECORD
    file.touch(mode=0o600)
    members = {"port": port, "issuer": made.issuer, "key": made.key.as_dict(private=True)}
    file.write_text(json.dumps(members), encoding="utf-8")


def read_record(directory: Path) -> tuple[int, Signer] | None:
    """Return the port of the API whose servers are in a directory, and its signer; None before it has started."""
    try:
        members = json.loads((directory / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return members["port"], Signer(members["issuer"], ECKey.import_key(members["key"]))
