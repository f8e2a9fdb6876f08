"""HTTP handlers of namespaces as a whole: read, replaced and removed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from starlette.responses import Response

from runtime.domain.entries import Action, Basis, Edit, NamespaceNotFoundError
from runtime.domain.names import check_key, check_namespace
from runtime.domain.preconditions import Conditions, Tags, entity_tag, is_unmodified, permit_change
from runtime.http.bodies import InvalidDocumentError, compact, parse_document, read_body
from runtime.http.changes import outcome
from runtime.http.problem_kinds import NAMESPACE_NOT_EMPTY
from runtime.http.problems import problem
from runtime.http.queries import read_at_least, read_conditions, read_dry_run, read_flag
from runtime.http.rate_limiter import charge_of
from runtime.http.representations import dump, explain_layers
from runtime.services.definitions import KEY
from runtime.services.namespaces import departures

if TYPE_CHECKING:
    from starlette.requests import Request

    from runtime.domain.entries import Json, Made, Version, Whole
    from runtime.http.changes import ChangeMaker
    from runtime.http.representations import Representation
    from runtime.services.definitions import Definitions
    from runtime.services.entries import Entries
    from runtime.services.namespaces import Namespaces

EXPLAIN = "explain"
"""The parameter by which values say where they come from."""

CONFIRMATION = "confirm"
"""The parameter of a removal that names a namespace which is not empty."""

_ANY_VERSION = Conditions(if_match=Tags(anything=True))


class NamespaceHandlers:
    """The handlers of a whole namespace."""

    def __init__(
        self,
        namespaces: Namespaces[Representation],
        entries: Entries[Representation],
        changes: ChangeMaker,
        definitions: Definitions[Representation],
    ) -> None:
        self._namespaces = namespaces
        self._entries = entries
        self._changes = changes
        self._definitions = definitions

    async def read(self, request: Request) -> Response:
        """GET all keys and values; 304 when the client has this version, which costs one token."""
        namespace = check_namespace(request.path_params["namespace"])
        conditions = read_conditions(request)
        whole, age = await self._namespaces.read(namespace, read_at_least(request))
        if age is None and is_unmodified(conditions, whole.version):
            return whole.unmodified()
        if denial := await charge_of(request).pay_bytes(whole.bytes):
            return denial
        return whole.response(200) if age is None else whole.stale(age)

    async def effective(self, request: Request) -> Response:
        """GET the values that hold, inherited ones too; with ``explain=true`` the origin of each, and what it hides."""
        namespace = check_namespace(request.path_params["namespace"])
        conditions = read_conditions(request)
        at_least = read_at_least(request, EXPLAIN)
        age = None
        if read_flag(request, EXPLAIN):
            layers = explain_layers(await self._namespaces.explained(namespace, at_least))
        else:
            layers, age = await self._namespaces.effective(namespace, at_least)
        if age is None and is_unmodified(conditions, layers.version):
            return layers.unmodified()
        if denial := await charge_of(request).pay_bytes(layers.bytes):
            return denial
        return layers.response(200) if age is None else layers.stale(age)

    async def replace(self, request: Request) -> Response:
        """PUT all keys and values, as one change: 200 with the counts of what was made.

        A namespace that has them already is left alone, whatever the precondition (RFC 9110, section 13.1.1).
        """
        namespace = check_namespace(request.path_params["namespace"])
        conditions = read_conditions(request)
        trial = read_dry_run(request)
        values = await read_body(request, parse_values)
        whole = await self._namespaces.present(namespace)
        edits = departures(whole, values)
        if not edits:
            return _replaced(namespace, whole.version, ())
        permit_change(conditions, whole.version if whole.exists else None)
        if denial := await charge_of(request).pay(len(edits)):
            return denial
        made = await self._make(request, whole, edits, trial=trial)
        return outcome(namespace, edits, made) if trial else _replaced(namespace, made[0].version, made)

    async def remove(self, request: Request) -> Response:
        """DELETE a namespace with its definition, as one change: 204.

        One that has entries is removed only if the parameter ``confirm`` is its name.
        """
        namespace = check_namespace(request.path_params["namespace"])
        conditions = read_conditions(request)
        trial = read_dry_run(request, CONFIRMATION)
        whole = await self._namespaces.present(namespace)
        if not whole.exists:
            raise NamespaceNotFoundError
        if whole.entries and request.query_params.get(CONFIRMATION) != namespace:
            count = len(whole.entries)
            return problem(
                NAMESPACE_NOT_EMPTY,
                f"the namespace has {count} entries: to remove them too, add {CONFIRMATION}={namespace}",
            )
        if conditions != Conditions():
            permit_change(conditions, whole.version)
        edits = departures(whole, {})
        if whole.defined:
            edits = (*edits, Edit(namespace, KEY, None, _ANY_VERSION))
        if denial := await charge_of(request).pay(len(edits)):
            return denial
        made = await self._make(request, whole, edits, trial=trial)
        return outcome(namespace, edits, made) if trial else Response(status_code=204)

    async def _make(self, request: Request, whole: Whole, edits: tuple[Edit, ...], *, trial: bool) -> tuple[Made, ...]:
        """Make a change of a namespace that is as it was when it was compared."""
        basis = Basis(namespace=whole.version)
        change = self._changes.change(request, None, edits, trial=trial, basis=basis)
        return await self._definitions.under(change, self._entries.make)


def parse_values(body: bytes) -> dict[str, Json]:
    """Return the values by key of a namespace, as its bundle has them; or raise :class:`InvalidDocumentError`."""
    document = parse_document(body, around=2)
    values = document.get("entries") if isinstance(document, dict) else None
    if not isinstance(values, dict) or not document.keys() <= {"namespace", "revision", "entries"}:
        raise InvalidDocumentError('the body must be an object with the member "entries", the values by key')
    return {check_key(key): compact(value) for key, value in values.items()}


def _replaced(namespace: str, version: Version, made: tuple[Made, ...]) -> Response:
    counts = Counter(each.action for each in made)
    body = {
        "namespace": namespace,
        "revision": version.revision,
        "etag": entity_tag(version),
        "created": counts[Action.CREATE],
        "replaced": counts[Action.REPLACE],
        "removed": counts[Action.DELETE],
    }
    return Response(dump(body), headers={"ETag": entity_tag(version)}, media_type="application/json")
