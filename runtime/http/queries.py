"""Parsers of path parameters, query parameters and headers into values of the domain."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from runtime.domain.audit import KINDS, written
from runtime.domain.deliveries import DeliveryState
from runtime.domain.entries import PreconditionRequiredError, Version
from runtime.domain.names import check_key, check_namespace
from runtime.domain.preconditions import Conditions, Tags, parse_tags
from runtime.domain.proposals import State
from runtime.http.clients import actor_of
from runtime.http.fields import field_value, field_values
from runtime.ports.audit import AuditFilter

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request

    from runtime.domain.history import Moment

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 1000
DEFAULT_PAST_LIMIT = 20
LARGEST_PAST_LIMIT = 50
"""The versions, changes or differences of a page: for each difference the store may read two values of a mebibyte."""

LONGEST_REASON = 500
_UNCONDITIONAL = Conditions()
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_VERSION = re.compile(r"([0-9a-f]{8})-(0|[1-9][0-9]{0,17})")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SUBSCRIBER = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DELIVERY = re.compile(r"(0|[1-9][0-9]{0,17})-(0|[1-9][0-9]{0,4})")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_IDEMPOTENCY_KEY = re.compile(r'"([\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,255})')


class InvalidQueryError(Exception):
    """A parameter of the query string, or a header, is unknown, repeated or malformed."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A request for at most ``limit`` entries of a namespace after the key ``after`` (empty: from the beginning).

    ``at_least`` is the least version of the answer, and ``prefix`` the beginning of every key.
    """

    namespace: str
    after: str
    limit: int
    at_least: Version | None
    prefix: str


@dataclass(frozen=True, slots=True)
class NamespaceListing:
    """A request for at most ``limit`` namespaces after ``after`` that have all of the ``labels``."""

    after: str
    limit: int
    labels: dict[str, str]
    at_least: Version | None


@dataclass(frozen=True, slots=True)
class ProposalListing:
    """A request for at most ``limit`` proposals of a namespace below the number ``before``; None is any state."""

    namespace: str
    state: State | None
    before: int | None
    limit: int


@dataclass(frozen=True, slots=True)
class DeliveryListing:
    """A request for at most ``limit`` deliveries to a subscriber behind a revision and ordinal; None is any state."""

    subscriber: str
    state: DeliveryState | None
    after: tuple[int, int]
    limit: int


@dataclass(frozen=True, slots=True)
class NotificationListing:
    """A request for at most ``limit`` notifications to a namespace behind the number ``after``."""

    namespace: str
    after: int
    limit: int


@dataclass(frozen=True, slots=True)
class PastListing:
    """A request for a page of a namespace as it was at ``moment``, as :class:`Listing`."""

    namespace: str
    after: str
    limit: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class Paging:
    """A request for at most ``limit`` items before a version (None: from the newest)."""

    before: Version | None
    limit: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A request for what differs between two moments; None is the present."""

    start: Moment
    end: Moment | None
    page: Paging


def read_name(request: Request) -> tuple[str, str]:
    """Return the namespace and the key of the path; an invalid one raises ``InvalidNameError``."""
    parameters = request.path_params
    return check_namespace(parameters["namespace"]), check_key(parameters["key"])


def read_conditions(request: Request) -> Conditions:
    """Return the preconditions in the headers; a malformed one raises ``InvalidTagsError``."""
    if_match: list[bytes] = []
    if_none_match: list[bytes] = []
    for name, value in request.scope["headers"]:
        if name == b"if-match":
            if_match.append(value)
        elif name == b"if-none-match":
            if_none_match.append(value)
    if if_match or if_none_match:
        return Conditions(_tags(if_match), _tags(if_none_match))
    return _UNCONDITIONAL


def read_at_least(request: Request, *others: str) -> Version | None:
    """Return the version that the answer must not be older than; parameters but ``others`` are refused."""
    if not request.scope["query_string"]:
        return None
    return _version("at_least", _parameters(request, (*others, "at_least")).get("at_least"))


def names_a_moment(request: Request) -> bool:
    """Return whether the query string asks for the past, by the parameter ``as-of``."""
    return bool(request.scope["query_string"]) and "as-of" in request.query_params


def read_moment(request: Request) -> Moment:
    """Return the moment of ``as-of``; other parameters raise :class:`InvalidQueryError`."""
    return parse_moment("as-of", _parameters(request, ("as-of",))["as-of"])


def read_past_listing(request: Request) -> PastListing:
    """Return the listing that the query string asks for; other parameters raise :class:`InvalidQueryError`."""
    namespace = check_namespace(request.path_params["namespace"])
    parameters = _parameters(request, ("after", "as-of", "limit"))
    return PastListing(
        namespace,
        _after(parameters),
        _limit(parameters.get("limit", str(DEFAULT_LIMIT))),
        parse_moment("as-of", parameters["as-of"]),
    )


def read_paging(request: Request) -> Paging:
    """Return the page of a history that the query string asks for; others raise :class:`InvalidQueryError`."""
    return _paging(_parameters(request, ("before", "limit")))


def read_comparison(request: Request, *, paged: bool) -> Comparison:
    """Return the moments to compare, and the page of a namespace's keys; others raise :class:`InvalidQueryError`."""
    parameters = _parameters(request, ("before", "from", "limit", "to") if paged else ("from", "to"))
    if "from" not in parameters:
        raise InvalidQueryError("from is missing: the version or the time to compare with to, or with the present")
    if "before" in parameters and "to" not in parameters:
        raise InvalidQueryError("a further page needs the to of the first answer, so that all pages compare the same")
    end = parse_moment("to", parameters["to"]) if "to" in parameters else None
    return Comparison(parse_moment("from", parameters["from"]), end, _paging(parameters))


def read_version(request: Request) -> Version:
    """Return the version in the path; a malformed one raises :class:`InvalidQueryError`."""
    return _parse_version("the version in the path", request.path_params["version"])


def read_expected(request: Request) -> Version | None:
    """Return the version of a namespace that If-Match names, None for ``*``.

    Raises :class:`InvalidQueryError` for anything else, and ``PreconditionRequiredError`` without the header.
    """
    tags = read_conditions(request).if_match
    if tags is None:
        raise PreconditionRequiredError(
            "send If-Match with the entity tag of the namespace's list that you have read, or If-Match: * to roll"
            " back whatever was changed meanwhile",
            None,
        )
    if tags.anything:
        return None
    match = _VERSION.fullmatch(next(iter(tags.strong))[1:-1]) if len(tags.strong) == 1 else None
    if match is None:
        raise InvalidQueryError('If-Match is here the one entity tag of a list, such as "1f0c9a2e-42", or *')
    return Version(match[1], int(match[2]))


def parse_moment(name: str, text: str) -> Moment:
    """Return a version or a time; anything else raises :class:`InvalidQueryError`, which calls it by its name."""
    if match := _VERSION.fullmatch(text):
        return Version(match[1], int(match[2]))
    if _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise InvalidQueryError(
        f"{name} is a version, which is the text of an entity tag without its quotes, such as 1f0c9a2e-42, or a time of"
        " RFC 3339, such as 2026-11-28T09:30:00Z (in a query, + of an offset is %2B)"
    )


def read_listing(request: Request) -> Listing:
    """Return the listing that the query string asks for; other parameters raise :class:`InvalidQueryError`."""
    namespace = check_namespace(request.path_params["namespace"])
    parameters = _parameters(request, ("after", "as-of", "at_least", "limit", "prefix"))
    return Listing(
        namespace,
        _after(parameters),
        _limit(parameters.get("limit", str(DEFAULT_LIMIT))),
        _version("at_least", parameters.get("at_least")),
        _prefix(parameters.get("prefix", "")),
    )


def read_dry_run(request: Request, *others: str) -> bool:
    """Return whether a change is only to be judged; parameters but ``others`` raise :class:`InvalidQueryError`."""
    if not request.scope["query_string"]:
        return False
    _parameters(request, ("dry-run", *others))
    return read_flag(request, "dry-run")


def read_flag(request: Request, name: str) -> bool:
    """Return a parameter that is true or false, by default false."""
    text = request.query_params.get(name, "false")
    if text in ("true", "false"):
        return text == "true"
    raise InvalidQueryError(f"{name} is true or false")


def read_namespaces(request: Request) -> NamespaceListing:
    """Return the list of namespaces that is asked for; other parameters raise :class:`InvalidQueryError`."""
    parameters = _parameters(request, ("after", "at_least", "labels", "limit"))
    after, labels = parameters.get("after", ""), parameters.get("labels", "")
    return NamespaceListing(
        check_namespace(after) if after else "",
        _limit(parameters.get("limit", str(DEFAULT_LIMIT))),
        dict(map(_label, labels.split(","))) if labels else {},
        _version("at_least", parameters.get("at_least")),
    )


def read_proposals(request: Request) -> ProposalListing:
    """Return the list of proposals that is asked for; other parameters raise :class:`InvalidQueryError`."""
    parameters = _parameters(request, ("before", "limit", "state"))
    state, before = parameters.get("state"), parameters.get("before")
    if state is not None and state not in set(State):
        raise InvalidQueryError(f"state is one of {', '.join(State)}")
    return ProposalListing(
        check_namespace(request.path_params["namespace"]),
        None if state is None else State(state),
        None if before is None else _place("before", before),
        _limit(parameters.get("limit", str(DEFAULT_PAST_LIMIT)), LARGEST_PAST_LIMIT),
    )


def read_deliveries(request: Request) -> DeliveryListing:
    """Return the list of deliveries that is asked for; other parameters raise :class:`InvalidQueryError`."""
    parameters = _parameters(request, ("after", "limit", "state"))
    state = parameters.get("state")
    if state is not None and state not in set(DeliveryState):
        raise InvalidQueryError(f"state is one of {', '.join(DeliveryState)}")
    return DeliveryListing(
        read_subscriber(request),
        None if state is None else DeliveryState(state),
        _delivery("after", parameters.get("after", "0-0")),
        _limit(parameters.get("limit", str(DEFAULT_LIMIT))),
    )


def read_notifications(request: Request) -> NotificationListing:
    """Return the list of notifications that is asked for; other parameters raise :class:`InvalidQueryError`."""
    parameters = _parameters(request, ("after", "limit"))
    return NotificationListing(
        check_namespace(request.path_params["namespace"]),
        _place("after", parameters.get("after", "0")),
        _limit(parameters.get("limit", str(DEFAULT_PAST_LIMIT)), LARGEST_PAST_LIMIT),
    )


def read_subscriber(request: Request) -> str:
    """Return the name of a subscriber in the path; one of another form raises :class:`InvalidQueryError`."""
    text: str = request.path_params["subscriber"]
    if _SUBSCRIBER.fullmatch(text):
        return text
    raise InvalidQueryError("the name of a subscriber is a DNS label that begins with a letter")


def read_delivery(request: Request) -> tuple[int, int]:
    """Return the revision and ordinal in the path; one of another form raises :class:`InvalidQueryError`."""
    return _delivery("the id of a delivery", request.path_params["delivery"])


def _delivery(name: str, text: str) -> tuple[int, int]:
    if match := _DELIVERY.fullmatch(text):
        return int(match[1]), int(match[2])
    raise InvalidQueryError(f"{name} is a revision and the place of the edit in it, such as 42-0")


def read_proposal_id(request: Request) -> UUID:
    """Return the id of a proposal in the path; one of another form raises :class:`InvalidQueryError`."""
    text = request.path_params["proposal"]
    if _UUID.fullmatch(text):
        return UUID(text)
    raise InvalidQueryError("the id of a proposal is a UUID, such as 6f1c2b1e-58d4-4f0c-9d3e-2f8a4c1b7e90")


def read_emergency(request: Request) -> bool:
    """Return whether a proposal is to be made in an emergency; other parameters raise :class:`InvalidQueryError`."""
    _parameters(request, ("emergency",))
    return read_flag(request, "emergency")


def read_nothing(request: Request) -> None:
    """Raise :class:`InvalidQueryError` unless there is no parameter."""
    if request.scope["query_string"]:
        raise InvalidQueryError("this resource has no parameters")


def read_change_id(request: Request, namespace: str, key: str) -> UUID | None:
    """Return the id of a change by the caller's Idempotency-Key for this entry or transaction; None without one.

    The header is that of draft-ietf-httpapi-idempotency-key-header: a string of 1 to 255 visible characters.
    """
    keys = field_values(request, b"idempotency-key")
    if not keys:
        return None
    if len(keys) > 1 or not (match := _IDEMPOTENCY_KEY.fullmatch(keys[0])):
        raise InvalidQueryError("Idempotency-Key is one string of 1 to 255 visible characters")
    name = "\0".join((actor_of(request.scope), namespace, key, match[1] or match[2]))
    return UUID(bytes=hashlib.sha256(name.encode()).digest()[:16])


def read_reason(request: Request) -> str | None:
    """Return the reason of a change, from the header ``Change-Reason``: at most 500 characters in UTF-8."""
    value = field_value(request, b"change-reason")
    if not value:
        return None
    try:
        reason = value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidQueryError("Change-Reason is text in UTF-8") from None
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise InvalidQueryError(f"Change-Reason is one line of at most {LONGEST_REASON} characters")
    return reason


def _parameters(request: Request, known: tuple[str, ...]) -> QueryParams:
    parameters = request.query_params
    names = [name for name, _ in parameters.multi_items()]
    if set(names) - set(known) or len(names) != len(set(names)):
        raise InvalidQueryError(f"the parameters are {' and '.join(known)}, each at most once")
    return parameters


def _after(parameters: QueryParams) -> str:
    after = parameters.get("after", "")
    return check_key(after) if after else ""


def _paging(parameters: QueryParams) -> Paging:
    limit = _limit(parameters.get("limit", str(DEFAULT_PAST_LIMIT)), LARGEST_PAST_LIMIT)
    return Paging(_version("before", parameters.get("before")), limit)


def _version(name: str, text: str | None) -> Version | None:
    return None if text is None else _parse_version(name, text)


def _parse_version(name: str, text: str) -> Version:
    if match := _VERSION.fullmatch(text):
        return Version(match[1], int(match[2]))
    raise InvalidQueryError(f"{name} is the text of an entity tag, without its quotes, such as 1f0c9a2e-42")


def _prefix(text: str) -> str:
    return check_key(text) if text else ""


def _label(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if name and separator:
        return name, value
    raise InvalidQueryError("labels are name=value, separated by commas")


def _limit(text: str, largest: int = LARGEST_LIMIT) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= len(str(largest)) and 1 <= int(text) <= largest:
        return int(text)
    raise InvalidQueryError(f"limit is a whole number from 1 to {largest}")


def _tags(values: list[bytes]) -> Tags | None:
    return parse_tags(b", ".join(values).decode("latin-1")) if values else None


def read_audit_filter(request: Request) -> AuditFilter:
    """Return the records that the query string asks for; other parameters raise :class:`InvalidQueryError`."""
    known = ("after", "limit", "since", "until", "actor", "namespace", "kind", "outcome")
    parameters = _parameters(request, known)
    namespace, kind = parameters.get("namespace"), parameters.get("kind")
    if kind is not None and kind not in KINDS:
        raise InvalidQueryError(f"kind is one of {', '.join(KINDS)}")
    outcome = parameters.get("outcome", "")
    if _CONTROL.search(parameters.get("actor", "")) or not (outcome.isascii() and outcome.isprintable()):
        raise InvalidQueryError("actor and outcome are one line each, the latter of printable characters of ASCII")
    return AuditFilter(
        _place("after", parameters.get("after", "0")),
        _limit(parameters.get("limit", str(DEFAULT_LIMIT))),
        since=_time("since", parameters.get("since")),
        until=_time("until", parameters.get("until")),
        actor=parameters.get("actor"),
        namespace=None if namespace is None else check_namespace(namespace),
        kind=kind,
        outcome=parameters.get("outcome"),
    )


def read_anchors_after(request: Request) -> tuple[int, int]:
    """Return the place after which anchors are asked for, and how many at most."""
    parameters = _parameters(request, ("after", "limit"))
    return _place("after", parameters.get("after", "0")), _limit(parameters.get("limit", str(DEFAULT_LIMIT)))


def _place(name: str, text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 18:
        return int(text)
    raise InvalidQueryError(f"{name} is a whole number, as the answer for the page before has it")


def _time(name: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return written(moment)
    except (ValueError, OverflowError):
        raise InvalidQueryError(f"{name} is a time with its zone (RFC 3339), such as 2026-01-05T08:00:00Z") from None
