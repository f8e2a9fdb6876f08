"""HTTP handlers of the history of entries."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from runtime.domain.entries import Action, Context, Edit, IdReusedError
from runtime.domain.history import Kind, RolledBack
from runtime.domain.names import check_namespace
from runtime.domain.preconditions import entity_tag, is_unmodified
from runtime.http.bodies import INLINE_BYTES, read_target
from runtime.http.changes import judged, outcome, rollback_to
from runtime.http.queries import (
    names_a_moment,
    parse_moment,
    read_change_id,
    read_comparison,
    read_conditions,
    read_dry_run,
    read_expected,
    read_moment,
    read_name,
    read_paging,
    read_past_listing,
    read_version,
)
from runtime.http.rate_limiter import charge_of
from runtime.http.representations import dump, represent, represent_page
from runtime.services.patches import patch

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.requests import Request

    from runtime.domain.entries import Change, Entry, Json, Version
    from runtime.domain.history import Difference, KeyEdit, KeyVersion, NamespaceChange, Side
    from runtime.http.changes import ChangeMaker
    from runtime.http.entries import EntryHandlers
    from runtime.http.representations import Representation
    from runtime.services.entries import Entries
    from runtime.services.history import Compared, History


_ROLLBACK = "?rollback"
"""The name of a namespace's rollback in the id of its change, where an entry has its key."""


class HistoryHandlers:
    """The handlers of versions, differences and rollbacks, and of reads that may ask for the past."""

    def __init__(
        self,
        history: History[Representation],
        entries: Entries[Representation],
        present: EntryHandlers,
        changes: ChangeMaker,
    ) -> None:
        self._history = history
        self._entries = entries
        self._present = present
        self._changes = changes

    def read(self, request: Request) -> Awaitable[Response]:
        """GET an entry as it is, or with ``as-of`` as it was."""
        return self._read(request) if names_a_moment(request) else self._present.read(request)

    def scan(self, request: Request) -> Awaitable[Response]:
        """GET a page of a namespace as it is, or with ``as-of`` as it was."""
        return self._scan(request) if names_a_moment(request) else self._present.scan(request)

    async def _read(self, request: Request) -> Response:
        namespace, key = read_name(request)
        conditions = read_conditions(request)
        entry = await self._history.read(namespace, key, read_moment(request))
        representation = represent(entry)
        return representation.unmodified() if is_unmodified(conditions, entry.version) else representation.response(200)

    async def _scan(self, request: Request) -> Response:
        listing = read_past_listing(request)
        conditions = read_conditions(request)
        page = await self._history.scan(listing.namespace, listing.after, listing.limit, listing.moment)
        if is_unmodified(conditions, page.version):
            return Response(status_code=304, headers={"ETag": entity_tag(page.version)})
        return represent_page(listing.namespace, page)

    async def versions(self, request: Request) -> Response:
        """GET the versions of a key, newest first."""
        namespace, key = read_name(request)
        paging = read_paging(request)
        page = await self._history.versions(namespace, key, paging.before, paging.limit)
        versions = [_version_members(version) for version in page.versions]
        body = {"namespace": namespace, "key": key, "versions": versions, "next": _text(page.next)}
        return _answer(request, body | {"oldest": str(page.oldest)}, page.version, page.oldest)

    async def version(self, request: Request) -> Response:
        """GET one version of a key, with its value."""
        namespace, key = read_name(request)
        found = await self._history.version(namespace, key, read_version(request))
        body = {"namespace": namespace, "key": key, **_version_members(found.version)}
        return _answer(request, body | {"value": _fragment(found.value)}, found.version.version)

    async def compare(self, request: Request) -> Response:
        """GET the difference of a key between two moments, as a JSON Patch."""
        namespace, key = read_name(request)
        asked = read_comparison(request, paged=False)
        found = await self._history.compare(namespace, key, asked.start, asked.end)
        body = {
            "namespace": namespace,
            "key": key,
            "from": str(found.start),
            "to": str(found.end),
            "kind": _kind(found.before, found.after),
            "before": None if found.before is None else str(found.before.version),
            "after": None if found.after is None else str(found.after.version),
            "patch": await self._patch(request, found),
        }
        return _answer(request, body, found.start, found.end)

    async def changes(self, request: Request) -> Response:
        """GET the changes of a namespace, newest first, each with its keys."""
        namespace = check_namespace(request.path_params["namespace"])
        paging = read_paging(request)
        page = await self._history.changes(namespace, paging.before, paging.limit)
        body = {
            "namespace": namespace,
            "changes": [_change_members(change) for change in page.changes],
            "next": _text(page.next),
            "oldest": str(page.oldest),
        }
        return _answer(request, body, page.version, page.oldest)

    async def differences(self, request: Request) -> Response:
        """GET the keys of a namespace that differ between two moments."""
        namespace = check_namespace(request.path_params["namespace"])
        asked = read_comparison(request, paged=True)
        page = asked.page
        found = await self._history.differences(namespace, asked.start, asked.end, page.before, page.limit)
        body = {
            "namespace": namespace,
            "from": str(found.start),
            "to": str(found.end),
            "differences": [_difference_members(each) for each in found.differences],
            "next": _text(found.next),
        }
        return _answer(request, body, found.start, found.end)

    async def roll_back(self, request: Request) -> Response:
        """POST a rollback of an entry: 200 with the new version, 201 if the entry was gone, 204 if it is gone now."""
        namespace, key = read_name(request)
        conditions = read_conditions(request)
        id_ = read_change_id(request, namespace, key)
        trial = read_dry_run(request)
        version = await self._history.resolve(parse_moment("to", await read_target(request)))

        def make(value: Json | None) -> Change:
            edits = (Edit(namespace, key, value, conditions),)
            return self._changes.change(request, id_, edits, trial=trial, to=version)

        edit, made = await self._history.roll_back(namespace, key, version, make)
        if trial:
            return outcome(namespace, (edit,), (made,))
        if edit.value is None:
            return Response(status_code=204)
        return self._entries.present(edit, made).response(201 if made.action is Action.CREATE else 200)

    async def roll_back_namespace(self, request: Request) -> Response:
        """POST a rollback of a namespace: 200 with the version that it made, and with the keys that it changed.

        It costs the tokens of a transaction.
        """
        namespace = check_namespace(request.path_params["namespace"])
        expected = read_expected(request)
        id_ = read_change_id(request, namespace, _ROLLBACK)
        trial = read_dry_run(request)
        version = await self._history.resolve(parse_moment("to", await read_target(request)))
        if id_ is not None:
            earlier = await self._history.made(id_, namespace)
            if earlier is not None:
                if not (earlier.context.reason or "").startswith(rollback_to(version)):
                    raise IdReusedError
                made = RolledBack(earlier.version, earlier.edits)
                return _rolled_back(namespace, version, made, trial=trial)
        edits, guard = await self._history.departures(namespace, version, expected)
        if denial := await charge_of(request).pay(len(edits)):
            return denial
        change = self._changes.change(request, id_, edits, trial=trial, guard=guard, to=version)
        made = await self._history.roll_back_namespace(change, guard)
        return _rolled_back(namespace, version, made, trial=trial)

    async def _patch(self, request: Request, found: Compared) -> list[Any] | None:
        """Return the patch, or None where one of the sides has no document that it could be of."""
        if found.before is None or found.after is None:
            return None
        before, after = found.before.value, found.after.value
        if len(before) + len(after) <= INLINE_BYTES:
            return patch(before, after)
        parser = request.scope["share"].intake.parser
        return await asyncio.get_running_loop().run_in_executor(parser, patch, before, after)


def _rolled_back(namespace: str, to: Version, made: RolledBack, *, trial: bool) -> Response:
    if trial:
        return judged(namespace, made.edits, made.version)
    body = {
        "namespace": namespace,
        "to": str(to),
        "version": str(made.version),
        "revision": made.version.revision,
        "keys": _edit_members(made.edits),
    }
    return Response(dump(body), headers={"ETag": entity_tag(made.version)}, media_type="application/json")


def _answer(request: Request, body: dict[str, Any], *versions: Version) -> Response:
    """Return the response whose entity tag is made of the versions that decide what it holds."""
    tag = f'"{versions[0]}{"".join(f".{version.revision}" for version in versions[1:])}"'
    tags = read_conditions(request).if_none_match
    if tags is not None and tags.match_weakly(tag):
        return Response(status_code=304, headers={"ETag": tag})
    return Response(dump(body), headers={"ETag": tag}, media_type="application/json")


def _version_members(found: KeyVersion) -> dict[str, Any]:
    digest = found.digest
    return {
        "version": str(found.version),
        "revision": found.version.revision,
        "ordinal": found.ordinal,
        "action": found.action,
        "at": found.at,
        **_context_members(found.context),
        "removed": digest is None,
        "size": None if digest is None else digest.size,
        "sha256": None if digest is None else digest.sha256,
    }


def _change_members(found: NamespaceChange) -> dict[str, Any]:
    return {
        "version": str(found.version),
        "revision": found.version.revision,
        "at": found.at,
        **_context_members(found.context),
        "keys": _edit_members(found.edits),
    }


def _context_members(context: Context | None) -> dict[str, Any]:
    found = context or Context(actor="")
    return {
        "actor": found.actor or None,
        "reason": found.reason,
        "request_id": found.request_id,
        "traceparent": found.traceparent,
    }


def _edit_members(edits: tuple[KeyEdit, ...]) -> list[dict[str, Any]]:
    return [{"key": edit.key, "action": edit.action} for edit in edits]


def _difference_members(found: Difference) -> dict[str, Any]:
    return {
        "key": found.key,
        "kind": found.kind,
        "before": _side_members(found.before),
        "after": _side_members(found.after),
    }


def _side_members(side: Side | None) -> dict[str, Any] | None:
    return None if side is None else {"version": str(side.version), "size": side.size}


def _kind(before: Entry | None, after: Entry | None) -> str | None:
    """Return the kind of a difference, or None where the values are the same."""
    if before is None or after is None:
        return None if before is after else Kind.REMOVED if after is None else Kind.ADDED
    return None if before.value == after.value else Kind.CHANGED


def _text(version: Version | None) -> str | None:
    return None if version is None else str(version)


def _fragment(value: Json | None) -> orjson.Fragment | None:
    return None if value is None else orjson.Fragment(value)
