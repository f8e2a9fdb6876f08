"""The parameters of requests, and the header fields of requests and answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from runtime.domain.audit import KINDS
from runtime.domain.deliveries import DeliveryState
from runtime.domain.names import KEY, NAMESPACE
from runtime.domain.proposals import State
from runtime.http.openapi.parts import Field, Parameter
from runtime.http.queries import (
    DEFAULT_LIMIT,
    DEFAULT_PAST_LIMIT,
    LARGEST_LIMIT,
    LARGEST_PAST_LIMIT,
    LONGEST_REASON,
)

TAG: Final = "0a1b2c3d-1"
"""The version in examples: the epoch of the history, and a revision."""

_VERSION = "[0-9a-f]{8}-(?:0|[1-9][0-9]{0,17})"
_TAG = r'(?:W/)?"[!#-~\x80-\xff]*"'
TAGS = rf"^(?:\*|[ ,]*(?:{_TAG}(?: *,[ ,]*{_TAG})*[ ,]*)?)$"


def _text(pattern: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, **more}


_SECONDS: Final = {"type": "integer", "minimum": 0}
NAMESPACE_NAME: Final = _text(f"^{NAMESPACE.pattern}$")
KEY_NAME: Final = _text(f"^{KEY.pattern}$")

VERSION: Final = _text(f"^{_VERSION}$")
UUID_TEXT: Final = _text("^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
PROPOSAL_ID: Final = "ceb18649-ce20-d03b-ed74-7d1bc67d5e55"
"""The id in examples: that of the example's Idempotency-Key."""

SUBSCRIBER_NAME: Final = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"
DELIVERY_ID: Final = "^(0|[1-9][0-9]{0,17})-(0|[1-9][0-9]{0,4})$"
"""The id of a delivery: the revision of its change, and the place of its edit in it."""

MOMENT: Final = {"anyOf": [VERSION, {"type": "string", "format": "date-time"}]}
"""A version, or a time of RFC 3339."""

IN_PATH: Final = (
    Parameter("namespace", "path", "The name of a namespace: a DNS label.", NAMESPACE_NAME, "payments"),
    Parameter("key", "path", "The key of an entry in its namespace.", KEY_NAME, "limits"),
    Parameter("version", "path", "A version: the text of an ETag, without its quotes.", VERSION, TAG),
    Parameter("grant", "path", "The name of a grant.", _text("^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"), "on-call"),
    Parameter("id", "path", "The id of a key.", _text("^[0-9a-f]{16}$"), "0123456789abcdef"),
    Parameter("proposal", "path", "The id of a proposal.", UUID_TEXT, PROPOSAL_ID),
    Parameter("subscriber", "path", "The name of a subscriber.", _text(SUBSCRIBER_NAME), "ledger"),
    Parameter("delivery", "path", "The id of a delivery: revision and place.", _text(DELIVERY_ID), "42-0"),
    Parameter("connector", "path", "The name of a connector.", _text(SUBSCRIBER_NAME), "core-banking"),
    Parameter("file", "path", "A file of the page.", _text(r"^[a-z0-9-]+\.[a-z]+$"), "swagger-ui.css"),
)
"""The parameters of path templates, by name; an operation has those of its template."""

LIMIT: Final = Parameter(
    "limit",
    "query",
    "The most entries of a page.",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
    2,
)
AFTER: Final = Parameter(
    "after",
    "query",
    "Only keys behind this one: the `next` of the page before; empty for the first page.",
    _text(f"^(?:{KEY.pattern})?$"),
    "a",
)
AT_LEAST: Final = Parameter(
    "at_least",
    "query",
    "The answer is of this version of the store or of a later one: the text of an ETag, without its quotes.",
    VERSION,
    TAG,
)
AS_OF: Final = Parameter(
    "as-of",
    "query",
    "The answer is that of this version or time, with no other parameter than of the page.",
    MOMENT,
    TAG,
)
PREFIX: Final = Parameter("prefix", "query", "Only keys that begin so.", _text(f"^(?:{KEY.pattern})?$"), "lim")
AFTER_NAMESPACE: Final = Parameter(
    "after",
    "query",
    "Only namespaces behind this one: the `next` of the page before; empty for the first page.",
    _text(f"^(?:{NAMESPACE.pattern})?$"),
    "a",
    title="after-namespace",
)
LABELS: Final = Parameter(
    "labels",
    "query",
    "Only namespaces whose definitions have all of these labels, as name=value, separated by commas.",
    _text("^(?:[^=,]+=[^,]*(?:,[^=,]+=[^,]*)*)?$"),
    "tier=one",
)
_FLAG: Final = {"type": "boolean", "default": False}
DRY_RUN: Final = Parameter(
    "dry-run", "query", "Whether the change is only judged, exactly as it would be made.", _FLAG, True
)
ALLOW_INVALID: Final = Parameter(
    "allow-invalid", "query", "Whether stored entries that violate the schema may stay as they are.", _FLAG, True
)
EXPLAIN: Final = Parameter(
    "explain", "query", "Whether each value says from which layer it is, and what it hides.", _FLAG, True
)
CONFIRM: Final = Parameter(
    "confirm",
    "query",
    "The name of the namespace, if its entries are to be removed too.",
    {"type": "string"},
    "payments",
)
FROM: Final = Parameter("from", "query", "The version or time to compare from.", MOMENT, TAG, required=True)
TO: Final = Parameter("to", "query", "The version or time to compare with; without it, the present.", MOMENT, TAG)
BEFORE: Final = Parameter(
    "before",
    "query",
    "Only what is older: the `next` of the page before. Differences also need its `to`.",
    VERSION,
    TAG,
)
PAST_LIMIT: Final = Parameter(
    "limit",
    "query",
    "The most items of a page.",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_PAST_LIMIT, "default": DEFAULT_PAST_LIMIT},
    2,
    title="past-limit",
)
BELOW: Final = Parameter(
    "before",
    "query",
    "Only older proposals: the `next` of the page before.",
    _text("^[0-9]{1,18}$"),
    "7",
    title="before-proposal",
)
STATE: Final = Parameter("state", "query", "Only proposals in this state.", {"enum": list(State)}, State.OPEN.value)
EMERGENCY: Final = Parameter(
    "emergency",
    "query",
    "Whether the change is made without further approvals, by a right that somebody else gave for an emergency.",
    _FLAG,
    True,
)
IF_MATCH: Final = Parameter(
    "If-Match",
    "header",
    "The ETag of the version that was read, or several; `*` is any version. A weak one (W/) never matches.",
    _text(TAGS),
    f'"{TAG}"',
)
IF_MATCH_LIST: Final = Parameter(
    "If-Match",
    "header",
    "The one ETag of the namespace's list that was read, or `*`.",
    _text(rf'^(?:\*|"{_VERSION}")$'),
    f'"{TAG[:-1]}2"',
    title="If-Match-list",
)
IF_NONE_MATCH: Final = Parameter(
    "If-None-Match",
    "header",
    "The ETags that the client has: a read of one of them is answered with 304. With a change, `*` never replaces.",
    _text(TAGS),
    f'"{TAG}"',
)
IDEMPOTENCY_KEY: Final = Parameter(
    "Idempotency-Key",
    "header",
    "Makes the change safe to send again: it is made once for each key, and a repetition is answered alike.",
    _text(r'^(?:"[!#-\[\]-~]{1,255}"|[!#-+\--\[\]-~]{1,255})$'),
    '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
)
CHANGE_REASON: Final = Parameter(
    "Change-Reason",
    "header",
    f"The reason that is recorded with the change: one line of UTF-8, at most {LONGEST_REASON} characters.",
    _text("^[^\\x00-\\x1f\\x7f]*$", maxLength=LONGEST_REASON),
    "PAY-17: the summer sale",
)
STEP_REASON: Final = replace(
    CHANGE_REASON, title="Step-Reason", text="The reason that is recorded with the step, as with a change."
)
REQUEST_ID: Final = Parameter(
    "X-Request-Id",
    "header",
    "A name for the request in the logs, which the answer repeats: 1 to 64 letters, digits, dots, _ and -.",
    {"type": "string"},
    "3f2b6c0e",
)
TRACEPARENT: Final = Parameter(
    "traceparent",
    "header",
    "The trace that the request is part of, by W3C Trace Context: it is in the logs, and in the events of a change."
    " A malformed one is ignored.",
    {"type": "string"},
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)

DISCARD_REASON: Final = replace(
    STEP_REASON,
    title="Discard-Reason",
    text="The reason, which is recorded in the audit trail.",
    schema=_text("^[^\\x00-\\x20\\x7f][^\\x00-\\x1f\\x7f]*$", maxLength=LONGEST_REASON),
    required=True,
)
BEHIND: Final = Parameter(
    "after",
    "query",
    "Only later deliveries: the `next` of the page before.",
    _text(DELIVERY_ID),
    "41-0",
    title="after-delivery",
)
AFTER_NUMBER: Final = Parameter(
    "after",
    "query",
    "Only later notifications: a number, as the `next` of the page before.",
    _text("^[0-9]{1,18}$"),
    "41",
    title="after-number",
)
WEBHOOK_ID: Final = Parameter(
    "webhook-id",
    "header",
    "The id of the notification, the same whenever it is sent: it is kept once.",
    _text(r"^[!-\-/-~]{1,255}$"),
    "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
    required=True,
)
WEBHOOK_TIMESTAMP: Final = Parameter(
    "webhook-timestamp",
    "header",
    "The seconds since 1970 at which this attempt was signed.",
    _text("^[1-9][0-9]{0,11}$"),
    "1767605400",
    required=True,
)
WEBHOOK_SIGNATURE: Final = Parameter(
    "webhook-signature",
    "header",
    "`v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64; several are separated by spaces.",
    _text("^[!-~]+(?: [!-~]+){0,7}$"),
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    required=True,
)
DELIVERY_STATE: Final = Parameter(
    "state",
    "query",
    "Only deliveries in this state.",
    {"enum": list(DeliveryState)},
    DeliveryState.DEAD.value,
    title="delivery-state",
)

_LINE: Final = _text("^[ -~]*$")
_MOMENT: Final = {"type": "string", "format": "date-time"}
AUDIT_AFTER: Final = Parameter(
    "after",
    "query",
    "Only what is behind this place in the chain: the `next` of the page before.",
    {"type": "integer", "minimum": 0, "maximum": 10**18 - 1, "default": 0},
    0,
    title="audit-after",
)
SINCE: Final = Parameter("since", "query", "Only records of this time or later.", _MOMENT, "2026-01-05T00:00:00Z")
UNTIL: Final = Parameter("until", "query", "Only records before this time.", _MOMENT, "2026-01-06T00:00:00Z")
ACTOR: Final = Parameter(
    "actor", "query", "Only records of this actor.", _text("^[^\\x00-\\x1f\\x7f]*$"), "people:anna"
)
OF_NAMESPACE: Final = Parameter(
    "namespace", "query", "Only records of this namespace.", NAMESPACE_NAME, "payments", title="of-namespace"
)
RECORD_KIND: Final = Parameter("kind", "query", "Only records of this kind.", {"enum": list(KINDS)}, KINDS[0])
OUTCOME: Final = Parameter(
    "outcome", "query", "Only records of this outcome: an action, or a refusal's status.", _LINE, "create"
)

FIELDS: Final = {
    field.name: field
    for field in (
        Field("ETag", "The version of what is answered, for If-Match and If-None-Match.", _text(r'^"[!#-~]*"$')),
        Field("Age", "The database is away, and the answer was current this many seconds ago.", _SECONDS),
        Field(
            "Cache-Status",
            "Comes with Age: `cbp; hit; ttl=-…` says that the answer may not be current any more (RFC 9211).",
            _text("^cbp; hit; ttl=-[0-9]+$"),
        ),
        Field("Cache-Control", "Whether a cache may keep the answer (RFC 9111).", {"type": "string"}),
        Field("X-Request-Id", "The name of the request in the logs.", _text("^[A-Za-z0-9._-]{1,64}$")),
        Field(
            "RateLimit-Policy",
            "The quotas of the client: `q` requests in any `w` seconds, counted for the partition `pk`.",
            {"type": "string"},
        ),
        Field(
            "RateLimit",
            "What is left of each quota: `r` requests, for the next `t` seconds.",
            {"type": "string"},
        ),
        Field("Location", "The path of what was made (RFC 9110, section 10.2.2).", {"type": "string"}),
        Field("Retry-After", "The seconds after which the request may be sent again.", _SECONDS),
        Field("WWW-Authenticate", "How to sign in, and what the token lacks (RFC 6750).", {"type": "string"}),
        Field("Allow", "The methods of the resource.", {"type": "string"}),
        Field("Accept", "The media type that a body may have.", {"type": "string"}),
        Field("Accept-Encoding", "The codings that a body may have.", {"type": "string"}),
        Field("Link", "Where the description, the page for people and the state are (RFC 8631).", {"type": "string"}),
        Field("Content-Security-Policy", "What the page may load: its own files.", {"type": "string"}),
    )
}
"""The header fields of answers, by name."""
