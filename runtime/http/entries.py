"""HTTP handlers of entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from runtime.domain.preconditions import is_unmodified
from runtime.http.bodies import read_value
from runtime.http.queries import read_conditions, read_listing, read_name
from runtime.http.representations import dump, members

if TYPE_CHECKING:
    from starlette.requests import Request

    from runtime.http.representations import Representation
    from runtime.services.entries import Entries


class EntryHandlers:
    """The handlers of one entry, and of the list of a namespace's entries."""

    def __init__(self, entries: Entries[Representation]) -> None:
        self._entries = entries

    async def read(self, request: Request) -> Response:
        """GET an entry; 304 when the client has its revision."""
        namespace, key = read_name(request)
        conditions = read_conditions(request)
        entry = await self._entries.read(namespace, key)
        if is_unmodified(conditions, entry.revision):
            return entry.unmodified()
        return entry.response(200)

    async def write(self, request: Request) -> Response:
        """PUT an entry: 201 when it is new, 200 when it replaces one."""
        namespace, key = read_name(request)
        conditions = read_conditions(request)
        value = await read_value(request)
        entry, created = await self._entries.write(namespace, key, value, conditions)
        return entry.response(201 if created else 200)

    async def remove(self, request: Request) -> Response:
        """DELETE an entry."""
        namespace, key = read_name(request)
        await self._entries.remove(namespace, key, read_conditions(request))
        return Response(status_code=204)

    async def scan(self, request: Request) -> Response:
        """GET a page of a namespace: ``next`` is the value of ``after`` for the next page, null on the last one."""
        listing = read_listing(request)
        page = await self._entries.scan(listing.namespace, listing.after, listing.limit)
        listed = [members(entry) for entry in page.entries]
        body = {"namespace": listing.namespace, "entries": listed, "next": page.next}
        return Response(dump(body), media_type="application/json")
