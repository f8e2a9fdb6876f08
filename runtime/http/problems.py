"""Error responses as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runtime.http.problem_kinds import Kind


def problem(
    kind: Kind, detail: str, *, headers: Mapping[str, str] | None = None, members: Mapping[str, Any] | None = None
) -> Response:
    """Return a problem: ``detail`` explains this occurrence of its kind, ``members`` are extensions of the kind.

    No cache stores it: the next request may succeed.
    """
    body = {"type": kind.type, "title": kind.title, "status": kind.status, "detail": detail}
    return Response(
        orjson.dumps(body | dict(members or {})),
        kind.status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )
