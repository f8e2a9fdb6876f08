"""Representations of entries: body and header fields of a response, made once and sent many times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from runtime.domain.preconditions import entity_tag

if TYPE_CHECKING:
    from runtime.domain.entries import Entry, Page, Version


@dataclass(frozen=True, slots=True)
class Representation:
    """The representation of one version of an entry, as JSON."""

    version: Version
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

    def stale(self, age: float) -> Response:
        """Return the response of a service that cannot reach its store: ``age`` seconds ago this was current."""
        marks = tuple((name.lower().encode(), value.encode()) for name, value in stale_marks(age).items())
        return _Prepared(200, self.body, self.fields + marks)

    def unmodified(self) -> Response:
        """Return the 304 response for a client that has this version."""
        return Response(status_code=304, headers={"ETag": self.tag})


def stale_marks(age: float) -> dict[str, str]:
    """Return the header fields of an answer that was current ``age`` seconds ago, and may not be so any more.

    These are Age (RFC 9111, section 5.1) and Cache-Status (RFC 9211), whose ``ttl`` is negative.
    """
    seconds = int(max(0, age))
    return {"Age": str(seconds), "Cache-Status": f"cbp; hit; ttl=-{seconds}"}


def represent(entry: Entry) -> Representation:
    """Return the representation of an entry."""
    # orjson's result keeps kilobytes of unused buffer; a copy frees them, since the body stays in memory.
    tag, body = entity_tag(entry.version), bytes(memoryview(dump(members(entry))))
    fields = (
        (b"content-length", str(len(body)).encode()),
        (b"content-type", b"application/json"),
        (b"etag", tag.encode()),
    )
    return Representation(entry.version, tag, body, fields)


def members(entry: Entry) -> dict[str, Any]:
    """Return the members of an entry's JSON object."""
    return {
        "namespace": entry.namespace,
        "key": entry.key,
        "value": orjson.Fragment(entry.value),
        "revision": entry.version.revision,
        "etag": entity_tag(entry.version),
        "updated_at": entry.updated_at,
    }


def represent_page(namespace: str, page: Page) -> Response:
    """Return the response of a list: ``next`` is the value of ``after`` for the next page, null on the last one."""
    body = {
        "namespace": namespace,
        "entries": [members(entry) for entry in page.entries],
        "next": page.next,
        "revision": page.version.revision,
    }
    return Response(dump(body), headers={"ETag": entity_tag(page.version)}, media_type="application/json")


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
