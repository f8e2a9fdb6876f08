"""Entries over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from runtime.domain.preconditions import entity_tag, is_unmodified
from runtime.http.bodies import read_value
from runtime.http.queries import read_conditions, read_listing, read_name

if TYPE_CHECKING:
    from starlette.requests import Request

    from runtime.domain.entries import Entry
    from runtime.services.entries import Entries


class EntryHandlers:
    """The methods of one entry and of the list of a namespace's entries."""

    def __init__(self, entries: Entries) -> None:
        self._entries = entries

    async def read(self, request: Request) -> Response:
        """GET an entry; 304 when the reader holds its revision."""
        namespace, key = read_name(request)
        conditions = read_conditions(request)
        entry = await self._entries.read(namespace, key)
        if is_unmodified(conditions, entry.revision):
            return Response(status_code=304, headers={"ETag": entity_tag(entry.revision)})
        return _entry_response(entry, 200)

    async def write(self, request: Request) -> Response:
        """PUT an entry: 201 when it is new, 200 when it replaces one."""
        namespace, key = read_name(request)
        conditions = read_conditions(request)
        value = await read_value(request)
        entry, created = await self._entries.write(namespace, key, value, conditions)
        return _entry_response(entry, 201 if created else 200)

    async def remove(self, request: Request) -> Response:
        """DELETE an entry."""
        namespace, key = read_name(request)
        await self._entries.remove(namespace, key, read_conditions(request))
        return Response(status_code=204)

    async def scan(self, request: Request) -> Response:
        """GET a page of a namespace: ``next`` is the value of ``after`` for the following one, null at the end."""
        listing = read_listing(request)
        page = await self._entries.scan(listing.namespace, listing.after, listing.limit)
        members = [_members(entry) for entry in page.entries]
        body = {"namespace": listing.namespace, "entries": members, "next": page.next}
        return Response(_dump(body), media_type="application/json")


def _entry_response(entry: Entry, status: int) -> Response:
    headers = {"ETag": entity_tag(entry.revision)}
    return Response(_dump(_members(entry)), status, headers=headers, media_type="application/json")


def _members(entry: Entry) -> dict[str, Any]:
    return {
        "namespace": entry.namespace,
        "key": entry.key,
        "value": orjson.Fragment(entry.value),
        "revision": entry.revision,
        "updated_at": entry.updated_at,
    }


def _dump(body: dict[str, Any]) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_UTC_Z)
