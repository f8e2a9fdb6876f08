"""Keys of issuers of tokens, by OpenID Connect Discovery 1.0, over HTTPS.

The keys come from the issuer, or from the address that it names.
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from runtime.ports.availability import NotAskedError, Reason, RefusedError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runtime.adapters.http_client import HttpClient

DISCOVERY = "/.well-known/openid-configuration"
LARGEST_BYTES = 512 * 1024
_HEADERS = {"Accept": "application/json"}


class OidcKeys:
    """A :class:`runtime.ports.external.KeySource`; a fetch has the time of one call for both of its parts."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    async def fetch(self, issuer: str) -> Mapping[str, Any]:
        """See :class:`runtime.ports.external.KeySource`."""
        absent = f"{issuer} does not publish its keys"
        try:
            async with asyncio.timeout(self._client.timeout_seconds):
                document = await self._get(issuer.rstrip("/") + DISCOVERY)
                if document.get("issuer") != issuer:
                    raise RefusedError(f"the discovery document of {issuer} is of another issuer")
                return await self._get(str(document.get("jwks_uri")))
        except TimeoutError as error:
            raise UnavailableError(absent, Reason.SLOW) from error
        except (RefusedError, NotAskedError):
            raise
        except UnavailableError as error:
            raise UnavailableError(absent, error.reason) from error.__cause__ or error

    async def _get(self, url: str) -> dict[str, Any]:
        answer = await self._client.ask("GET", url, headers=_HEADERS, most_bytes=LARGEST_BYTES)
        if answer.status != HTTPStatus.OK or answer.body is None:
            raise RefusedError(f"{url} sends too much" if answer.body is None else f"{url} answers {answer.status}")
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise RefusedError(f"{url} does not answer with JSON") from error
        if not isinstance(found, dict):
            raise RefusedError(f"{url} does not answer with a JSON object")
        return found
