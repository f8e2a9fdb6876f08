"""Entries as they are answered: the bytes and the header fields, made once and sent as often as they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from runtime.domain.preconditions import entity_tag

if TYPE_CHECKING:
    from runtime.domain.entries import Entry


@dataclass(frozen=True, slots=True)
class Representation:
    """One revision of an entry as JSON."""

    revision: int
    tag: str
    body: bytes
    fields: tuple[tuple[bytes, bytes], ...]

    @property
    def bytes(self) -> int:
        """The length of the body: everything else is of nearly the same size in each."""
        return len(self.body)

    def response(self, status: int) -> Response:
        """Return the answer that carries it."""
        return _Prepared(status, self.body, self.fields)

    def unmodified(self) -> Response:
        """Return the answer for who has it already."""
        return Response(status_code=304, headers={"ETag": self.tag})


def represent(entry: Entry) -> Representation:
    """Return the entry as it is answered."""
    # orjson leaves its buffer's room behind the text, kilobytes of it: what is kept for long is copied.
    tag, body = entity_tag(entry.revision), bytes(memoryview(dump(members(entry))))
    fields = (
        (b"content-length", str(len(body)).encode()),
        (b"content-type", b"application/json"),
        (b"etag", tag.encode()),
    )
    return Representation(entry.revision, tag, body, fields)


def members(entry: Entry) -> dict[str, Any]:
    """Return the members of the JSON object that stands for an entry."""
    return {
        "namespace": entry.namespace,
        "key": entry.key,
        "value": orjson.Fragment(entry.value),
        "revision": entry.revision,
        "updated_at": entry.updated_at,
    }


def dump(body: dict[str, Any]) -> bytes:
    """Return an answer's body; times are in UTC."""
    return orjson.dumps(body, option=orjson.OPT_UTC_Z)


class _Prepared(Response):
    """A response whose body and fields are ready to send."""

    def __init__(self, status: int, body: bytes, fields: tuple[tuple[bytes, bytes], ...]) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = list(fields)
