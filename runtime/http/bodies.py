"""A parser for the body of a change: a JSON object with documents in it.

A document is stored exactly: numbers keep their text, at any size. A document is refused if it could not be stored,
or if clients would read it differently (a duplicate name, a lone surrogate, NaN).
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from runtime.domain.entries import Json
from runtime.http.fields import field_value, field_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from runtime.services.intake import Share

T = TypeVar("T")

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 100

MAX_NODES = 20_000
"""The largest number of values in a document: parsing time and memory follow it, not the bytes."""

TOKEN_BYTES = 64 * 1024
"""The bytes of a body that one token of the throttle pays for."""

INLINE_BYTES = 8 * 1024
"""The largest body that is parsed on the event loop: it takes about a millisecond, if it is all small values."""


class BodyTooLargeError(Exception):
    """The body has more bytes than are read."""


class UnsupportedMediaTypeError(Exception):
    """The body is not declared as JSON in UTF-8."""


class UnsupportedContentCodingError(Exception):
    """The body has a Content-Encoding, such as gzip."""


class InvalidDocumentError(Exception):
    """The body is not JSON of the expected form."""


async def read_value(request: Request) -> Json:
    """Return the ``value`` of the body, as compact JSON; the bytes count as in progress until the answer."""
    return await read_body(request, parse_value)


async def read_body(request: Request, parse: Callable[[bytes], T]) -> T:
    """Return what ``parse`` makes of the body; its bytes count as in progress until the answer."""
    body = await read_bytes(request)
    share: Share = request.scope["share"]
    if len(body) <= INLINE_BYTES:
        return parse(body)
    return await asyncio.get_running_loop().run_in_executor(share.intake.parser, parse, body)


async def read_bytes(request: Request) -> bytes:
    """Return a body that is declared as JSON; the bytes count as in progress until the answer."""
    _check_coding(field_values(request, b"content-encoding"))
    _check_media_type(field_value(request, b"content-type"))
    return await read_limited(request, request.scope["share"])


async def read_target(request: Request) -> str:
    """Return the member ``to`` of the body of a rollback, its only one."""
    _check_coding(field_values(request, b"content-encoding"))
    _check_media_type(field_value(request, b"content-type"))
    body = await read_limited(request, request.scope["share"])
    try:
        document = None if len(body) > INLINE_BYTES else orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidDocumentError(f"the body is not JSON: {error}") from None
    if not isinstance(document, dict) or document.keys() != {"to"} or not isinstance(document["to"], str):
        raise InvalidDocumentError('the body must be an object with the one member "to", a text')
    return document["to"]


async def read_limited(request: Request, share: Share, most: int = MAX_BYTES) -> bytes:
    """Return the bytes of a body, which ``share`` holds; raise :class:`BodyTooLargeError` above ``most`` of them."""
    too_large = BodyTooLargeError(f"the body is larger than {most} bytes")
    declared = field_value(request, b"content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > most:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        share.hold(len(chunk))
        body += chunk
        if len(body) > most:
            raise too_large
    return bytes(body)


def body_bytes(request: Request) -> int:
    """Return the declared size of the body, at most ``MAX_BYTES``; one that is not declared counts as the largest."""
    if field_values(request, b"transfer-encoding"):
        return MAX_BYTES
    declared = field_value(request, b"content-length", "0")
    return min(int(declared), MAX_BYTES) if declared.isdecimal() and len(declared) < 20 else MAX_BYTES


def parse_value(body: bytes) -> Json:
    """Return the only member ``value`` of a JSON object, or raise :class:`InvalidDocumentError`."""
    document = parse_document(body)
    if not isinstance(document, dict) or document.keys() != {"value"}:
        raise InvalidDocumentError('the body must be an object with the one member "value"')
    return compact(document["value"])


def compact(value: Any) -> Json:
    """Return a part of a parsed document as compact JSON."""
    return Json(orjson.dumps(value).decode())


def parse_document(body: bytes, around: int = 1) -> Any:
    """Return a JSON document that can be stored, or raise :class:`InvalidDocumentError`.

    Its numbers are fragments of their text. ``around`` are the levels around the values that are stored.
    """
    if has_more_nodes(body, MAX_NODES):
        raise InvalidDocumentError(f"the document has more than {MAX_NODES} values")
    try:
        document = _decoder.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InvalidDocumentError(f"the body is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise InvalidDocumentError(f"the body is not JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise InvalidDocumentError(f"the document is nested more than {MAX_DEPTH} levels deep") from None
    # Without an escape, the decoders have refused what _check_text() does, and few brackets are no deep nesting.
    if b"\\u" in body or body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        _check(document, MAX_DEPTH + around)
    return document


def has_more_nodes(body: bytes, most: int) -> bool:
    """Return whether a document has more values, without building any; of text that is not JSON it may say either."""
    separators = body.count(b",") + body.count(b"[") + body.count(b"{")
    if separators < most:
        return False
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    if plain.count(b'"') > 4 * most:  # a value has at most a name and a string
        return True
    outside = plain.split(b'"')[::2]
    return sum(part.count(b",") + part.count(b"[") + part.count(b"{") for part in outside) >= most


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


def _check(value: Any, most: int) -> None:
    level = [value]
    for _ in range(most):
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


# A number becomes a fragment of its text, which is written as it came.
_decoder = json.JSONDecoder(
    parse_int=orjson.Fragment, parse_float=orjson.Fragment, parse_constant=_constant, object_pairs_hook=_object
)
