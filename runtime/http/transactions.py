"""The HTTP handler of transactions: several edits of a namespace that are made together, or not at all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from runtime.domain.entries import Edit, EditsRefusedError, EntryNotFoundError, PreconditionError, Refusal
from runtime.domain.names import InvalidNameError, check_key, check_namespace
from runtime.domain.namespaces import MOST_EDITS
from runtime.domain.preconditions import Conditions, InvalidTagsError, Tags, entity_tag, parse_tags
from runtime.http.bodies import InvalidDocumentError, compact, parse_document, read_body
from runtime.http.changes import outcome
from runtime.http.queries import InvalidQueryError, read_change_id, read_conditions, read_dry_run
from runtime.http.rate_limiter import charge_of
from runtime.http.representations import dump

if TYPE_CHECKING:
    from starlette.requests import Request

    from runtime.domain.entries import Change, Made
    from runtime.http.changes import ChangeMaker
    from runtime.http.representations import Representation
    from runtime.services.definitions import Definitions
    from runtime.services.entries import Entries

_TRANSACTION = "?transaction"
"""The name of a transaction in the id of its change, where an entry has its key."""

_MEMBERS = frozenset({"key", "value", "remove", "if_match", "if_none_match"})


class TransactionHandler:
    """The handler of the transactions of a namespace."""

    def __init__(
        self, entries: Entries[Representation], changes: ChangeMaker, definitions: Definitions[Representation]
    ) -> None:
        self._entries = entries
        self._changes = changes
        self._definitions = definitions

    async def make(self, request: Request) -> Response:
        """POST edits: 200 when all were made at one revision, 412 with every failed precondition when none was."""
        namespace = check_namespace(request.path_params["namespace"])
        trial = read_dry_run(request)
        if read_conditions(request) != Conditions():
            raise InvalidQueryError("a transaction has no precondition in its header: each edit has its own")
        id_ = read_change_id(request, namespace, _TRANSACTION)
        edits = await read_body(request, partial(parse_edits, namespace))
        if denial := await charge_of(request).pay(len(edits)):
            return denial
        made = await self._make(self._changes.change(request, id_, edits, trial=trial))
        if trial:
            return outcome(namespace, edits, made)
        version = made[0].version
        body = {
            "namespace": namespace,
            "revision": version.revision,
            "etag": entity_tag(version),
            "updated_at": made[0].at,
            "edits": [{"key": edit.key, "outcome": each.action} for edit, each in zip(edits, made, strict=True)],
        }
        return Response(dump(body), media_type="application/json")

    async def _make(self, change: Change) -> tuple[Made, ...]:
        try:
            return await self._definitions.under(change, self._entries.make)
        except (EntryNotFoundError, PreconditionError) as error:  # of a single edit
            raise EditsRefusedError((Refusal(0, change.edits[0].key, error),)) from None


def parse_edits(namespace: str, body: bytes) -> tuple[Edit, ...]:
    """Return the edits of a transaction, or raise :class:`InvalidDocumentError` with the index of the faulty one."""
    return edits_of(namespace, parse_document(body, around=3))


def edits_of(namespace: str, document: Any) -> tuple[Edit, ...]:
    """Return the edits that a parsed document has, as :func:`parse_edits`."""
    edits = document.get("edits") if isinstance(document, dict) and document.keys() == {"edits"} else None
    if not isinstance(edits, list) or not 1 <= len(edits) <= MOST_EDITS:
        raise InvalidDocumentError(f'the body must be an object with the one member "edits": 1 to {MOST_EDITS} edits')
    found: dict[str, Edit] = {}
    for index, each in enumerate(edits):
        try:
            edit = _edit(namespace, each)
        except (InvalidDocumentError, InvalidNameError, InvalidTagsError) as error:
            raise InvalidDocumentError(f"edits[{index}]: {error}") from None
        if edit.key in found:
            raise InvalidDocumentError(f"edits[{index}]: the key {edit.key} has an edit already")
        found[edit.key] = edit
    return tuple(found.values())


def _edit(namespace: str, document: Any) -> Edit:
    if not isinstance(document, dict) or not document.keys() <= _MEMBERS:
        raise InvalidDocumentError(f"an edit is an object with members of {', '.join(sorted(_MEMBERS))}")
    if ("value" in document) == ("remove" in document) or document.get("remove", True) is not True:
        raise InvalidDocumentError('an edit has either a "value" or "remove": true')
    key = document.get("key")
    if not isinstance(key, str):
        raise InvalidDocumentError('an edit has the "key" of an entry, as a string')
    conditions = Conditions(_tags(document, "if_match"), _tags(document, "if_none_match"))
    value = compact(document["value"]) if "value" in document else None
    return Edit(namespace, check_key(key), value, conditions)


def _tags(document: dict[str, Any], name: str) -> Tags | None:
    text = document.get(name)
    if text is None:
        return None
    if not isinstance(text, str):
        raise InvalidDocumentError(f'"{name}" is a string: *, or a list of entity tags as in the header')
    return parse_tags(text)
