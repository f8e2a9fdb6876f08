"""HTTP handlers of the definitions of namespaces, and of the list of namespaces."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

from runtime.domain.entries import Action, Edit
from runtime.domain.names import check_namespace
from runtime.domain.namespaces import EVERY_NAME
from runtime.domain.preconditions import entity_tag, is_unmodified
from runtime.http.bodies import InvalidDocumentError, compact, parse_document, read_body
from runtime.http.changes import outcome
from runtime.http.queries import (
    read_at_least,
    read_change_id,
    read_conditions,
    read_dry_run,
    read_flag,
    read_namespaces,
)
from runtime.http.rate_limiter import charge_of
from runtime.http.representations import dump
from runtime.routes import NAMESPACE, PERMISSIONS
from runtime.services.definitions import KEY

if TYPE_CHECKING:
    from starlette.requests import Request

    from runtime.domain.entries import Json
    from runtime.domain.namespaces import Summary
    from runtime.http.changes import ChangeMaker
    from runtime.http.representations import Representation
    from runtime.ports.entries import EntryStore
    from runtime.services.access import Authority
    from runtime.services.definitions import Definitions
    from runtime.services.entries import Entries

UNCHECKED = "allow-invalid"
"""The parameter by which entries that violate a new schema are left as they are."""


class DefinitionHandlers:
    """The handlers of definitions, and of the list of namespaces."""

    def __init__(
        self,
        definitions: Definitions[Representation],
        entries: Entries[Representation],
        store: EntryStore,
        changes: ChangeMaker,
        authority: Authority,
    ) -> None:
        self._definitions = definitions
        self._entries = entries
        self._store = store
        self._changes = changes
        self._authority = authority

    async def read(self, request: Request) -> Response:
        """GET the definition of a namespace; 304 when the client has it."""
        namespace = check_namespace(request.path_params["namespace"])
        conditions = read_conditions(request)
        definition, age = await self._definitions.read(namespace, read_at_least(request))
        if age is not None:
            return definition.stale(age)
        return definition.unmodified() if is_unmodified(conditions, definition.version) else definition.response(200)

    async def write(self, request: Request) -> Response:
        """PUT the definition of a namespace: 201 when it is new, 200 when it replaces one.

        409 when stored entries violate its schema, which lists them, unless they are allowed to. 403 when the client
        does not read the parent: who reads this namespace reads the parent's values through it.
        """
        namespace = check_namespace(request.path_params["namespace"])
        conditions = read_conditions(request)
        trial, unchecked = read_dry_run(request, UNCHECKED), read_flag(request, UNCHECKED)
        id_ = read_change_id(request, namespace, KEY)
        value = await read_body(request, _document)
        edit = Edit(namespace, KEY, value, conditions)
        change = self._changes.change(request, id_, (edit,), trial=trial)
        permit = partial(self._authority.require, request.scope["caller"], PERMISSIONS[f"GET {NAMESPACE}"])
        made = await self._definitions.define(change, permit, unchecked=unchecked)
        if trial:
            return outcome(namespace, (edit,), (made,))
        return self._entries.present(edit, made).response(201 if made.action is Action.CREATE else 200)

    async def list(self, request: Request) -> Response:
        """GET a page of the namespaces that the client reads, with what their definitions say.

        Who reads every namespace has an entity tag of the page, and 304 when nothing at all has changed.
        """
        listing = read_namespaces(request)
        conditions = read_conditions(request)
        names, headers = self._authority.readable(request.scope["caller"]), {}
        page = await self._entries.ask(
            partial(self._store.namespaces, names, listing.after, listing.limit, listing.labels, listing.at_least)
        )
        if names == EVERY_NAME:
            headers = {"ETag": entity_tag(page.version)}
            if is_unmodified(conditions, page.version):
                return Response(status_code=304, headers=headers)
        listed = [_members(each) for each in page.found]
        body = {"namespaces": listed, "next": page.next, "revision": page.version.revision}
        response = Response(dump(body), headers=headers, media_type="application/json")
        return await charge_of(request).pay_bytes(len(response.body)) or response


def _document(body: bytes) -> Json:
    document = parse_document(body)
    if not isinstance(document, dict):
        raise InvalidDocumentError("the body must be an object: the definition of a namespace")
    return compact(document)


def _members(summary: Summary) -> dict[str, object]:
    return {
        "namespace": summary.namespace,
        "definition": None if summary.members is None else orjson.Fragment(summary.members),
        "etag": None if summary.version is None else entity_tag(summary.version),
    }
