"""A client of the API's audit trail: it reads the whole chain, page by page, and its anchors."""

from __future__ import annotations

import json
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 1000
SECONDS = 30
LONGEST_PAUSE = 60
ATTEMPTS = 10
_LATER = (429, 503)


class AuditError(CouldNotRunError):
    """The audit trail could not be read."""


class AuditClient:
    """The audit trail at the address of an API, read with the bearer token ``token`` if there is one."""

    def __init__(self, url: str, token: str | None) -> None:
        self._address = urlsplit(url)
        if self._address.scheme not in ("http", "https") or not self._address.hostname:
            raise AuditError(f"{url} is not the address of an API, such as https://config.bank.example")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the pages of the chain, each with the place of its first record and the link before that one.

        Raises:
            AuditError: the API cannot be reached, or refuses.
        """
        after = 0
        while True:
            page = self._get(f"/v1/audit?limit={PAGE}&after={after}")
            yield page
            if page["next"] is None:
                return
            after = page["next"]

    def anchors(self) -> Iterator[dict[str, Any]]:
        """Yield the signed heads of the chain."""
        after: int | None = 0
        while after is not None:
            page = self._get(f"/v1/audit/anchors?limit={PAGE}&after={after}")
            yield from page["anchors"]
            after = page["next"]

    def _get(self, path: str) -> dict[str, Any]:
        for _ in range(ATTEMPTS):
            status, later, body = self._ask(path)
            if status == 200:
                answer: dict[str, Any] = json.loads(body)
                return answer
            if status not in _LATER:
                break
            time.sleep(min(later, LONGEST_PAUSE))
        raise AuditError(f"GET {path}: the API answers {status}: {_detail(body)}")

    def _ask(self, path: str) -> tuple[int, int, bytes]:
        """Return the status, the seconds to wait before another attempt, and the body."""
        kind = HTTPSConnection if self._address.scheme == "https" else HTTPConnection
        host = self._address.hostname or ""
        try:
            with closing(kind(host, self._address.port, timeout=SECONDS)) as connection:
                connection.request("GET", f"{self._address.path.rstrip('/')}{path}", headers=self._headers)
                response = connection.getresponse()
                later = response.getheader("Retry-After", "1")
                return response.status, int(later) if later.isdecimal() else 1, response.read()
        except (OSError, HTTPException) as error:
            raise AuditError(f"{self._address.scheme}://{self._address.netloc}: {error}") from error


def _detail(body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return "no reason is given"
