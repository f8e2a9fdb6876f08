"""Parsers of path parameters, query parameters and headers into values of the domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runtime.domain.names import check_key, check_namespace
from runtime.domain.preconditions import Conditions, Tags, parse_tags

if TYPE_CHECKING:
    from starlette.requests import Request

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 1000
_UNCONDITIONAL = Conditions()


class InvalidQueryError(Exception):
    """The query string has an unknown, repeated or malformed parameter."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A request for at most ``limit`` entries of a namespace after the key ``after`` (empty: from the beginning)."""

    namespace: str
    after: str
    limit: int


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


def read_listing(request: Request) -> Listing:
    """Return the listing that the query string asks for; other parameters raise :class:`InvalidQueryError`."""
    namespace = check_namespace(request.path_params["namespace"])
    parameters = request.query_params
    names = [name for name, _ in parameters.multi_items()]
    if set(names) - {"after", "limit"} or len(names) != len(set(names)):
        raise InvalidQueryError("the parameters are after and limit, each at most once")
    after = parameters.get("after", "")
    return Listing(namespace, check_key(after) if after else "", _limit(parameters.get("limit", str(DEFAULT_LIMIT))))


def _limit(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_LIMIT)) and 1 <= int(text) <= LARGEST_LIMIT:
        return int(text)
    raise InvalidQueryError(f"limit is a whole number from 1 to {LARGEST_LIMIT}")


def _tags(values: list[bytes]) -> Tags | None:
    return parse_tags(b", ".join(values).decode("latin-1")) if values else None
