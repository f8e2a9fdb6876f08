"""The bodies of requests and answers about layers, definitions and transactions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from runtime.domain.namespaces import MOST_EDITS
from runtime.http.openapi.bodies.base import Body, Key, Namespace, Revision, Root, Tag, Tags, Value, Values
from runtime.http.openapi.bodies.entries import Judged, JudgedEdit
from runtime.services.definitions import Definition


class Origin(Body):
    """A value of a layer; actor is null where its event is no longer kept."""

    value: Value
    layer: Namespace
    revision: Revision
    etag: Tag
    updated_at: datetime
    actor: str | None


class Explained(Origin):
    """A value that holds, and those of further layers that it hides, the nearest first."""

    hides: list[Origin]


class EffectiveValues(Body):
    """The values that hold in a namespace, and its layers, the nearest first."""

    namespace: Namespace
    layers: list[Namespace]
    revision: Revision
    entries: Values


class ExplainedValues(Body):
    """The same, where each value says where it is from."""

    namespace: Namespace
    layers: list[Namespace]
    revision: Revision
    entries: dict[str, Explained]


class Effective(Root[EffectiveValues | ExplainedValues]):
    """The values that hold in a namespace, explained or not."""


class Defined(Body):
    """One version of a namespace's definition."""

    namespace: Namespace
    definition: Definition
    revision: Revision
    etag: Tag
    updated_at: datetime


class DefinedOrJudged(Root[Defined | Judged]):
    """The definition that was written, or a dry run."""


class DefinitionSummary(Body):
    """The members of a definition that a list shows; null where it does not have them."""

    owner: str
    description: str | None
    labels: dict[str, str] | None
    parent: Namespace | None


class NamespaceSummary(Body):
    """A namespace, and the ETag of its definition; both are null without one."""

    namespace: Namespace
    definition: DefinitionSummary | None
    etag: str | None


class Namespaces(Body):
    """Namespaces in the order of their names."""

    namespaces: list[NamespaceSummary]
    next: Annotated[str | None, Field(description="The value of `after` for the next page; null on the last one.")]
    revision: Revision


class ValueEdit(Body):
    """An edit that creates or replaces an entry."""

    key: Key
    value: Value
    if_match: Tags = None
    if_none_match: Tags = None


class RemovalEdit(Body):
    """An edit that removes an entry."""

    key: Key
    remove: Literal[True]
    if_match: Tags = None
    if_none_match: Tags = None


class NewTransaction(Body):
    """Edits of different keys, which are made together."""

    edits: Annotated[list[ValueEdit | RemovalEdit], Field(min_length=1, max_length=MOST_EDITS)]


class Made(Body):
    """The edits of a transaction, which were made at one revision; the ETag is that of each entry that was written."""

    namespace: Namespace
    revision: Revision
    etag: Tag
    updated_at: datetime
    edits: list[JudgedEdit]


class Transacted(Root[Made | Judged]):
    """What a transaction made, or a dry run."""
