"""The operations of the history of entries."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from runtime import routes
from runtime.http import problem_kinds as kinds
from runtime.http.openapi.bodies import entries, history
from runtime.http.openapi.fields import (
    BEFORE,
    CHANGE_REASON,
    DRY_RUN,
    FROM,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_MATCH_LIST,
    IF_NONE_MATCH,
    PAST_LIMIT,
    REQUEST_ID,
    TAG,
    TO,
)
from runtime.http.openapi.parts import Answer, Example, Operation

PAST: Final = (kinds.UNSETTLED_TIME, kinds.NOT_KEPT, kinds.OTHER_HISTORY, kinds.UNAVAILABLE)
"""The problems of a read that may ask for a moment of the past."""

_PATH: Final = "/v1/namespaces/payments/entries/limits"
_WRITTEN: Final = (("PUT", _PATH, {"value": {"daily": 5000}}),)
_REMOVED: Final = (*_WRITTEN, ("DELETE", _PATH, None))
_BACK: Final = {"to": TAG}
_TIME: Final = "2026-01-05T09:30:00.000000Z"
_NAME: Final = {"namespace": "payments", "key": "limits"}
_RECORDED: Final = {"actor": "local:tester", "reason": None, "request_id": REQUEST_ID.example, "traceparent": None}
_TEXT: Final = '{"daily":5000}'
_SECOND: Final = TAG.replace("-1", "-2")
_FIRST: Final[dict[str, Any]] = {
    "version": TAG,
    "revision": 1,
    "ordinal": 0,
    "action": "create",
    "at": _TIME,
    **_RECORDED,
    "removed": False,
    "size": len(_TEXT),
    "sha256": hashlib.sha256(_TEXT.encode()).hexdigest(),
}
_PAGED: Final = (BEFORE, PAST_LIMIT, IF_NONE_MATCH)
_UNMODIFIED: Final = Answer(304, "The client has the present answer.", fields=("ETag",))

HISTORY: Final = (
    Operation(
        "listVersions",
        "GET",
        routes.ENTRY_VERSIONS,
        "history",
        "List the versions of an entry",
        (Answer(200, "A page of them, newest first.", history.KeyVersions, ("ETag",)), _UNMODIFIED),
        parameters=_PAGED,
        problems=(*PAST, kinds.ENTRY_NOT_FOUND),
        example=Example(
            200,
            {**_NAME, "versions": [_FIRST], "next": None, "oldest": TAG.replace("-1", "-0")},
            using=(PAST_LIMIT,),
            given=_WRITTEN,
        ),
    ),
    Operation(
        "readVersion",
        "GET",
        routes.ENTRY_VERSION,
        "history",
        "Read a version of an entry",
        (Answer(200, "The version, with its value.", history.PastValue, ("ETag",)), _UNMODIFIED),
        parameters=(IF_NONE_MATCH,),
        problems=(*PAST, kinds.VERSION_NOT_FOUND),
        example=Example(200, {**_NAME, **_FIRST, "value": {"daily": 5000}}, given=_WRITTEN),
    ),
    Operation(
        "compareEntry",
        "GET",
        routes.ENTRY_DIFFERENCE,
        "history",
        "Compare an entry at two moments",
        (Answer(200, "The difference, as a JSON Patch.", history.KeyDifference, ("ETag",)), _UNMODIFIED),
        parameters=(FROM, TO, IF_NONE_MATCH),
        problems=PAST,
        example=Example(
            200,
            {
                **_NAME,
                "from": TAG,
                "to": _SECOND,
                "kind": "removed",
                "before": TAG,
                "after": None,
                "patch": None,
            },
            given=_REMOVED,
        ),
    ),
    Operation(
        "rollBackEntry",
        "POST",
        routes.ENTRY_ROLLBACK,
        "history",
        "Give an entry the value that it had",
        (
            Answer(200, "The entry has a new version; or the dry run's outcome.", entries.EntryOrJudged, may=("ETag",)),
            Answer(201, "The entry was gone, and is there again.", entries.Entry, ("ETag",)),
            Answer(204, "There was no entry then: it is removed."),
        ),
        parameters=(DRY_RUN, IF_MATCH, IF_NONE_MATCH, IDEMPOTENCY_KEY, CHANGE_REASON),
        body=history.Target,
        problems=(*PAST, kinds.ENTRY_NOT_FOUND),
        example=Example(
            201,
            {**_NAME, "value": {"daily": 5000}, "revision": 3, "etag": f'"{TAG[:-1]}3"', "updated_at": _TIME},
            using=(CHANGE_REASON,),
            body=_BACK,
            given=_REMOVED,
        ),
    ),
    Operation(
        "listChanges",
        "GET",
        routes.NAMESPACE_VERSIONS,
        "history",
        "List the changes of a namespace",
        (Answer(200, "A page of them, newest first.", history.NamespaceChanges, ("ETag",)), _UNMODIFIED),
        parameters=_PAGED,
        problems=PAST,
        example=Example(
            200,
            {
                "namespace": "payments",
                "changes": [
                    {
                        "version": TAG,
                        "revision": 1,
                        "at": _TIME,
                        **_RECORDED,
                        "keys": [{"key": "limits", "action": "create"}],
                    }
                ],
                "next": None,
                "oldest": TAG.replace("-1", "-0"),
            },
            given=_WRITTEN,
        ),
    ),
    Operation(
        "compareNamespace",
        "GET",
        routes.NAMESPACE_DIFFERENCE,
        "history",
        "Compare a namespace at two moments",
        (Answer(200, "A page of the keys that differ.", history.NamespaceDifference, ("ETag",)), _UNMODIFIED),
        parameters=(FROM, TO, *_PAGED),
        problems=PAST,
        example=Example(
            200,
            {
                "namespace": "payments",
                "from": TAG,
                "to": _SECOND,
                "differences": [
                    {"key": "limits", "kind": "removed", "before": {"version": TAG, "size": len(_TEXT)}, "after": None}
                ],
                "next": None,
            },
            given=_REMOVED,
        ),
    ),
    Operation(
        "rollBackNamespace",
        "POST",
        routes.NAMESPACE_ROLLBACK,
        "history",
        "Make a namespace what it was",
        (
            Answer(
                200,
                "One change of every key that differed; or the dry run's outcomes.",
                history.RolledBackOrJudged,
                may=("ETag",),
            ),
        ),
        "If-Match has the ETag of the namespace's list; nothing is changed if one of its keys has changed since.",
        parameters=(DRY_RUN, IF_MATCH_LIST, IDEMPOTENCY_KEY, CHANGE_REASON),
        body=history.Target,
        problems=(*PAST, kinds.ROLLBACK_TOO_LARGE, kinds.EDITS_REFUSED),
        example=Example(
            200,
            {
                "namespace": "payments",
                "to": TAG,
                "version": f"{TAG[:-1]}3",
                "revision": 3,
                "keys": [{"key": "limits", "action": "create"}],
            },
            using=(IF_MATCH_LIST, CHANGE_REASON),
            body=_BACK,
            given=_REMOVED,
        ),
    ),
)
