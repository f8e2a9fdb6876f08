"""Changes from requests, and the answers to those that are only judged."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.responses import Response

from runtime.domain.entries import Basis, Change, Context
from runtime.http.queries import read_reason
from runtime.http.representations import dump

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from starlette.requests import Request

    from runtime.domain.entries import Edit, Made


class ChangeMaker:
    """A maker of changes, each to be made within some seconds of its request."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def change(
        self, request: Request, id_: UUID, edits: tuple[Edit, ...], *, trial: bool, basis: Basis | None = None
    ) -> Change:
        """Return the change of a request, with its context."""
        context = Context(request_id=request.scope["request_id"], reason=read_reason(request))
        return Change(id_, edits, time.monotonic() + self._seconds, context, trial=trial, basis=basis or Basis())


def outcome(namespace: str, edits: Sequence[Edit], made: Sequence[Made]) -> Response:
    """Return the answer to a dry run: the outcomes, and the version of the store at which they were judged."""
    body = {
        "namespace": namespace,
        "dry_run": True,
        "edits": [{"key": edit.key, "outcome": each.action} for edit, each in zip(edits, made, strict=True)],
        "judged_at": str(made[0].version),
    }
    return Response(dump(body), media_type="application/json")
