"""Every operation of the API: what is added to the router is added here."""

from __future__ import annotations

from typing import Any, Final

from runtime import routes
from runtime.http import problem_kinds as kinds
from runtime.http.openapi.access import ACCESS
from runtime.http.openapi.bodies import access, entries, service
from runtime.http.openapi.fields import (
    ACTOR,
    AFTER,
    AS_OF,
    AT_LEAST,
    AUDIT_AFTER,
    CHANGE_REASON,
    DRY_RUN,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LIMIT,
    OF_NAMESPACE,
    OUTCOME,
    PREFIX,
    RECORD_KIND,
    SINCE,
    TAG,
    UNTIL,
)
from runtime.http.openapi.history import HISTORY, PAST
from runtime.http.openapi.namespaces import NAMESPACES
from runtime.http.openapi.notifications import NOTIFICATIONS
from runtime.http.openapi.parts import HTML, JSON, Answer, Example, Operation
from runtime.http.openapi.proposals import PROPOSALS
from runtime.http.openapi.queue import QUEUE
from runtime.settings import Settings

_PATH: Final = "/v1/namespaces/payments/entries/limits"
_NEW: Final = {"value": {"daily": 5000}}
_WRITTEN: Final = (("PUT", _PATH, _NEW),)
_ENTRY: Final = {
    "namespace": "payments",
    "key": "limits",
    "value": {"daily": 5000},
    "revision": 1,
    "etag": f'"{TAG}"',
    "updated_at": "2026-01-05T09:30:00.000000Z",
}
_UNMODIFIED: Final = Answer(304, "The client has the present version.", fields=("ETag",))
_AS_READ: Final = ("Age", "Cache-Status")


def _to(operation: str, **more: str) -> dict[str, Any]:
    """Return a link to an operation on the same entry."""
    names = {"namespace": "$request.path.namespace", "key": "$request.path.key"}
    return {"operationId": operation, "parameters": names | more}


_ENTRIES: Final = (
    Operation(
        "listEntries",
        "GET",
        routes.ENTRIES,
        "entries",
        "List the entries of a namespace",
        (Answer(200, "A page of the namespace.", entries.Page, ("ETag",)), _UNMODIFIED),
        "The ETag is the version of the whole store: 304 means that no entry of any namespace has changed.",
        parameters=(LIMIT, AFTER, PREFIX, AT_LEAST, AS_OF, IF_MATCH, IF_NONE_MATCH),
        problems=(*PAST, kinds.PRECONDITION_FAILED),
        example=Example(
            200,
            {"namespace": "payments", "entries": [_ENTRY], "next": None, "revision": 1},
            using=(LIMIT, AFTER, PREFIX),
            given=_WRITTEN,
        ),
    ),
    Operation(
        "readEntry",
        "GET",
        routes.ENTRY,
        "entries",
        "Read an entry",
        (Answer(200, "The entry.", entries.Entry, ("ETag",), _AS_READ), _UNMODIFIED),
        "While the database is away, the answer is one that was current Age seconds ago, and says so.",
        parameters=(AT_LEAST, AS_OF, IF_MATCH, IF_NONE_MATCH),
        problems=(*PAST, kinds.ENTRY_NOT_FOUND, kinds.PRECONDITION_FAILED),
        example=Example(200, _ENTRY, using=(AT_LEAST,), given=_WRITTEN),
    ),
    Operation(
        "writeEntry",
        "PUT",
        routes.ENTRY,
        "entries",
        "Write an entry",
        (
            Answer(
                200,
                "The entry replaces the version in If-Match; or the dry run's outcome.",
                entries.EntryOrJudged,
                may=("ETag",),
            ),
            Answer(201, "The entry is new.", entries.Entry, ("ETag",)),
        ),
        "An entry that exists is replaced under If-Match alone, so that no update is lost.",
        parameters=(DRY_RUN, IF_MATCH, IF_NONE_MATCH, IDEMPOTENCY_KEY, CHANGE_REASON),
        body=entries.NewValue,
        example=Example(201, _ENTRY, using=(IDEMPOTENCY_KEY, CHANGE_REASON), body=_NEW),
        links={
            "read": _to("readEntry"),
            "replace": _to("writeEntry", **{"header.If-Match": "$response.header.ETag"}),
            "remove": _to("removeEntry", **{"header.If-Match": "$response.header.ETag"}),
        },
    ),
    Operation(
        "removeEntry",
        "DELETE",
        routes.ENTRY,
        "entries",
        "Remove an entry",
        (
            Answer(200, "The dry run's outcome: nothing is removed.", entries.Judged),
            Answer(204, "The entry is removed."),
        ),
        parameters=(DRY_RUN, IF_MATCH, IF_NONE_MATCH, IDEMPOTENCY_KEY, CHANGE_REASON),
        problems=(kinds.ENTRY_NOT_FOUND,),
        example=Example(204, using=(IF_MATCH, CHANGE_REASON), given=_WRITTEN),
    ),
)

_AUDIT: Final = (
    Operation(
        "listAudit",
        "GET",
        routes.AUDIT,
        "audit",
        "List records of the audit trail",
        (Answer(200, "A page of them, in the order of the chain.", access.AuditPage),),
        "The read is recorded itself, before it is answered.",
        parameters=(AUDIT_AFTER, LIMIT, SINCE, UNTIL, ACTOR, OF_NAMESPACE, RECORD_KIND, OUTCOME),
        problems=(kinds.UNAVAILABLE,),
    ),
    Operation(
        "listAnchors",
        "GET",
        routes.AUDIT_ANCHORS,
        "audit",
        "List the signed heads of the audit trail",
        (Answer(200, "A page of them, in order.", access.Anchors),),
        "The read is recorded itself, before it is answered.",
        parameters=(AUDIT_AFTER, LIMIT),
        problems=(kinds.UNAVAILABLE,),
    ),
)

_SERVICE: Final = (
    Operation(
        "readSettings",
        "GET",
        routes.SETTINGS,
        "service",
        "Read the settings and limits in force",
        (Answer(200, "The settings of the process that answers.", Settings, ("ETag",)), _UNMODIFIED),
        parameters=(IF_NONE_MATCH,),
    ),
    Operation(
        "readIndex",
        "GET",
        routes.INDEX,
        "service",
        "Read where things are",
        (Answer(200, "The paths of the API's parts.", service.Index, ("ETag", "Link")), _UNMODIFIED),
        parameters=(IF_NONE_MATCH,),
    ),
    Operation(
        "readDescription",
        "GET",
        routes.DESCRIPTION,
        "service",
        "Read this description",
        (Answer(200, "An OpenAPI 3.1 document.", media=(JSON,), fields=("ETag",)), _UNMODIFIED),
        parameters=(IF_NONE_MATCH,),
    ),
    Operation(
        "readPage",
        "GET",
        routes.PAGE,
        "service",
        "Read this description as a page, on which requests can be tried",
        (Answer(200, "The page.", media=(HTML,), fields=("ETag", "Content-Security-Policy")), _UNMODIFIED),
        parameters=(IF_NONE_MATCH,),
    ),
    Operation(
        "readPageFile",
        "GET",
        routes.PAGE_FILE,
        "service",
        "Read a file of the page",
        (
            Answer(200, "The file.", media=("text/css", "text/javascript", "image/png"), fields=("ETag",)),
            _UNMODIFIED,
        ),
        parameters=(IF_NONE_MATCH,),
        problems=(kinds.NO_SUCH_PATH,),
    ),
    Operation(
        "readProblems",
        "GET",
        routes.PROBLEMS,
        "service",
        "Read what each problem means",
        (
            Answer(200, "A page with a part for each type.", media=(HTML,), fields=("ETag", "Content-Security-Policy")),
            _UNMODIFIED,
        ),
        parameters=(IF_NONE_MATCH,),
    ),
)


def operations(live: str, ready: str) -> tuple[Operation, ...]:
    """Return every operation of the API's port; the arguments are the paths of liveness and readiness."""
    return (
        *_ENTRIES,
        *HISTORY,
        *NAMESPACES,
        *PROPOSALS,
        *ACCESS,
        *QUEUE,
        *NOTIFICATIONS,
        *_AUDIT,
        *_SERVICE,
        Operation(
            "readLive",
            "GET",
            live,
            "service",
            "Read whether the process answers",
            (Answer(200, "The process answers.", service.Live, ("Cache-Control",)),),
            example=Example(200, {"status": "live"}),
            limited=False,
        ),
        Operation(
            "readReady",
            "GET",
            ready,
            "service",
            "Read whether requests are to be sent to this process",
            (
                Answer(200, "They are.", service.Readiness, ("Cache-Control",)),
                Answer(503, "They are not.", service.Readiness, ("Cache-Control",)),
            ),
            example=Example(200, {"status": "ready"}),
            limited=False,
        ),
    )
