"""What stands around a server of secrets: an API server, and an identity provider.

They are as small as what they are asked, and as strict as the real ones in what the tests rely on.
"""

from __future__ import annotations

import base64
import json
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.tls import LOOPBACK, context_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def unsigned(value: bytes | dict[str, Any]) -> str:
    """Return a part of a JSON web token (RFC 7515, 2): base64url without padding."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@dataclass(slots=True)
class ApiServer:
    """An API server: it makes tokens of service accounts and reviews them for whoever shows it one of its own."""

    audience: str
    url: str = ""
    _tokens: dict[str, dict[str, Any]] = field(default_factory=dict)

    def token(self, namespace: str, account: str, *audiences: str) -> str:
        """Return a token of an account, as TokenRequest does: for the API server itself where no audience is named."""
        claims = {
            "iss": self.audience,
            "aud": list(audiences) or [self.audience],
            "sub": f"system:serviceaccount:{namespace}:{account}",
            "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": account, "uid": f"{namespace}-uid"}},
        }
        token = f"{unsigned({'alg': 'RS256', 'kid': 'a'})}.{unsigned(claims)}.{unsigned(secrets.token_bytes(256))}"
        self._tokens[token] = claims
        return token

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer a TokenReview."""
        asking = self._tokens.get(headers.get("authorization", "").removeprefix("Bearer "), {"aud": []})
        if (method, path) != ("POST", "/apis/authentication.k8s.io/v1/tokenreviews"):
            return 404, {}
        if self.audience not in asking["aud"]:
            return 401, {"kind": "Status", "status": "Failure", "reason": "Unauthorized", "code": 401}
        spec = json.loads(body)["spec"]
        return 201, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": self._review(spec)}

    def _review(self, spec: dict[str, Any]) -> dict[str, Any]:
        claims, wanted = self._tokens.get(spec["token"]), spec.get("audiences") or [self.audience]
        if claims is None or not set(wanted) & set(claims["aud"]):
            return {"authenticated": False, "error": "the token is not one for this audience"}
        user = {"username": claims["sub"], "uid": claims["kubernetes.io"]["serviceaccount"]["uid"]}
        groups = ["system:serviceaccounts", "system:authenticated"]
        return {
            "authenticated": True,
            "user": {**user, "groups": groups},
            "audiences": sorted(set(wanted) & set(claims["aud"])),
        }


@dataclass(slots=True)
class IdentityProvider:
    """An identity provider: discovery, keys, and a token for each code that it gave out."""

    sign: Callable[[str], bytes]
    modulus: bytes
    url: str = ""
    _codes: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """The issuer, which is where its documents lie."""
        return f"{self.url}/realms/platform"

    def sign_in(self, request: str, **claims: Any) -> dict[str, str]:
        """Sign somebody in who followed the address of a request; return what the browser takes back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request).query).items()}
        code = secrets.token_urlsafe()
        audience = {"iss": self.issuer, "aud": asked["client_id"], "nonce": asked["nonce"]}
        self._codes[code] = {**audience, "iat": 0, "exp": 4102444800, **claims}
        return {"state": asked["state"], "code": code}

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer discovery (OpenID Connect Discovery 1.0, 4), the keys, and an exchange of a code."""
        if path == "/realms/platform/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        if path == "/realms/platform/keys":
            key = {"kty": "RSA", "kid": "a", "alg": "RS256", "use": "sig", "e": "AQAB", "n": unsigned(self.modulus)}
            return 200, {"keys": [key]}
        if path == "/realms/platform/token":
            code = parse_qs(body.decode())["code"][0]
            return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self._signed(self._codes.pop(code))}
        return 404, {}

    def _signed(self, claims: dict[str, Any]) -> str:
        text = f"{unsigned({'alg': 'RS256', 'kid': 'a'})}.{unsigned(claims)}"
        return f"{text}.{unsigned(self.sign(text))}"


@contextmanager
def serving(neighbour: ApiServer | IdentityProvider, certificate: tuple[Path, Path]) -> Iterator[None]:
    """Serve a neighbour over TLS; its ``url`` is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, document = neighbour.handle(self.command, self.path, headers, body)
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    server.socket = context_of(certificate).wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    neighbour.url = f"https://{LOOPBACK}:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
