"""HTTP handlers of entries."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.responses import Response

from runtime.domain.entries import Change, Edit
from runtime.domain.preconditions import entity_tag, is_unmodified
from runtime.http.bodies import read_value
from runtime.http.clients import context_of
from runtime.http.queries import (
    read_at_least,
    read_change_id,
    read_conditions,
    read_listing,
    read_name,
    read_reason,
)
from runtime.http.representations import represent_page

if TYPE_CHECKING:
    from uuid import UUID

    from starlette.requests import Request

    from runtime.http.representations import Representation
    from runtime.services.entries import Entries


class EntryHandlers:
    """The handlers of one entry, and of the list of a namespace's entries."""

    def __init__(self, entries: Entries[Representation], change_seconds: float) -> None:
        self._entries = entries
        self._change_seconds = change_seconds

    async def read(self, request: Request) -> Response:
        """GET an entry; 304 when the client has its version, unless the store is away and cannot confirm it."""
        namespace, key = read_name(request)
        conditions = read_conditions(request)
        at_least = read_at_least(request)
        entry, age = await self._entries.read(namespace, key, at_least)
        if age is not None:
            return entry.stale(age)
        if is_unmodified(conditions, entry.version):
            return entry.unmodified()
        return entry.response(200)

    async def write(self, request: Request) -> Response:
        """PUT an entry: 201 when it is new, 200 when it replaces one."""
        namespace, key = read_name(request)
        conditions = read_conditions(request)
        id_ = read_change_id(request, namespace, key)
        value = await read_value(request)
        edit = Edit(namespace, key, value, conditions)
        entry, created = await self._entries.write(self._change(request, id_, edit))
        return entry.response(201 if created else 200)

    async def remove(self, request: Request) -> Response:
        """DELETE an entry."""
        namespace, key = read_name(request)
        id_ = read_change_id(request, namespace, key)
        await self._entries.remove(self._change(request, id_, Edit(namespace, key, None, read_conditions(request))))
        return Response(status_code=204)

    async def scan(self, request: Request) -> Response:
        """GET a page of a namespace.

        The ETag is the version of the whole store, so that 304 means that nothing at all has changed.
        """
        listing = read_listing(request)
        conditions = read_conditions(request)
        page = await self._entries.scan(listing.namespace, listing.after, listing.limit, listing.at_least)
        if is_unmodified(conditions, page.version):
            return Response(status_code=304, headers={"ETag": entity_tag(page.version)})
        return represent_page(listing.namespace, page)

    def _change(self, request: Request, id_: UUID, edit: Edit) -> Change:
        context = context_of(request.scope, read_reason(request))
        return Change(id_, (edit,), time.monotonic() + self._change_seconds, context)
