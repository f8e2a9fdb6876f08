"""The kinds of problem that the service answers with: each has a ``type`` that leads to its part of ``/problems``.

Two are of the registry of problem types, by draft-ietf-httpapi-ratelimit-headers-11; the page explains them too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_REGISTRY = "https://iana.org/assignments/http-problem-types#"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its status and title, its cause, and the client's remedy; ``fields`` may come with it.

    ``name`` is its anchor in ``/problems``.
    """

    name: str
    status: int
    title: str
    cause: str
    remedy: str
    fields: tuple[str, ...] = ()
    registered: bool = False

    @property
    def type(self) -> str:
        """The URI reference of the problem's member ``type``."""
        return f"{_REGISTRY if self.registered else '/problems#'}{self.name}"


MALFORMED_REQUEST: Final = Kind(
    "malformed-request",
    400,
    "Malformed Request",
    "The head, a name, a parameter, a header or the body is not of the form that the API expects.",
    "Correct the request as the detail says; the same request fails again.",
)
UNSETTLED_TIME: Final = Kind(
    "unsettled-time",
    400,
    "Unsettled Time",
    "The time is still to come, or so short ago that changes of it may be under way.",
    "Ask a few seconds later, or for the present.",
)
SIGN_IN_REQUIRED: Final = Kind(
    "sign-in-required",
    401,
    "Sign In Required",
    "The request has no token.",
    "Send a token as Authorization: Bearer TOKEN.",
    ("WWW-Authenticate",),
)
INVALID_TOKEN: Final = Kind(
    "invalid-token",
    401,
    "Invalid Token",
    "The token proves nothing: it has ended, is of an issuer that is not trusted, or is for another service.",
    "Get a new token from the issuer.",
    ("WWW-Authenticate",),
)
SECOND_FACTOR_REQUIRED: Final = Kind(
    "second-factor-required",
    401,
    "Second Factor Required",
    "A person changes and administers only after signing in with several factors.",
    "Sign in again, with a second factor.",
    ("WWW-Authenticate",),
)
ROLE_MISSING: Final = Kind(
    "role-missing",
    403,
    "Role Missing",
    "The request needs a role that the client has not; the members role and namespace name it.",
    "Ask an administrator of the namespace for the role.",
    ("WWW-Authenticate",),
)
APPROVAL_REQUIRED: Final = Kind(
    "approval-required",
    403,
    "Approval Required",
    "The definition of the namespace says that its changes need approvals, which a direct change does not have.",
    "Propose the change, by a POST to the path in the member proposals; others approve it.",
)
DECISION_BARRED: Final = Kind(
    "decision-barred",
    403,
    "Decision Barred",
    "The client has the role, and may not decide about this proposal: it is its own, or the client is no person.",
    "Ask another approver of the namespace.",
)
SIGNATURE_REFUSED: Final = Kind(
    "signature-refused",
    403,
    "Signature Refused",
    "No signature of the notification is by a key of a connector of this name, over its id, its time and its body.",
    "Sign the bytes that are sent, as Standard Webhooks says, by the key that was agreed.",
)
NOTIFICATION_UNTIMELY: Final = Kind(
    "notification-untimely",
    403,
    "Notification Untimely",
    "The time of the signature is too far away from the present: the notification may have been recorded.",
    "Sign each attempt anew, by a clock that is set.",
)
NO_SUCH_PATH: Final = Kind(
    "no-such-path",
    404,
    "No Such Path",
    "The API has no resource at this path.",
    "See the paths in /openapi.json.",
)
ENTRY_NOT_FOUND: Final = Kind(
    "entry-not-found",
    404,
    "Entry Not Found",
    "The namespace has no entry with this key. With Age, the store is away and this was so that many seconds ago.",
    "Check the namespace and the key, or create the entry.",
    ("Age", "Cache-Status"),
)
NAMESPACE_NOT_FOUND: Final = Kind(
    "namespace-not-found",
    404,
    "Namespace Not Found",
    "The namespace has neither entries nor a definition. With Age, the store is away and that was so Age seconds ago.",
    "Check its name, or write an entry or a definition of it.",
    ("Age", "Cache-Status"),
)
VERSION_NOT_FOUND: Final = Kind(
    "version-not-found",
    404,
    "Version Not Found",
    "No change of this revision made a version of the key.",
    "Read the versions of the key.",
)
NOT_GIVEN: Final = Kind(
    "not-given",
    404,
    "Not Given",
    "No grant or key of this name is in force in a namespace that the client administers.",
    "List what is given.",
)
DELIVERY_NOT_FOUND: Final = Kind(
    "delivery-not-found",
    404,
    "Delivery Not Found",
    "The queue keeps no delivery with this id to the subscriber: it was made, was discarded, or is of a namespace that"
    " the client does not administer.",
    "List the deliveries to the subscriber.",
)
PROPOSAL_NOT_FOUND: Final = Kind(
    "proposal-not-found",
    404,
    "Proposal Not Found",
    "The namespace has no proposal with this id, or it was over for longer than history is kept.",
    "List the proposals of the namespace.",
)
METHOD_NOT_ALLOWED: Final = Kind(
    "method-not-allowed",
    405,
    "Method Not Allowed",
    "The resource does not have this method.",
    "Use one of those in Allow.",
    ("Allow",),
)
REQUEST_INCOMPLETE: Final = Kind(
    "request-incomplete",
    408,
    "Request Incomplete",
    "The request did not arrive in time, or the client closed the connection before its end.",
    "Send it again, faster than 35 kB a second if it is large.",
)
NAMESPACE_TOO_LARGE: Final = Kind(
    "namespace-too-large",
    409,
    "Namespace Too Large",
    "The namespace, or its layers together, hold more than is answered or changed at once.",
    "Read its entries page by page, and change them by transactions.",
)
NAMESPACE_NOT_EMPTY: Final = Kind(
    "namespace-not-empty",
    409,
    "Namespace Not Empty",
    "The namespace to be removed has entries, and confirm does not name it.",
    "Add confirm with the name of the namespace to remove its entries too.",
)
LAYER_CONFLICT: Final = Kind(
    "layer-conflict",
    409,
    "Layer Conflict",
    "The definition's parent is undefined, inherits from it or is too deep, or others inherit from what is removed.",
    "Change the definitions as the detail says first.",
)
STORED_VALUES_INVALID: Final = Kind(
    "stored-values-invalid",
    409,
    "Stored Values Invalid",
    "Stored entries violate the schema of the new definition; the member violations lists them.",
    "Change them first, or send allow-invalid=true to leave them as they are.",
)
NAME_TAKEN: Final = Kind(
    "name-taken",
    409,
    "Name Taken",
    "The name is that of a grant in other namespaces.",
    "Choose another name.",
)
DELIVERY_NOT_DEAD: Final = Kind(
    "delivery-not-dead",
    409,
    "Delivery Not Dead",
    "The delivery is still to be made, so that it is neither replayed nor discarded.",
    "Read the delivery: due_at says when it is made next.",
)
SUBSCRIBER_NOT_PAUSED: Final = Kind(
    "subscriber-not-paused",
    409,
    "Subscriber Not Paused",
    "There is no such subscriber, or it is not paused, so that there is nothing to resume.",
    "Read the subscribers: paused_at says since when one is paused.",
)
PROPOSAL_CLOSED: Final = Kind(
    "proposal-closed",
    409,
    "Proposal Closed",
    "The proposal is over, in the state that the member state names.",
    "Read it, and propose the change again if it is still wanted.",
)
PROPOSAL_REFUSED: Final = Kind(
    "proposal-refused",
    409,
    "Proposal Refused",
    "Enough people approved the proposal, and its change cannot be made any more; the member refusals says why.",
    "Propose a change that the namespace takes as it is now.",
)
PROPOSALS_FULL: Final = Kind(
    "proposals-full",
    409,
    "Proposals Full",
    "As many proposals of the namespace are open as may be.",
    "Approve, reject or withdraw some first.",
)
NOT_KEPT: Final = Kind(
    "not-kept",
    410,
    "Not Kept",
    "The history that is kept does not reach back so far.",
    "Ask for the version in the member oldest, or for a later one.",
)
PRECONDITION_FAILED: Final = Kind(
    "precondition-failed",
    412,
    "Precondition Failed",
    "If-Match or If-None-Match does not hold: somebody changed or removed the entry after it was read.",
    "Read the entry again, and decide again; ETag is its present version, where there is one.",
    ("ETag",),
)
EDITS_REFUSED: Final = Kind(
    "edits-refused",
    412,
    "Edits Refused",
    "Edits of the change were refused, so that none was made; the member refusals lists each by its index.",
    "Read the entries of the refused edits again, and decide again.",
)
PROPOSAL_STALE: Final = Kind(
    "proposal-stale",
    412,
    "Proposal Stale",
    "Enough people approved the proposal, and what it replaces has changed since; the member refusals says where.",
    "Read the entries again, and propose the change again.",
)
OTHER_HISTORY: Final = Kind(
    "other-history",
    412,
    "Other History",
    "The revision in at_least is not part of the present history, as after a restore of the database.",
    "Read without at_least.",
)
CONTENT_TOO_LARGE: Final = Kind(
    "content-too-large",
    413,
    "Content Too Large",
    "The body has more bytes, or more pieces, than the API reads.",
    "Divide the document between several entries.",
)
UNSUPPORTED_CONTENT: Final = Kind(
    "unsupported-content",
    415,
    "Unsupported Content",
    "The body is not declared as application/json in UTF-8, or it is compressed.",
    "Send Content-Type: application/json and no Content-Encoding.",
    ("Accept", "Accept-Encoding"),
)
IDEMPOTENCY_KEY_REUSED: Final = Kind(
    "idempotency-key-reused",
    422,
    "Idempotency Key Reused",
    "Idempotency-Key was used for another change of this resource.",
    "Send a new key with each new change, and the same key with a repetition alone.",
)
ROLLBACK_TOO_LARGE: Final = Kind(
    "rollback-too-large",
    422,
    "Rollback Too Large",
    "The rollback would change more keys or bytes than one transaction may.",
    "Roll back to a later version first, or the keys by themselves.",
)
DEFINITION_INVALID: Final = Kind(
    "definition-invalid",
    422,
    "Definition Invalid",
    "A member of the definition is wrong, or its schema is no JSON Schema, reaches out or could cost too much.",
    "Correct it as the detail says.",
)
VALUES_INVALID: Final = Kind(
    "values-invalid",
    422,
    "Values Invalid",
    "A value violates the schema of its namespace; the member violations lists where.",
    "Correct the values, or have the owner change the schema.",
)
PRECONDITION_REQUIRED: Final = Kind(
    "precondition-required",
    428,
    "Precondition Required",
    "The entry exists, and the change does not say which version it replaces.",
    "Send If-Match with the ETag of the version that was read, or * to change any version.",
    ("ETag",),
)
QUOTA_EXCEEDED: Final = Kind(
    "quota-exceeded",
    429,
    "Quota Exceeded",
    "The client sends more requests than its quota admits, or has too many in progress: see violated-policies.",
    "Wait for Retry-After seconds.",
    ("Retry-After",),
    registered=True,
)
FIELDS_TOO_LARGE: Final = Kind(
    "fields-too-large",
    431,
    "Request Header Fields Too Large",
    "The head, the trailers or an extension of a chunk is longer than the service reads.",
    "Send fewer or shorter header fields.",
)
DEFECT: Final = Kind(
    "defect",
    500,
    "Defect",
    "The request met a defect of the service, which has been logged.",
    "Report it with the request's id, which is in X-Request-Id.",
)
NO_SUCH_PROTOCOL: Final = Kind(
    "no-such-protocol",
    501,
    "No Such Protocol",
    "The request asks for another protocol (Upgrade), and has a body.",
    "Send it without Upgrade.",
)
UNAVAILABLE: Final = Kind(
    "unavailable",
    503,
    "Unavailable",
    "The database is away, or the keys of the token's issuer are not known yet. A change was not made.",
    "Try again after Retry-After seconds.",
    ("Retry-After",),
)
OUTCOME_UNKNOWN: Final = Kind(
    "outcome-unknown",
    503,
    "Outcome Unknown",
    "The database did not say whether the change was made.",
    "Send it again with the same Idempotency-Key, or read the entry first.",
    ("Retry-After",),
)
CHANGE_EXPIRED: Final = Kind(
    "change-expired",
    503,
    "Change Expired",
    "The change waited for too long, and was not made.",
    "Try again after Retry-After seconds.",
    ("Retry-After",),
)
REDUCED_CAPACITY: Final = Kind(
    "temporary-reduced-capacity",
    503,
    "Temporary Reduced Capacity",
    "The service admits less than usual: requests are not counted together, too many are under way, or memory is low.",
    "Try again after Retry-After seconds.",
    ("Retry-After",),
    registered=True,
)

KINDS: Final = (
    MALFORMED_REQUEST,
    UNSETTLED_TIME,
    SIGN_IN_REQUIRED,
    INVALID_TOKEN,
    SECOND_FACTOR_REQUIRED,
    ROLE_MISSING,
    APPROVAL_REQUIRED,
    DECISION_BARRED,
    SIGNATURE_REFUSED,
    NOTIFICATION_UNTIMELY,
    NO_SUCH_PATH,
    ENTRY_NOT_FOUND,
    NAMESPACE_NOT_FOUND,
    VERSION_NOT_FOUND,
    NOT_GIVEN,
    DELIVERY_NOT_FOUND,
    PROPOSAL_NOT_FOUND,
    METHOD_NOT_ALLOWED,
    REQUEST_INCOMPLETE,
    NAMESPACE_TOO_LARGE,
    NAMESPACE_NOT_EMPTY,
    LAYER_CONFLICT,
    STORED_VALUES_INVALID,
    NAME_TAKEN,
    DELIVERY_NOT_DEAD,
    SUBSCRIBER_NOT_PAUSED,
    PROPOSAL_CLOSED,
    PROPOSAL_REFUSED,
    PROPOSALS_FULL,
    NOT_KEPT,
    PRECONDITION_FAILED,
    EDITS_REFUSED,
    PROPOSAL_STALE,
    OTHER_HISTORY,
    CONTENT_TOO_LARGE,
    UNSUPPORTED_CONTENT,
    IDEMPOTENCY_KEY_REUSED,
    ROLLBACK_TOO_LARGE,
    DEFINITION_INVALID,
    VALUES_INVALID,
    PRECONDITION_REQUIRED,
    QUOTA_EXCEEDED,
    FIELDS_TOO_LARGE,
    DEFECT,
    NO_SUCH_PROTOCOL,
    UNAVAILABLE,
    OUTCOME_UNKNOWN,
    CHANGE_EXPIRED,
    REDUCED_CAPACITY,
)
"""Every kind, by status."""
