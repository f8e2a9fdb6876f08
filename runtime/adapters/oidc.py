"""Keys of issuers of tokens, by OpenID Connect Discovery 1.0, over HTTPS.

No redirect is followed and no proxy is asked: the keys come from the issuer, or from the address that it names.
"""

from __future__ import annotations

import json
import ssl
import time
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from anyio import to_thread

from runtime.ports import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DISCOVERY = "/.well-known/openid-configuration"
TIMEOUT_SECONDS = 5.0
LARGEST_BYTES = 512 * 1024
_CHUNK = 16 * 1024
_PLAIN_HOST = "127.0.0.1"
"""The only host that is asked without TLS: this machine."""


class OidcKeys:
    """A :class:`runtime.ports.KeySource`; ``authority`` is a file of certificates that are trusted too."""

    def __init__(self, authority: Path | None = None) -> None:
        self._authority = authority

    async def fetch(self, issuer: str) -> Mapping[str, Any]:
        """See :class:`runtime.ports.KeySource`."""
        # One limit holds for all threads that work for this process; the thread ends by its own deadline.
        return await to_thread.run_sync(self._fetch, issuer, abandon_on_cancel=True)

    def _fetch(self, issuer: str) -> Mapping[str, Any]:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        try:
            document = self._get(issuer.rstrip("/") + DISCOVERY, deadline)
            if document.get("issuer") != issuer:
                raise UnavailableError(f"the discovery document of {issuer} is of another issuer")
            return self._get(str(document.get("jwks_uri")), deadline)
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            raise UnavailableError(f"{issuer} does not publish its keys") from error

    def _get(self, url: str, deadline: float) -> dict[str, Any]:
        parts = urlsplit(url)
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            connection.request("GET", target, headers={"Accept": "application/json", "Connection": "close"})
            with connection.getresponse() as answer:  # it has the socket, once the connection is to be closed
                if answer.status != HTTPStatus.OK:
                    raise UnavailableError(f"{url} answers {answer.status}")
                body = bytearray()
                while chunk := answer.read1(_CHUNK):
                    body += chunk
                    if len(body) > LARGEST_BYTES or time.monotonic() > deadline:
                        raise UnavailableError(f"{url} sends too much, or too slowly")
        finally:
            connection.close()
        found = json.loads(body)
        if not isinstance(found, dict):
            raise UnavailableError(f"{url} does not answer with a JSON object")
        return found

    def _connection(self, scheme: str, host: str, port: int | None) -> HTTPConnection:
        if scheme == "https":
            context = ssl.create_default_context()
            if self._authority is not None:
                context.load_verify_locations(self._authority)
            return HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)
        if scheme == "http" and host == _PLAIN_HOST:
            return HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        raise UnavailableError(f"keys are fetched over HTTPS, and not from {scheme}://{host}")
