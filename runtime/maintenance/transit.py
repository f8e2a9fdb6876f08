"""A client of Vault's transit engine for the job that anchors the audit trail: it signs, and knows no key.

Upstream: https://openbao.org/api-docs/secret/transit/#sign-data, https://openbao.org/api-docs/auth/kubernetes/#login
"""

from __future__ import annotations

import base64
import json
import ssl
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from runtime.environment import Signer

TIMEOUT_SECONDS = 30


class SignerError(Exception):
    """Vault cannot be reached or refuses; the message names the request, and holds neither token nor content."""


def sign(signer: Signer, statement: bytes) -> str:
    """Return the signature of a statement by the signer's key, as ``vault:v<version>:<base64>``.

    Raises:
        SignerError: there is no signature.
    """
    body = {
        "input": base64.b64encode(statement).decode(),
        "hash_algorithm": "sha2-256",
        "signature_algorithm": "pkcs1v15",
    }
    answer = _ask(signer, f"{signer.mount}/sign/{signer.key}", body, _token(signer))
    return str(answer["data"]["signature"])


def _token(signer: Signer) -> str:
    """Return the token in the file, or log in by the pod's ServiceAccount, whose token the file then holds."""
    try:
        held = signer.token_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SignerError(f"the token cannot be read: {error.strerror}") from error
    if signer.login is None:
        return held
    path, role = signer.login
    return str(_ask(signer, f"{path}/login", {"role": role, "jwt": held})["auth"]["client_token"])


def _ask(signer: Signer, path: str, body: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "X-Vault-Request": "true"}
    if token is not None:
        headers["X-Vault-Token"] = token
    try:
        with closing(_connection(signer)) as connection:
            connection.request("POST", f"/v1/{path}", json.dumps(body).encode(), headers)
            response = connection.getresponse()
            answered = response.read()
        if response.status >= 400:
            raise SignerError(f"POST {path}: {response.status} {response.reason}")
        answer: dict[str, Any] = json.loads(answered)
    except (OSError, HTTPException, ValueError) as error:
        raise SignerError(f"POST {path}: {error}") from error
    return answer


def _connection(signer: Signer) -> HTTPConnection:
    address = urlsplit(signer.address)
    host = address.hostname or ""
    if address.scheme == "http":
        return HTTPConnection(host, address.port or 80, timeout=TIMEOUT_SECONDS)
    context = ssl.create_default_context(cafile=None if signer.authority is None else str(signer.authority))
    return HTTPSConnection(host, address.port or 443, timeout=TIMEOUT_SECONDS, context=context)
