"""A parser for the body of a change: one JSON object with the document as its member ``value``.

The document is stored exactly: numbers keep their text, at any size. A document is refused if it could not be stored,
or if clients would read it differently (a duplicate name, a lone surrogate, NaN).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from runtime.domain.entries import Json

if TYPE_CHECKING:
    from starlette.requests import Request

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 100


class BodyTooLargeError(Exception):
    """The body has more than ``MAX_BYTES``."""


class UnsupportedMediaTypeError(Exception):
    """The body is not declared as JSON in UTF-8."""


class UnsupportedContentCodingError(Exception):
    """The body has a Content-Encoding, such as gzip."""


class InvalidDocumentError(Exception):
    """The body is not JSON of the expected form."""


@dataclass(frozen=True, slots=True)
class _Number:
    """The text of a JSON number."""

    text: str


async def read_value(request: Request) -> Json:
    """Return the ``value`` of the body, as compact JSON."""
    _check_coding(request.headers.getlist("content-encoding"))
    _check_media_type(request.headers.get("content-type", ""))
    return parse_value(await _read(request))


def parse_value(body: bytes) -> Json:
    """Return the only member ``value`` of a JSON object, or raise :class:`InvalidDocumentError`."""
    try:
        document = _decoder.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InvalidDocumentError(f"the body is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise InvalidDocumentError(f"the body is not JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise InvalidDocumentError(f"the document is nested more than {MAX_DEPTH} levels deep") from None
    if not isinstance(document, dict) or document.keys() != {"value"}:
        raise InvalidDocumentError('the body must be an object with the one member "value"')
    value = document["value"]
    _check(value)
    return Json(orjson.dumps(value, default=_as_written, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode())


def _check_coding(headers: list[str]) -> None:
    codings = {coding.strip().lower() for header in headers for coding in header.split(",")}
    if codings - {"", "identity"}:
        raise UnsupportedContentCodingError("the body must be sent without a Content-Encoding")


def _check_media_type(header: str) -> None:
    media_type, _, parameters = header.partition(";")
    if media_type.strip().lower() != "application/json":
        raise UnsupportedMediaTypeError("the body must be declared as Content-Type: application/json")
    name, _, charset = parameters.partition("=")
    if name.strip().lower() == "charset" and charset.strip().strip('"').lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaTypeError("JSON is exchanged in UTF-8 (RFC 8259, section 8.1)")


async def _read(request: Request) -> bytes:
    too_large = BodyTooLargeError(f"the body is larger than {MAX_BYTES} bytes")
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > MAX_BYTES:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise too_large
    return bytes(body)


def _check(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        for text in _texts(level):
            _check_text(text)
        level = [child for node in level if isinstance(node, dict | list) for child in _children(node)]
        if not level:
            return
    raise InvalidDocumentError(f"the document is nested more than {MAX_DEPTH} levels deep")


def _children(node: dict[str, Any] | list[Any]) -> list[Any]:
    return list(node.values()) if isinstance(node, dict) else node


def _texts(level: list[Any]) -> list[str]:
    names = [name for node in level if isinstance(node, dict) for name in node]
    return names + [node for node in level if isinstance(node, str)]


def _check_text(text: str) -> None:
    if "\0" in text:
        raise InvalidDocumentError("a string holds the character U+0000, which cannot be stored")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidDocumentError("a string holds half of a surrogate pair, which is not a character") from None


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise InvalidDocumentError("an object has two members of one name")
    return found


def _constant(name: str) -> None:
    raise InvalidDocumentError(f"{name} is not JSON")


def _as_written(number: _Number) -> orjson.Fragment:
    return orjson.Fragment(number.text)


_decoder = json.JSONDecoder(parse_int=_Number, parse_float=_Number, parse_constant=_constant, object_pairs_hook=_object)
