"""HTTP handlers of entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from runtime.domain.entries import Action, Edit
from runtime.domain.preconditions import entity_tag, is_unmodified
from runtime.http.bodies import read_value
from runtime.http.changes import outcome
from runtime.http.queries import (
    read_at_least,
    read_change_id,
    read_conditions,
    read_dry_run,
    read_listing,
    read_name,
)
from runtime.http.rate_limiter import charge_of
from runtime.http.representations import represent_page

if TYPE_CHECKING:
    from starlette.requests import Request

    from runtime.http.changes import ChangeMaker
    from runtime.http.representations import Representation
    from runtime.services.definitions import Definitions
    from runtime.services.entries import Entries


class EntryHandlers:
    """The handlers of one entry, and of the list of a namespace's entries."""

    def __init__(
        self, entries: Entries[Representation], changes: ChangeMaker, definitions: Definitions[Representation]
    ) -> None:
        self._entries = entries
        self._changes = changes
        self._definitions = definitions

    async def read(self, request: Request) -> Response:
        """GET an entry; 304 when the client has its version, unless the store is away and cannot confirm it."""
        namespace, key = read_name(request)
        conditions = read_conditions(request)
        at_least = read_at_least(request, "as-of")
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
        trial = read_dry_run(request)
        edit = Edit(namespace, key, await read_value(request), conditions)
        change = self._changes.change(request, id_, (edit,), trial=trial)
        (made,) = await self._definitions.under(change, self._entries.make)
        if trial:
            return outcome(namespace, (edit,), (made,))
        return self._entries.present(edit, made).response(201 if made.action is Action.CREATE else 200)

    async def remove(self, request: Request) -> Response:
        """DELETE an entry."""
        namespace, key = read_name(request)
        id_ = read_change_id(request, namespace, key)
        trial = read_dry_run(request)
        edit = Edit(namespace, key, None, read_conditions(request))
        change = self._changes.change(request, id_, (edit,), trial=trial)
        made = await self._definitions.under(change, self._entries.make)
        return outcome(namespace, (edit,), made) if trial else Response(status_code=204)

    async def scan(self, request: Request) -> Response:
        """GET a page of a namespace.

        The ETag is the version of the whole store, so that 304 means that nothing at all has changed.
        """
        listing = read_listing(request)
        conditions = read_conditions(request)
        page = await self._entries.scan(
            listing.namespace, listing.after, listing.limit, listing.at_least, listing.prefix
        )
        if is_unmodified(conditions, page.version):
            return Response(status_code=304, headers={"ETag": entity_tag(page.version)})
        response = represent_page(listing.namespace, page)
        return await charge_of(request).pay_bytes(len(response.body)) or response
