"""Arguments and rows of ``commit_changes()``, the function of migration 0014 that makes changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.domain.entries import (
    Action,
    ChangeExpiredError,
    EditsRefusedError,
    EntryNotFoundError,
    IdReusedError,
    LayerError,
    Made,
    RedefinedError,
    Refusal,
    Version,
)
from runtime.domain.namespaces import LAYER_FAULTS
from runtime.domain.preconditions import (
    namespace_changed,
    namespace_moved,
    precondition_failed,
    precondition_required,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from runtime.adapters.postgres_horizon import Horizon
    from runtime.domain.entries import Change
    from runtime.domain.preconditions import Tags
    from runtime.ports.entries import Result

CHANGE = """
SELECT * FROM commit_changes($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""

# The guard is asked first, since the ids depend on its answer.
GUARDED_CHANGE = """
SELECT change.* FROM guard_namespace($19, $20, $21, ($3::uuid[])[1]) AS guard (holds)
CROSS JOIN LATERAL commit_changes(
    $1, $2, CASE WHEN guard.holds THEN $3::uuid[] END, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
    $18
) AS change
"""

_UNREFUSED = frozenset(Action) | {"skipped"}
_OF_THE_CHANGE = frozenset({"expired", "reused", "redefined", "moved", *LAYER_FAULTS})
"""Outcomes that a change has as a whole."""


def change_arguments(changes: Sequence[Change], horizon: Horizon) -> tuple[object, ...]:
    """Return the arguments of ``CHANGE``, or of ``GUARDED_CHANGE`` for a change with a guard, which is sent alone."""
    mark = horizon.mark
    guard = changes[0].guard
    guarded = () if guard is None else (guard.namespace, guard.since.epoch, guard.since.revision)
    edits = [(number, edit) for number, change in enumerate(changes, 1) for edit in change.edits]
    return (
        None if mark is None else mark.version.epoch,
        None if mark is None else mark.version.revision,
        [change.id for change in changes],
        [change.context.actor for change in changes],
        [change.context.request_id for change in changes],
        [change.context.reason for change in changes],
        [horizon.server_time(change.deadline) for change in changes],
        [change.trial for change in changes],
        [change.basis.definition for change in changes],
        [str(change.basis.namespace or "") or None for change in changes],
        [number for number, _ in edits],
        [edit.namespace for _, edit in edits],
        [edit.key for _, edit in edits],
        [edit.value for _, edit in edits],
        [tags_text(edit.conditions.if_match, weakly=False) for _, edit in edits],
        [tags_text(edit.conditions.if_none_match, weakly=True) for _, edit in edits],
        [change.context.traceparent for change in changes],
        [change.context.client for change in changes],
        *guarded,
    )


def calls(changes: Sequence[Change]) -> list[Sequence[Change]]:
    """Return the changes in the groups that are sent together: a change with a guard is alone."""
    groups: list[list[Change]] = []
    for change in changes:
        if not groups or change.guard is not None or groups[-1][-1].guard is not None:
            groups.append([])
        groups[-1].append(change)
    return [*groups]


def guard_refusal(error: asyncpg.PostgresError) -> Exception:
    """Return the refusal of ``GUARDED_CHANGE`` whose guard does not hold, SQLSTATE ``GUARD_BROKEN``."""
    epoch, _, revision = error.detail.partition("-")
    return namespace_changed(Version(epoch, int(revision)))


def results(changes: Sequence[Change], rows: Sequence[asyncpg.Record]) -> list[Result]:
    """Return the result of each change from the rows of its edits."""
    found: list[Result] = []
    position = 0
    for change in changes:
        found.append(_result(change, rows[position : position + len(change.edits)]))
        position += len(change.edits)
    return found


def _result(change: Change, rows: Sequence[asyncpg.Record]) -> Result:
    refused = [(index, row) for index, row in enumerate(rows) if row["outcome"] not in _UNREFUSED]
    for _, row in refused:
        if len(rows) == 1 or row["outcome"] in _OF_THE_CHANGE:
            return _refusal(row)
    if refused:
        return EditsRefusedError(
            tuple(Refusal(index, change.edits[index].key, _refusal(row)) for index, row in refused)
        )
    return tuple(
        Made(Action(row["outcome"]), Version(row["epoch"], row["revision"]), row["occurred_at"]) for row in rows
    )


def _refusal(row: asyncpg.Record) -> Exception:
    current = None if row["revision"] is None else Version(row["epoch"], row["revision"])
    return refusal_of(row["outcome"], current)


def refusal_of(outcome: str, current: Version | None) -> Exception:
    """Return the error of an outcome of ``commit_changes()``; ``current`` is the version that it was judged at."""
    match outcome:
        case "absent":
            return EntryNotFoundError()
        case "unmatched" | "matched":
            return precondition_failed(current, if_match=outcome == "unmatched")
        case "required" if current is not None:
            return precondition_required(current)
        case "expired":
            return ChangeExpiredError()
        case "reused":
            return IdReusedError()
        case "redefined":
            return RedefinedError(current)
        case "orphan" | "cyclic" | "deep" | "inherited":
            return LayerError(LAYER_FAULTS[outcome])
        case "moved" if current is not None:
            return namespace_moved(current)
    raise AssertionError(outcome)


def tags_text(tags: Tags | None, *, weakly: bool) -> str | None:
    """Return tags as the function expects them; those that no entry can have are left out."""
    if tags is None:
        return None
    if tags.anything:
        return "*"
    compared = tags.strong | tags.weak if weakly else tags.strong
    return " ".join(tag[1:-1] for tag in compared if " " not in tag)
