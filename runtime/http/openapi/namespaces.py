"""The operations of namespaces as a whole, and of their definitions."""

from __future__ import annotations

from typing import Any, Final

from runtime import routes
from runtime.http import problem_kinds as kinds
from runtime.http.openapi.bodies import entries, namespaces
from runtime.http.openapi.fields import (
    AFTER_NAMESPACE,
    ALLOW_INVALID,
    AT_LEAST,
    CHANGE_REASON,
    CONFIRM,
    DRY_RUN,
    EXPLAIN,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LABELS,
    LIMIT,
    TAG,
)
from runtime.http.openapi.parts import Answer, Example, Operation
from runtime.services.definitions import Definition

_NAMESPACE: Final = "/v1/namespaces/payments"
_TIME: Final = "2026-01-05T09:30:00.000000Z"
_VALUES: Final = {"limits": {"daily": 5000}}
_WRITTEN: Final = (("PUT", f"{_NAMESPACE}/entries/limits", {"value": {"daily": 5000}}),)
_DEFINITION: Final[dict[str, Any]] = {"owner": "team-payments", "labels": {"tier": "one"}}
_DEFINED: Final = (("PUT", f"{_NAMESPACE}/definition", _DEFINITION),)
_KEPT: Final = {
    "namespace": "payments",
    "definition": _DEFINITION,
    "revision": 1,
    "etag": f'"{TAG}"',
    "updated_at": _TIME,
}
_UNMODIFIED: Final = Answer(304, "The client has the present answer.", fields=("ETag",))
_JUDGED: Final = Answer(200, "The dry run's outcomes: nothing is removed.", entries.Judged)
_AS_READ: Final = ("Age", "Cache-Status")
_READ: Final = (kinds.PRECONDITION_FAILED, kinds.OTHER_HISTORY, kinds.UNAVAILABLE)
_CONDITIONS: Final = (IF_MATCH, IF_NONE_MATCH)

NAMESPACES: Final = (
    Operation(
        "listNamespaces",
        "GET",
        routes.NAMESPACES,
        "namespaces",
        "List the namespaces",
        (Answer(200, "A page of them, by name.", namespaces.Namespaces, may=("ETag",)), _UNMODIFIED),
        "The page has those that the client reads. Of certain labels it may be short, or empty, before the last one.",
        parameters=(LIMIT, AFTER_NAMESPACE, LABELS, AT_LEAST, *_CONDITIONS),
        problems=_READ,
        example=Example(
            200,
            {
                "namespaces": [
                    {
                        "namespace": "payments",
                        "definition": {**_DEFINITION, "description": None, "parent": None},
                        "etag": f'"{TAG}"',
                    }
                ],
                "next": None,
                "revision": 1,
            },
            using=(LIMIT, LABELS),
            given=_DEFINED,
        ),
    ),
    Operation(
        "readNamespace",
        "GET",
        routes.NAMESPACE,
        "namespaces",
        "Read all keys and values of a namespace",
        (Answer(200, "The bundle.", entries.Bundle, ("ETag",), _AS_READ), _UNMODIFIED),
        "It can be sent back as it is, to this namespace or to another one.",
        parameters=(AT_LEAST, *_CONDITIONS),
        problems=(*_READ, kinds.NAMESPACE_NOT_FOUND, kinds.NAMESPACE_TOO_LARGE),
        example=Example(
            200, {"namespace": "payments", "revision": 1, "entries": _VALUES}, using=(AT_LEAST,), given=_WRITTEN
        ),
    ),
    Operation(
        "replaceNamespace",
        "PUT",
        routes.NAMESPACE,
        "namespaces",
        "Give a namespace all of its keys and values",
        (Answer(200, "What was made, by one change; or the dry run's outcomes.", entries.Import, may=("ETag",)),),
        "Entries that do not differ keep their version, and the definition stays. It can be sent again: where nothing"
        " differs, nothing is made.",
        parameters=(DRY_RUN, *_CONDITIONS, CHANGE_REASON),
        body=entries.NewBundle,
        problems=(kinds.NAMESPACE_TOO_LARGE,),
        example=Example(
            200,
            {"namespace": "payments", "revision": 1, "etag": f'"{TAG}"', "created": 1, "replaced": 0, "removed": 0},
            using=(CHANGE_REASON,),
            body={"entries": _VALUES},
        ),
    ),
    Operation(
        "removeNamespace",
        "DELETE",
        routes.NAMESPACE,
        "namespaces",
        "Remove a namespace with its definition",
        (_JUDGED, Answer(204, "The namespace is removed, by one change.")),
        "One that has entries is removed only if confirm names it.",
        parameters=(CONFIRM, DRY_RUN, *_CONDITIONS, CHANGE_REASON),
        problems=(
            kinds.NAMESPACE_NOT_FOUND,
            kinds.NAMESPACE_TOO_LARGE,
            kinds.NAMESPACE_NOT_EMPTY,
            kinds.LAYER_CONFLICT,
            kinds.EDITS_REFUSED,
        ),
        example=Example(204, using=(CONFIRM, IF_MATCH), given=_WRITTEN),
    ),
    Operation(
        "readEffective",
        "GET",
        routes.EFFECTIVE,
        "namespaces",
        "Read the values that hold in a namespace, inherited ones too",
        (
            Answer(200, "They are; with explain, where each is from.", namespaces.Effective, ("ETag",), _AS_READ),
            _UNMODIFIED,
        ),
        "Of each key it is the value of the nearest layer that has one, whole.",
        parameters=(EXPLAIN, AT_LEAST, *_CONDITIONS),
        problems=(*_READ, kinds.NAMESPACE_NOT_FOUND, kinds.NAMESPACE_TOO_LARGE),
        example=Example(
            200,
            {
                "namespace": "payments",
                "layers": ["payments"],
                "revision": 1,
                "entries": {
                    "limits": {
                        "value": {"daily": 5000},
                        "layer": "payments",
                        "revision": 1,
                        "etag": f'"{TAG}"',
                        "updated_at": _TIME,
                        "actor": "local:tester",
                        "hides": [],
                    }
                },
            },
            using=(EXPLAIN,),
            given=_WRITTEN,
        ),
    ),
    Operation(
        "readDefinition",
        "GET",
        routes.DEFINITION,
        "namespaces",
        "Read the definition of a namespace",
        (Answer(200, "The definition.", namespaces.Defined, ("ETag",), _AS_READ), _UNMODIFIED),
        parameters=(AT_LEAST, *_CONDITIONS),
        problems=(*_READ, kinds.NAMESPACE_NOT_FOUND),
        example=Example(200, _KEPT, given=_DEFINED),
    ),
    Operation(
        "writeDefinition",
        "PUT",
        routes.DEFINITION,
        "namespaces",
        "Write the definition of a namespace",
        (
            Answer(
                200,
                "The definition replaces the version in If-Match; or the dry run's outcome.",
                namespaces.DefinedOrJudged,
                may=("ETag",),
            ),
            Answer(201, "The definition is new.", namespaces.Defined, ("ETag",)),
        ),
        "A new schema is first applied to the entries that are stored.",
        parameters=(DRY_RUN, ALLOW_INVALID, *_CONDITIONS, IDEMPOTENCY_KEY, CHANGE_REASON),
        body=Definition,
        problems=(
            kinds.NAMESPACE_TOO_LARGE,
            kinds.LAYER_CONFLICT,
            kinds.STORED_VALUES_INVALID,
            kinds.DEFINITION_INVALID,
        ),
        example=Example(201, _KEPT, using=(IDEMPOTENCY_KEY,), body=_DEFINITION),
    ),
    Operation(
        "makeTransaction",
        "POST",
        routes.TRANSACTIONS,
        "namespaces",
        "Make several edits of a namespace, or none of them",
        (Answer(200, "All are made, at one revision; or the dry run's outcomes.", namespaces.Transacted),),
        "Each edit has the preconditions that its own request would have.",
        parameters=(DRY_RUN, IDEMPOTENCY_KEY, CHANGE_REASON),
        body=namespaces.NewTransaction,
        problems=(kinds.EDITS_REFUSED,),
        example=Example(
            200,
            {
                "namespace": "payments",
                "revision": 2,
                "etag": f'"{TAG[:-1]}2"',
                "updated_at": _TIME,
                "edits": [{"key": "limits", "outcome": "replace"}, {"key": "fees", "outcome": "create"}],
            },
            using=(IDEMPOTENCY_KEY, CHANGE_REASON),
            body={"edits": [{"key": "limits", "value": 1, "if_match": f'"{TAG}"'}, {"key": "fees", "value": 2}]},
            given=_WRITTEN,
        ),
    ),
)
