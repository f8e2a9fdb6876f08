"""Error responses as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping


PROBLEM_TYPES = "https://iana.org/assignments/http-problem-types#"
"""The registry of problem types, with those of draft-ietf-httpapi-ratelimit-headers-11."""


OWN_TYPES = "urn:cbp:problem:"
"""The beginning of the problem types of this API (docs/access.md)."""


def problem(
    status: int,
    detail: str,
    *,
    kind: str = "about:blank",
    title: str | None = None,
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """Return a problem: ``detail`` explains the error, ``members`` are extensions of the problem type ``kind``.

    No cache stores it: the next request may succeed.
    """
    body = {"type": kind, "title": title or HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(
        orjson.dumps(body | dict(members or {})),
        status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )
