"""Parsers of path parameters, query parameters and headers into values of the domain."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from runtime.domain.entries import Version
from runtime.domain.names import check_key, check_namespace
from runtime.domain.preconditions import Conditions, Tags, parse_tags

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 1000
LONGEST_REASON = 500
_UNCONDITIONAL = Conditions()
_VERSION = re.compile(r"([0-9a-f]{8})-(0|[1-9][0-9]{0,17})")
_IDEMPOTENCY_KEY = re.compile(r'"([\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,255})')


class InvalidQueryError(Exception):
    """The query string has an unknown, repeated or malformed parameter."""


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


def read_name(request: Request) -> tuple[str, str]:
    """Return the namespace and the key of the path; an invalid one raises ``InvalidNameError``."""
    return check_namespace(request.path_params["namespace"]), check_key(request.path_params["key"])


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


def read_at_least(request: Request) -> Version | None:
    """Return the version that the answer must not be older than; other parameters raise :class:`InvalidQueryError`."""
    if not request.scope["query_string"]:
        return None
    return _version(_parameters(request, ("at_least",)).get("at_least"))


def read_listing(request: Request) -> Listing:
    """Return the listing that the query string asks for; other parameters raise :class:`InvalidQueryError`."""
    namespace = check_namespace(request.path_params["namespace"])
    parameters = _parameters(request, ("after", "at_least", "limit", "prefix"))
    after = parameters.get("after", "")
    return Listing(
        namespace,
        check_key(after) if after else "",
        _limit(parameters.get("limit", str(DEFAULT_LIMIT))),
        _version(parameters.get("at_least")),
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
        _version(parameters.get("at_least")),
    )


def read_change_id(request: Request, namespace: str, key: str) -> UUID:
    """Return the id of a change: that of its Idempotency-Key for this entry, or transaction, or else a new one.

    The header is that of draft-ietf-httpapi-idempotency-key-header: a string of 1 to 255 visible characters.
    """
    keys = request.headers.getlist("idempotency-key")
    if not keys:
        return uuid4()
    if len(keys) > 1 or not (match := _IDEMPOTENCY_KEY.fullmatch(keys[0])):
        raise InvalidQueryError("Idempotency-Key is one string of 1 to 255 visible characters")
    name = "\0".join((namespace, key, match[1] or match[2]))
    return UUID(bytes=hashlib.sha256(name.encode()).digest()[:16])


def read_reason(request: Request) -> str | None:
    """Return the reason of a change, from the header ``Change-Reason``: at most 500 characters in UTF-8."""
    value = request.headers.get("change-reason")
    if value is None:
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


def _version(text: str | None) -> Version | None:
    if text is None:
        return None
    if match := _VERSION.fullmatch(text):
        return Version(match[1], int(match[2]))
    raise InvalidQueryError("at_least is the text of an entity tag, without its quotes, such as 1f0c9a2e-42")


def _prefix(text: str) -> str:
    return check_key(text) if text else ""


def _label(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if name and separator:
        return name, value
    raise InvalidQueryError("labels are name=value, separated by commas")


def _limit(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_LIMIT)) and 1 <= int(text) <= LARGEST_LIMIT:
        return int(text)
    raise InvalidQueryError(f"limit is a whole number from 1 to {LARGEST_LIMIT}")


def _tags(values: list[bytes]) -> Tags | None:
    return parse_tags(b", ".join(values).decode("latin-1")) if values else None
