"""The audit trail of an API: its whole chain, page by page, and its anchors."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from compiler.client import RefusedError
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.client import Client

PAGE = 1000
PAUSES = (1, 2, 4, 8, 16, 30)
"""The pauses before further attempts, in seconds: together as long as a rate limit takes to admit requests again."""

_LATER = (429, 503)


class AuditError(CouldNotRunError):
    """The audit trail, or a file of it, could not be read."""


def pages(client: Client) -> Iterator[dict[str, Any]]:
    """Yield the pages of the chain, each with the place of the first record that is kept and the link before it.

    Raises:
        UnreachableError: the API cannot be asked.
        RefusedError: the API refuses.
    """
    after: int | None = 0
    while after is not None:
        page = _ask(client, f"/v1/audit?limit={PAGE}&after={after}")
        yield page
        after = page["next"]


def anchors(client: Client) -> Iterator[dict[str, Any]]:
    """Yield the signed heads of the chain; raises as :func:`pages`."""
    after: int | None = 0
    while after is not None:
        page = _ask(client, f"/v1/audit/anchors?limit={PAGE}&after={after}")
        yield from page["anchors"]
        after = page["next"]


def _ask(client: Client, path: str) -> dict[str, Any]:
    """Return the answer to a GET, after further attempts where the API asks for patience."""
    for pause in (*PAUSES, None):
        try:
            answer: dict[str, Any] = json.loads(client.ask("GET", path).text)
        except RefusedError as error:
            if pause is None or error.status not in _LATER:
                raise
            time.sleep(pause)
        else:
            return answer
    raise AssertionError(path)
