"""Changes from requests, and the answers to those that are only judged."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.responses import Response

from runtime.domain.entries import Basis, Change
from runtime.domain.history import KeyEdit
from runtime.http.clients import context_of
from runtime.http.ids import random_uuids
from runtime.http.queries import read_reason
from runtime.http.representations import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from starlette.requests import Request

    from runtime.domain.entries import Edit, Guard, Made, Version


_NO_BASIS = Basis()


class ChangeMaker:
    """A maker of changes, each to be made within some seconds of its request."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ids = random_uuids()

    def change(
        self,
        request: Request,
        id_: UUID | None,
        edits: tuple[Edit, ...],
        *,
        trial: bool,
        basis: Basis = _NO_BASIS,
        guard: Guard | None = None,
        to: Version | None = None,
    ) -> Change:
        """Return the change of a request, with its context, and an id of its own where it has none.

        The reason of a rollback begins with the version that it goes back ``to``.
        """
        reasons = (None if to is None else rollback_to(to), read_reason(request))
        context = context_of(request.scope, ": ".join(filter(None, reasons)) or None)
        return Change(
            id_ or next(self._ids), edits, time.monotonic() + self._seconds, context, guard, trial=trial, basis=basis
        )


def rollback_to(version: Version) -> str:
    """Return the beginning of the reason of a rollback."""
    return f"rollback to {version}"


def outcome(namespace: str, edits: Sequence[Edit], made: Sequence[Made]) -> Response:
    """Return the answer to a dry run of edits."""
    found = [KeyEdit(edit.key, each.action) for edit, each in zip(edits, made, strict=True)]
    return judged(namespace, found, made[0].version)


def judged(namespace: str, edits: Iterable[KeyEdit], at: Version) -> Response:
    """Return the answer to a dry run: the outcomes, and the version of the store at which they were judged."""
    body = {
        "namespace": namespace,
        "dry_run": True,
        "edits": [{"key": edit.key, "outcome": edit.action} for edit in edits],
        "judged_at": str(at),
    }
    return Response(dump(body), media_type="application/json")
