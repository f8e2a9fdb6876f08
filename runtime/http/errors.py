"""The only boundary that turns errors into responses; an unexpected error is logged and becomes a 500."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from starlette.requests import ClientDisconnect

from runtime import routes
from runtime.domain.deliveries import DeliveryNotDeadError, DeliveryNotFoundError, SubscriberNotPausedError
from runtime.domain.entries import (
    ChangeExpiredError,
    EditsRefusedError,
    EntryNotFoundError,
    IdReusedError,
    LayerError,
    NamespaceNotFoundError,
    OtherHistoryError,
    PreconditionError,
    PreconditionRequiredError,
    TooLargeError,
)
from runtime.domain.grants import NameTakenError, NotGivenError
from runtime.domain.history import (
    SETTLED_SECONDS,
    NotKeptError,
    RollbackTooLargeError,
    UnsettledTimeError,
    VersionNotFoundError,
)
from runtime.domain.names import InvalidNameError
from runtime.domain.notifications import NotificationFormError
from runtime.domain.preconditions import InvalidTagsError, entity_tag
from runtime.domain.proposals import (
    MOST_OPEN,
    DecisionBarredError,
    ProposalClosedError,
    ProposalNotFoundError,
    ProposalRefusedError,
    ProposalsFullError,
)
from runtime.domain.webhooks import SignedFieldsError
from runtime.http import problem_kinds as kinds
from runtime.http.bodies import (
    BodyTooLargeError,
    InvalidDocumentError,
    UnsupportedContentCodingError,
    UnsupportedMediaTypeError,
)
from runtime.http.problems import problem
from runtime.http.queries import InvalidQueryError, read_conditions
from runtime.http.representations import stale_marks
from runtime.ports.availability import OutcomeUnknownError, OverloadedError, UnavailableError
from runtime.services.access import RoleMissingError, SecondFactorMissingError
from runtime.services.definitions import ApprovalRequiredError, InvalidDefinitionError, InvalidValuesError
from runtime.services.history import LARGEST_ROLLBACK, LARGEST_ROLLBACK_BYTES
from runtime.services.intake import FullError
from runtime.services.notifications import SignatureRefusedError, UntimelyError
from runtime.services.schemas import InvalidSchemaError
from runtime.services.shedding import STEP_SAMPLES, ShedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from runtime.http.problem_kinds import Kind

    Handler = Callable[[Request], Awaitable[Response]]
    Answer = Callable[[Any, Request], Response]

_log = structlog.get_logger(__name__)
_WEAK = (
    ". A weak entity tag (W/) never satisfies If-Match (RFC 9110, section 13.1.1): send the strong one of the entry,"
    " which a proxy that compresses answers may have weakened"
)
_NO_ENTRY = "the namespace has no entry with this key"
_RETRY = {"Retry-After": "1"}


async def answer(handler: Handler, request: Request) -> Response:
    """Return the handler's response, or the problem for the error that it raised."""
    try:
        return await handler(request)
    except Exception as error:
        return problem_of(error, request)


def problem_of(error: Exception, request: Request) -> Response:
    """Return the problem for an error."""
    answered = next(_PROBLEMS[kind] for kind in type(error).__mro__ if kind in _PROBLEMS)
    return answered(error, request)


def challenge(error: str | None = None, description: str = "", **parameters: str) -> dict[str, str]:
    """Return the header that asks for a bearer token (RFC 6750, section 3), with an error unless none was sent."""
    items = {"realm": "configuration"} | ({} if error is None else {"error": error, "error_description": description})
    text = ", ".join(f'{name}="{value}"' for name, value in (items | parameters).items())
    return {"WWW-Authenticate": f"Bearer {text}"}


def second_factor_missing() -> Response:
    """Return the problem for a person who has to sign in with several factors (RFC 9470)."""
    detail = "people change and administer after signing in with a second factor: sign in again with one"
    headers = challenge("insufficient_user_authentication", detail, acr_values="phr")
    return problem(kinds.SECOND_FACTOR_REQUIRED, detail, headers=headers)


def _role_missing(error: RoleMissingError, _: Request) -> Response:
    members = {"role": error.role} | ({} if error.namespace is None else {"namespace": error.namespace})
    headers = challenge("insufficient_scope", f"the role {error.role} is needed")
    return problem(kinds.ROLE_MISSING, str(error), headers=headers, members=members)


def full(error: FullError) -> Response:
    """Return the problem for a bound of what is in progress: 429 for one of the client, 503 for one of the worker."""
    if error.of_client:
        detail = f"the client has the most in progress that one may have ({error.bound}): wait for earlier answers"
        violated = {"violated-policies": [error.bound]}
        return problem(kinds.QUOTA_EXCEEDED, detail, headers=_RETRY, members=violated)
    detail = f"the process has the most in progress that it may have ({error.bound}): try again later"
    return problem(kinds.REDUCED_CAPACITY, detail, headers=_RETRY)


def shed(error: ShedError) -> Response:
    """Return the problem for a request that is refused since memory is critical; a step lasts so many seconds."""
    detail = f"{error}: try again later"
    return problem(kinds.REDUCED_CAPACITY, detail, headers={"Retry-After": str(STEP_SAMPLES)})


def _edits_refused(error: EditsRefusedError, _: Request) -> Response:
    """Return the problem for edits of a change; each has the status that it would have alone."""
    refusals = [{"index": refusal.index, "key": refusal.key, **_refused(refusal.error)} for refusal in error.refusals]
    detail = f"no edit was made, since the preconditions of {len(refusals)} do not hold: refusals lists them by index"
    return problem(kinds.EDITS_REFUSED, detail, members={"refusals": refusals})


def _invalid_values(error: InvalidValuesError, _: Request) -> Response:
    """Return the problem for values that violate a schema: 422 for new ones, 409 for those that are stored."""
    members = {
        "violations": [
            {
                "index": breach.index,
                "key": breach.key,
                "pointer": breach.violation.pointer,
                "keyword": breach.violation.keyword,
                "message": breach.violation.message,
            }
            for breach in error.breaches
        ],
        "complete": error.complete,
    }
    if error.stored:
        detail = "stored entries violate the new schema: change them first, or allow them with allow-invalid=true"
        return problem(kinds.STORED_VALUES_INVALID, detail, members=members)
    return problem(
        kinds.VALUES_INVALID, "a value violates the schema of its namespace, so nothing was made", members=members
    )


def _approval_required(error: ApprovalRequiredError, request: Request) -> Response:
    path = routes.PROPOSALS.format(namespace=request.path_params["namespace"])
    return problem(kinds.APPROVAL_REQUIRED, f"{error}: propose it", members={"proposals": path})


def _proposal_closed(error: ProposalClosedError, _: Request) -> Response:
    return problem(kinds.PROPOSAL_CLOSED, f"the proposal is {error.state}", members={"state": error.state})


def _proposal_refused(error: ProposalRefusedError, _: Request) -> Response:
    """Return the problem for an approved change that was refused when it was to be made."""
    kind = kinds.PROPOSAL_STALE if error.stale else kinds.PROPOSAL_REFUSED
    first = error.faults[0]
    detail = f"the change was approved, and cannot be made: {first.key or 'the definition'}: {first.detail}"
    return problem(kind, detail, members={"refusals": [fault.members for fault in error.faults]})


def _namespace_not_found(error: NamespaceNotFoundError, _: Request) -> Response:
    detail = "there is no such namespace: it has neither entries nor a definition"
    return problem(kinds.NAMESPACE_NOT_FOUND, detail, headers=_marks(error))


def _entry_not_found(error: EntryNotFoundError, _: Request) -> Response:
    then = "the namespace has" if error.at is None else f"at revision {error.at.revision} the namespace had"
    return problem(kinds.ENTRY_NOT_FOUND, f"{then} no entry with this key", headers=_marks(error))


def _marks(error: EntryNotFoundError) -> dict[str, str]:
    return {} if error.age is None else stale_marks(error.age)


def _not_kept(error: NotKeptError, _: Request) -> Response:
    detail = "the history that is kept does not reach back so far: the oldest version is that of the member oldest"
    return problem(kinds.NOT_KEPT, detail, members={"oldest": str(error.oldest)})


def _other_history(_: OtherHistoryError, request: Request) -> Response:
    asked, advice = "the request", "read the versions anew"
    if "at_least" in request.query_params:
        asked, advice = "at_least", "read the entry without it"
    detail = f"{asked} names a revision that is not part of the present history: {advice}"
    return problem(kinds.OTHER_HISTORY, detail)


def _defect(error: Exception, request: Request) -> Response:
    request_id = request.scope["request_id"]
    _log.error("request failed", request_id=request_id, exc_info=error)
    return problem(kinds.DEFECT, "the request met a defect of the service, which has been logged under its request id")


def _refused(error: Exception) -> dict[str, Any]:
    if isinstance(error, PreconditionError):
        tag = None if error.current is None else entity_tag(error.current)
        return {"status": _precondition_kind(error).status, "detail": str(error), "etag": tag}
    return {"status": kinds.ENTRY_NOT_FOUND.status, "detail": _NO_ENTRY, "etag": None}


def _precondition_kind(error: PreconditionError) -> Kind:
    required = isinstance(error, PreconditionRequiredError)
    return kinds.PRECONDITION_REQUIRED if required else kinds.PRECONDITION_FAILED


def _precondition(error: PreconditionError, request: Request) -> Response:
    kind = _precondition_kind(error)
    headers = {} if error.current is None else {"ETag": entity_tag(error.current)}
    if_match = read_conditions(request).if_match
    return problem(kind, f"{error}{_WEAK if if_match and if_match.weak else ''}", headers=headers)


def _unavailable(error: UnavailableError, request: Request) -> Response:
    _log.warning(str(error), cause=repr(error.__cause__), request_id=request.scope["request_id"])
    kind, advice = (
        (kinds.OUTCOME_UNKNOWN, "send it again with the same Idempotency-Key, or read the entry first")
        if isinstance(error, OutcomeUnknownError)
        else (kinds.UNAVAILABLE, "try again later")
    )
    return problem(kind, f"{error}: {advice}", headers=_RETRY)


def _told(kind: Kind, before: str = "", headers: Mapping[str, str] | None = None) -> Answer:
    """Return the answer with a problem whose detail is the text of the error."""
    return lambda error, _: problem(kind, f"{before}{error}", headers=headers)


def _always(kind: Kind, detail: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Return the answer with a problem whose detail is the same for each error."""
    return lambda *_: problem(kind, detail, headers=headers)


_PROBLEMS: Mapping[type[Exception], Answer] = {
    Exception: _defect,
    # The request.
    InvalidNameError: _told(kinds.MALFORMED_REQUEST),
    InvalidTagsError: _told(kinds.MALFORMED_REQUEST),
    InvalidDocumentError: _told(kinds.MALFORMED_REQUEST),
    InvalidQueryError: _told(kinds.MALFORMED_REQUEST),
    BodyTooLargeError: _told(kinds.CONTENT_TOO_LARGE),
    UnsupportedMediaTypeError: _told(kinds.UNSUPPORTED_CONTENT, headers={"Accept": "application/json"}),
    UnsupportedContentCodingError: _told(kinds.UNSUPPORTED_CONTENT, headers={"Accept-Encoding": "identity"}),
    ClientDisconnect: _always(
        kinds.REQUEST_INCOMPLETE, "the client closed the connection, or took too long, before it had sent the body"
    ),
    # The client.
    RoleMissingError: _role_missing,
    SecondFactorMissingError: lambda *_: second_factor_missing(),
    NotGivenError: _always(kinds.NOT_GIVEN, "nothing of this name is given in a namespace that you administer"),
    NameTakenError: _always(kinds.NAME_TAKEN, "the name is that of a grant in other namespaces: choose another one"),
    # What is asked for.
    EntryNotFoundError: _entry_not_found,
    NamespaceNotFoundError: _namespace_not_found,
    TooLargeError: _told(kinds.NAMESPACE_TOO_LARGE),
    VersionNotFoundError: _always(
        kinds.VERSION_NOT_FOUND,
        "no change of this revision made a version of the key: read the versions of the key",
    ),
    NotKeptError: _not_kept,
    UnsettledTimeError: _always(
        kinds.UNSETTLED_TIME,
        f"the time is still to come, or less than {SETTLED_SECONDS:g} seconds ago, so that changes of it may be"
        " under way: ask again later, or for the present",
    ),
    OtherHistoryError: _other_history,
    # Changes.
    PreconditionError: _precondition,
    EditsRefusedError: _edits_refused,
    InvalidValuesError: _invalid_values,
    InvalidSchemaError: _told(kinds.DEFINITION_INVALID, "the schema of the definition is refused: "),
    InvalidDefinitionError: _told(kinds.DEFINITION_INVALID, "the definition is refused: "),
    ApprovalRequiredError: _approval_required,
    LayerError: _told(kinds.LAYER_CONFLICT),
    RollbackTooLargeError: _always(
        kinds.ROLLBACK_TOO_LARGE,
        f"the rollback would change more than one transaction may, {LARGEST_ROLLBACK} keys of"
        f" {LARGEST_ROLLBACK_BYTES} bytes together, or lies too many changes back: roll back to a later version"
        " first, or the keys by themselves",
    ),
    IdReusedError: _always(
        kinds.IDEMPOTENCY_KEY_REUSED,
        "Idempotency-Key was used for another change of this resource: send a new key with each new change",
    ),
    ChangeExpiredError: _always(
        kinds.CHANGE_EXPIRED, "the change was not made, since its time was over: try again later", _RETRY
    ),
    # Proposals.
    ProposalNotFoundError: _always(kinds.PROPOSAL_NOT_FOUND, "the namespace has no proposal with this id"),
    ProposalClosedError: _proposal_closed,
    ProposalRefusedError: _proposal_refused,
    ProposalsFullError: _always(
        kinds.PROPOSALS_FULL, f"{MOST_OPEN} proposals of the namespace are open: approve, reject or withdraw some first"
    ),
    DecisionBarredError: _told(kinds.DECISION_BARRED),
    # Deliveries.
    DeliveryNotFoundError: _always(
        kinds.DELIVERY_NOT_FOUND,
        "the queue keeps no delivery with this id to the subscriber, in a namespace that you administer",
    ),
    DeliveryNotDeadError: _always(
        kinds.DELIVERY_NOT_DEAD, "the delivery is still to be made: only dead letters are replayed or discarded"
    ),
    SubscriberNotPausedError: _always(
        kinds.SUBSCRIBER_NOT_PAUSED, "there is no such subscriber, or changes are delivered to it"
    ),
    # Notifications.
    SignedFieldsError: _told(kinds.MALFORMED_REQUEST),
    UntimelyError: _told(kinds.NOTIFICATION_UNTIMELY),
    SignatureRefusedError: _always(
        kinds.SIGNATURE_REFUSED, "the signature is not by a key of a connector of this name, over these bytes"
    ),
    NotificationFormError: _told(kinds.MALFORMED_REQUEST),
    # The service.
    FullError: lambda error, _: full(error),
    ShedError: lambda error, _: shed(error),
    OverloadedError: _told(kinds.UNAVAILABLE, headers=_RETRY),  # counted, and not logged one by one
    UnavailableError: _unavailable,
}
"""The answer to each error; one that is not listed is answered as the nearest of its base classes."""
