"""A client of Vault's HTTP API: it reads, lists and writes JSON over TLS, and takes Vault's environment variables.

Upstream: https://openbao.org/api-docs/, https://developer.hashicorp.com/vault/docs/commands#environment-variables
"""

from __future__ import annotations

import ipaddress
import json
import ssl
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urlsplit

from compiler.vault.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compiler.vault.plan import Plan

SECONDS = 30
"""The timeout of one answer: the server tries a database's connection before it answers."""
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the server: the status, the data, and the messages of an error."""

    status: int
    data: dict[str, Any] = field(repr=False)
    errors: tuple[str, ...] = ()


class VaultServer:
    """A Vault server at an address, asked with a token. Its error messages hold neither the token nor a secret."""

    def __init__(
        self,
        address: str,
        token: str,
        *,
        authority: Path | None = None,
        ca_bundle: str | None = None,
        namespace: str = "",
        secrets: Iterable[str] = (),
    ) -> None:
        self._address = urlsplit(address)
        self._headers = {"X-Vault-Token": token, "X-Vault-Request": "true", "Content-Type": "application/json"}
        if namespace:
            self._headers["X-Vault-Namespace"] = namespace
        self._secrets = tuple(sorted({token, *secrets}, key=len, reverse=True))
        _require_tls(self._address.scheme, self._address.hostname, address)
        tls = self._address.scheme == "https"
        self._tls = ssl.create_default_context(cafile=authority, cadata=ca_bundle) if tls else None

    def read(self, path: str) -> dict[str, Any] | None:
        """Return the data at a path; None where there is none.

        Raises:
            VaultError: the server cannot be reached, or answers with an error.
        """
        answer = self.ask("GET", path)
        return None if answer.status == NOT_FOUND else self.accepted(answer, f"reading {path}")

    def list(self, path: str) -> dict[str, Any]:
        """Return the listing of a path: ``keys`` and, where there is one, ``key_info``; empty where nothing is."""
        answer = self.ask("GET", f"{path}?list=true")
        return {} if answer.status == NOT_FOUND else self.accepted(answer, f"listing {path}")

    def write(self, path: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Write data to a path, and return the data of the answer."""
        return self.accepted(self.ask("POST", path, data), f"writing {path}")

    def accepted(self, answer: Answer, doing: str) -> dict[str, Any]:
        """Return the data of an answer; ``doing`` names the request in the error.

        Raises:
            VaultError: the answer is an error.
        """
        if answer.status in range(200, 300):
            return answer.data
        message = self._redacted("; ".join(answer.errors) or "no message")
        raise VaultError(f"{doing}: the server answers {answer.status}: {message}")

    def ask(self, method: str, path: str, data: Mapping[str, Any] | None = None) -> Answer:
        """Send one request, and return its answer, be it an error or not.

        Raises:
            VaultError: there is no answer.
        """
        body = None if data is None else json.dumps(data).encode()
        try:
            with closing(self._connection()) as connection:
                connection.request(method, f"{self._address.path}/v1/{path}", body, self._headers)
                response = connection.getresponse()
                return _answer(response.status, response.read())
        except (OSError, HTTPException, ValueError) as error:
            raise VaultError(f"{self._name}: {self._redacted(str(error))}") from None

    @property
    def _name(self) -> str:
        return f"{self._address.scheme}://{self._address.hostname}:{self._port}"

    @property
    def _port(self) -> int:
        return self._address.port or (443 if self._tls else 80)

    def _connection(self) -> HTTPConnection:
        host = self._address.hostname or ""
        if self._tls:
            return HTTPSConnection(host, self._port, timeout=SECONDS, context=self._tls)
        return HTTPConnection(host, self._port, timeout=SECONDS)

    def _redacted(self, message: str) -> str:
        """Return a message with every secret replaced: a server may repeat the request in its answer."""
        for secret in self._secrets:
            for form in {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}:
                message = message.replace(form, "(not shown)") if form else message
        return message


def connect(plan: Plan, environment: Mapping[str, str], secrets: Iterable[str]) -> VaultServer:
    """Return the server that the environment names.

    VAULT_ADDR (by default the plan's own address), VAULT_TOKEN or VAULT_TOKEN_FILE, VAULT_CACERT (by default the
    plan's authorities, and without any those that the system trusts), VAULT_NAMESPACE.

    Raises:
        VaultError: there is no token, or the address is not safe for one.
        OSError: a file cannot be read.
    """
    token = environment.get("VAULT_TOKEN", "")
    if not token and (file := environment.get("VAULT_TOKEN_FILE")):
        token = Path(file).read_text(encoding="utf-8").strip()
    if not token:
        raise VaultError("there is no token: set VAULT_TOKEN_FILE to a file that holds one, or VAULT_TOKEN")
    authority = environment.get("VAULT_CACERT")
    return VaultServer(
        environment.get("VAULT_ADDR") or plan.address,
        token,
        authority=Path(authority) if authority else None,
        ca_bundle=None if authority else plan.ca_bundle,
        namespace=environment.get("VAULT_NAMESPACE", ""),
        secrets=secrets,
    )


def _require_tls(scheme: str, host: str | None, address: str) -> None:
    """Raise VaultError unless requests go over TLS, or stay on this machine."""
    if host and (scheme == "https" or (scheme == "http" and _loopback(host))):
        return
    raise VaultError(f"{address} is no safe address for secrets: use https://")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _answer(status: int, body: bytes) -> Answer:
    document = json.loads(body) if body.strip() else {}
    if not isinstance(document, dict):
        raise ValueError("the answer is no JSON object")
    return Answer(status, document.get("data") or {}, tuple(map(str, document.get("errors") or ())))
