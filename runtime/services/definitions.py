"""Definitions of namespaces, and the judgement of changes by them.

A definition is the entry of its namespace under the empty key, so that it is cached and followed as entries are. Values
are judged here, outside of the database; the change then says under which version of the definition, and is refused
there if it is another one by now: then the values are judged again.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runtime.domain.entries import (
    Basis,
    EntryNotFoundError,
    NamespaceMovedError,
    NamespaceNotFoundError,
    RedefinedError,
)
from runtime.ports.availability import Reason, UnavailableError
from runtime.services.cache import S
from runtime.services.schemas import MOST_VIOLATIONS, Schema

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from concurrent.futures import Executor

    from runtime.domain.entries import Change, Edit, Json, Made, Version, Whole
    from runtime.ports.entries import EntryStore
    from runtime.services.entries import Entries, Read
    from runtime.services.schemas import Violation

T = TypeVar("T")
KEY = ""
"""The key of a definition, which no entry of a client has."""

ATTEMPTS = 5
MOST_RULINGS = 256

Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$")]


class InvalidDefinitionError(Exception):
    """A document that defines no namespace; the message says which member is wrong."""


class ApprovalRequiredError(Exception):
    """The namespace's changes need approvals, which a direct change does not have."""

    def __init__(self, needed: int) -> None:
        super().__init__(f"a change of this namespace needs approval by {needed}: a direct one has none")


@dataclass(frozen=True, slots=True)
class Breach:
    """A violation in the value of an edit, at ``index`` of its change, or of a stored entry."""

    index: int
    key: str
    violation: Violation


class InvalidValuesError(Exception):
    """Values of a change violate the schema, or ``stored`` ones a new schema; all are listed if ``complete``."""

    def __init__(self, breaches: tuple[Breach, ...], *, complete: bool, stored: bool = False) -> None:
        super().__init__(breaches)
        self.breaches = breaches
        self.complete = complete
        self.stored = stored


class Definition(BaseModel):
    """The owner and the rules of a namespace.

    ``retention_days`` is for how long its history can be looked back at, and ``approvals`` the approvals that a change
    needs. ``parent`` is the namespace whose values it inherits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    owner: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(max_length=2000)] = ""
    labels: Annotated[dict[Label, Label], Field(max_length=32)] = Field(default_factory=dict)
    json_schema: Annotated[dict[str, Any] | bool | None, Field(alias="schema")] = None
    retention_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    approvals: Annotated[int, Field(ge=0, le=10)] = 0
    parent: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")] | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """A definition at a version, with its compiled schema; or none, of a namespace that has no definition."""

    version: Version | None = None
    definition: Definition | None = None
    schema: Schema | None = None

    @property
    def approvals(self) -> int:
        """The approvals that a change needs."""
        return 0 if self.definition is None else self.definition.approvals

    @property
    def basis(self) -> Basis:
        """The basis of a change under this definition."""
        return Basis(definition="" if self.version is None else str(self.version))


_UNDEFINED = Ruling()


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement of a change: it holds under ``basis``, where a change needs that many ``approvals``."""

    basis: Basis
    approvals: int
    fault: InvalidValuesError | None

    def require_direct(self) -> None:
        """Raise :class:`ApprovalRequiredError` unless a change may be made without approvals."""
        if self.approvals:
            raise ApprovalRequiredError(self.approvals)

    def require_valid(self) -> Judged:
        """Return itself, or raise the fault."""
        if self.fault is not None:
            raise self.fault
        return self

    def under(self, basis: Basis) -> Basis:
        """Return the basis, under this definition too."""
        return Basis(self.basis.definition, basis.namespace)


def parse_definition(text: Json) -> tuple[Definition, Schema | None]:
    """Return a definition and its compiled schema.

    Raises :class:`InvalidDefinitionError` or :class:`runtime.services.schemas.InvalidSchemaError`.
    """
    document = json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < 20 else float(digits))
    try:
        definition = Definition.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = "/".join(map(str, first["loc"]))
        raise InvalidDefinitionError(f"{place}: {first['msg']}" if place else first["msg"]) from None
    if definition.json_schema is None:
        return definition, None
    return definition, Schema(json.dumps(document["schema"]))


class Definitions(Generic[S]):
    """The definitions of namespaces, as one worker knows them.

    Values are judged in ``executor``. The history of changes is kept for ``days`` days.
    """

    def __init__(
        self, store: EntryStore, entries: Entries[S], version_of: Callable[[S], Version], executor: Executor, days: int
    ) -> None:
        self._store = store
        self._entries = entries
        self._version_of = version_of
        self._executor = executor
        self._days = days
        self._rulings: OrderedDict[str, Ruling] = OrderedDict()

    async def read(self, namespace: str, at_least: Version | None = None) -> Read[S]:
        """Return the definition, as :meth:`runtime.services.entries.Entries.read` does an entry."""
        try:
            return await self._entries.read(namespace, KEY, at_least)
        except EntryNotFoundError as error:
            raise NamespaceNotFoundError(error.age) from None

    async def retention_days(self, namespace: str) -> int | None:
        """Return for how many days the history of a namespace can be looked back at; None when it does not say."""
        definition = (await self._ruling(namespace, None)).definition
        return None if definition is None else definition.retention_days

    async def under(self, change: Change, make: Callable[[Change], Awaitable[T]]) -> T:
        """Judge the edits of one namespace by its definition, and make the change under that definition.

        Raises :class:`InvalidValuesError` or :class:`ApprovalRequiredError`.
        """

        async def decide(judged: Judged) -> T:
            judged.require_direct()
            return await make(replace(change, basis=judged.require_valid().under(change.basis)))

        return await self.judged(change.edits, decide)

    async def define(self, change: Change, permit: Callable[[str], None], *, unchecked: bool) -> Made:
        """Make a change of a definition; ``permit`` raises for a parent that its author may not name.

        A schema is first applied to every entry of the namespace, at a version under which the change is then made.
        Those that violate it raise :class:`InvalidValuesError`, unless they are ``unchecked``. Where the present
        definition asks for approvals, so does another one: :class:`ApprovalRequiredError`.
        """
        await self.permitted(change.edits, permit)

        async def decide(judged: Judged) -> Made:
            judged.require_direct()
            (made,) = await self._entries.make(replace(change, basis=judged.require_valid().basis))
            return made

        return await self.judged(change.edits, decide, unchecked=unchecked)

    async def permitted(self, edits: tuple[Edit, ...], permit: Callable[[str], None]) -> None:
        """Return when the edit of a definition is sound, and ``permit`` does not raise for its parent."""
        definition = (await self._parsed(edits))[0]
        if (definition.retention_days or 0) > self._days:
            raise InvalidDefinitionError(f"retention_days: the history of changes is kept for {self._days} days")
        if definition.parent is not None:
            permit(definition.parent)

    async def judged(
        self, edits: tuple[Edit, ...], decide: Callable[[Judged], Awaitable[T]], *, unchecked: bool = False
    ) -> T:
        """Judge the edits of a namespace, or a definition of it, and return what ``decide`` makes of that.

        They are judged again while the change is refused because another definition is there by now or, of a
        definition, another state of the namespace than the one that it was judged at.
        """
        namespace, defined, moved = edits[0].namespace, None, None
        defines = edits[0].key == KEY and edits[0].value is not None
        for _ in range(ATTEMPTS):
            ruling = await self._ruling(namespace, defined)
            if defines:
                judged = await self._judge_definition(edits, ruling, moved, unchecked=unchecked)
            else:
                judged = await self._judge(edits, ruling)
            try:
                return await decide(judged)
            except RedefinedError as error:
                self._entries.forget(namespace, KEY)
                defined = error.version
            except NamespaceMovedError as error:
                if not defines:
                    raise
                moved = error.current
        raise UnavailableError("the namespace, or its definition, changes too often", Reason.BUSY)

    async def _judge(self, edits: tuple[Edit, ...], ruling: Ruling) -> Judged:
        """Judge values by the schema of their namespace."""
        fault = None
        if ruling.schema is not None:
            fault = await self._fault(_require_valid, ruling.schema, [(each.key, each.value) for each in edits])
        return Judged(ruling.basis, ruling.approvals, fault)

    async def _judge_definition(
        self, edits: tuple[Edit, ...], ruling: Ruling, moved: Version | None, *, unchecked: bool
    ) -> Judged:
        """Judge stored entries by the schema of a new definition."""
        basis, fault = ruling.basis, None
        schema = (await self._parsed(edits))[1]
        if schema is not None and not unchecked:
            whole = await self._whole(edits[0].namespace, moved)
            fault = await self._fault(_require_stored, schema, [(each.key, each.value) for each in whole.entries])
            basis = replace(basis, namespace=whole.version)
        return Judged(basis, ruling.approvals, fault)

    async def _parsed(self, edits: tuple[Edit, ...]) -> tuple[Definition, Schema | None]:
        (edit,) = edits
        if edit.value is None:
            raise ValueError("the change removes the definition")
        return await self._run(parse_definition, edit.value)

    async def _fault(self, judge: Callable[..., None], *arguments: object) -> InvalidValuesError | None:
        try:
            await self._run(judge, *arguments)
        except InvalidValuesError as error:
            return error
        return None

    async def _whole(self, namespace: str, at_least: Version | None) -> Whole:
        return await self._entries.ask(lambda: self._store.whole(namespace, at_least))

    async def _ruling(self, namespace: str, at_least: Version | None) -> Ruling:
        try:
            read = await self._entries.read_to_change(namespace, KEY, at_least)
        except EntryNotFoundError:
            self._rulings.pop(namespace, None)
            return _UNDEFINED
        known = self._rulings.get(namespace)
        if known is not None and known.version == self._version_of(read.value):
            self._rulings.move_to_end(namespace)
            return known
        found = await self._entries.ask(lambda: self._store.read(namespace, KEY, at_least))
        if found.entry is None:
            return _UNDEFINED
        known = Ruling(found.entry.version, *await self._run(parse_definition, found.entry.value))
        self._rulings[namespace] = known
        while len(self._rulings) > MOST_RULINGS:
            self._rulings.popitem(last=False)
        return known

    async def _run(self, function: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)


def _require_valid(schema: Schema, values: Iterable[tuple[str, Json | None]], *, stored: bool = False) -> None:
    breaches: list[Breach] = []
    complete = True
    for index, (key, value) in enumerate(values):
        found = None if value is None else schema.violations(value)
        if found is not None:
            breaches += [Breach(index, key, violation) for violation in found.found]
            complete = complete and found.complete
        if len(breaches) > MOST_VIOLATIONS:
            break
    if breaches:
        complete = complete and len(breaches) <= MOST_VIOLATIONS
        raise InvalidValuesError(tuple(breaches[:MOST_VIOLATIONS]), complete=complete, stored=stored)


def _require_stored(schema: Schema, values: Iterable[tuple[str, Json | None]]) -> None:
    _require_valid(schema, values, stored=True)
