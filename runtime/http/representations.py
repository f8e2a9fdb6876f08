"""Representations of entries: body and header fields of a response, made once and sent many times."""

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
    """The representation of one revision of an entry, as JSON."""

    revision: int
    tag: str
    body: bytes
    fields: tuple[tuple[bytes, bytes], ...]

    @property
    def bytes(self) -> int:
        """The length of the body; the rest has nearly the same size in every representation."""
        return len(self.body)

    def response(self, status: int) -> Response:
        """Return the response with the representation."""
        return _Prepared(status, self.body, self.fields)

    def unmodified(self) -> Response:
        """Return the 304 response for a client that has this revision."""
        return Response(status_code=304, headers={"ETag": self.tag})


def represent(entry: Entry) -> Representation:
    """Return the representation of an entry."""
    # orjson's result keeps kilobytes of unused buffer; a copy frees them, since the body stays in memory.
    tag, body = entity_tag(entry.revision), bytes(memoryview(dump(members(entry))))
    fields = (
        (b"content-length", str(len(body)).encode()),
        (b"content-type", b"application/json"),
        (b"etag", tag.encode()),
    )
    return Representation(entry.revision, tag, body, fields)


def members(entry: Entry) -> dict[str, Any]:
    """Return the members of an entry's JSON object."""
    return {
        "namespace": entry.namespace,
        "key": entry.key,
        "value": orjson.Fragment(entry.value),
        "revision": entry.revision,
        "updated_at": entry.updated_at,
    }


def dump(body: dict[str, Any]) -> bytes:
    """Return a response's body as JSON; times are in UTC."""
    return orjson.dumps(body, option=orjson.OPT_UTC_Z)


class _Prepared(Response):
    """A response with a body and fields that are ready to send."""

    def __init__(self, status: int, body: bytes, fields: tuple[tuple[bytes, bytes], ...]) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = list(fields)
