"""The bodies of requests and answers about entries, bundles and imports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from runtime.domain.entries import Action
from runtime.http.openapi.bodies.base import (
    Body,
    Key,
    KeyOrDefinition,
    Namespace,
    Revision,
    Root,
    Tag,
    Value,
    Values,
    Version,
)
from runtime.http.openapi.fields import TAG


class NewValue(Body):
    """The document to store."""

    value: Value


class Entry(Body):
    """One version of an entry."""

    namespace: Namespace
    key: Key
    value: Value
    revision: Revision
    etag: Annotated[str, Field(description="The ETag of the entry, quotes included.", examples=[f'"{TAG}"'])]
    updated_at: datetime


class Page(Body):
    """Entries of a namespace in the order of their keys."""

    namespace: Namespace
    entries: list[Entry]
    next: Annotated[str | None, Field(description="The value of `after` for the next page; null on the last one.")]
    revision: Revision


class JudgedEdit(Body):
    """An edit, and what it makes of its entry."""

    key: KeyOrDefinition
    outcome: Action


class Judged(Body):
    """A dry run: what the change would make, at the version of the store at which it was judged."""

    namespace: Namespace
    dry_run: Literal[True]
    edits: list[JudgedEdit]
    judged_at: Version


class EntryOrJudged(Root[Entry | Judged]):
    """The entry that was written, or a dry run."""


class Bundle(Body):
    """All entries of a namespace."""

    namespace: Namespace
    revision: Revision
    entries: Values


class NewBundle(Body):
    """All entries that a namespace is to have; the other members of a bundle mean nothing."""

    entries: Values
    namespace: Any = None
    revision: Any = None


class Replaced(Body):
    """What a change of a whole namespace made, by number."""

    namespace: Namespace
    revision: Revision
    etag: Tag
    created: int
    replaced: int
    removed: int


class Import(Root[Replaced | Judged]):
    """What an import made, or a dry run."""
