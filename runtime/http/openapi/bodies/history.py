"""The bodies of requests and answers about versions, differences and rollbacks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from runtime.domain.entries import Action
from runtime.domain.history import Kind
from runtime.http.openapi.bodies.base import Body, Key, KeyOrDefinition, Namespace, Next, Revision, Root, Value, Version
from runtime.http.openapi.bodies.entries import Judged
from runtime.http.openapi.fields import TAG


class Target(Body):
    """The moment to go back to."""

    to: Annotated[str, Field(description="A version, or a time of RFC 3339.", examples=[TAG])]


class Recorded(Body):
    """What is recorded with a change; null where its event is no longer kept."""

    version: Version
    revision: Revision
    at: datetime
    actor: str | None
    reason: str | None
    request_id: str | None
    traceparent: str | None


class KeyVersion(Recorded):
    """One version of a key; size and hash are those of its value as JSON text, null where the entry was removed."""

    ordinal: Annotated[int, Field(description="Counts the changes of one transaction.")]
    action: Action | None
    removed: bool
    size: int | None
    sha256: str | None


class PastValue(KeyVersion):
    """One version of a key, with its value."""

    namespace: Namespace
    key: Key
    value: Value


class KeyVersions(Body):
    """The versions of a key, newest first."""

    namespace: Namespace
    key: Key
    versions: list[KeyVersion]
    next: Next
    oldest: Annotated[Version, Field(description="The oldest version of the store that is still kept.")]


class KeyEdit(Body):
    """A key that a change made, replaced or removed."""

    key: KeyOrDefinition
    action: Action


class NamespaceChange(Recorded):
    """One change of a namespace."""

    keys: list[KeyEdit]


class NamespaceChanges(Body):
    """The changes of a namespace, newest first."""

    namespace: Namespace
    changes: list[NamespaceChange]
    next: Next
    oldest: Annotated[Version, Field(description="The oldest version of the store that is still kept.")]


class KeyDifference(Body):
    """The difference of a key between two versions of the store; before and after are its own versions then."""

    namespace: Namespace
    key: Key
    start: Annotated[Version, Field(alias="from")]
    to: Version
    kind: Kind | None
    before: Version | None
    after: Version | None
    patch: Annotated[list[dict[str, Any]] | None, Field(description="A JSON Patch (RFC 6902), where both sides are.")]


class Side(Body):
    """One side of a difference: a key's version, and the size of its value as JSON text."""

    version: Version
    size: int


class DifferentKey(Body):
    """A key that differs."""

    key: KeyOrDefinition
    kind: Kind
    before: Side | None
    after: Side | None


class NamespaceDifference(Body):
    """The keys of a namespace that differ between two versions of the store."""

    namespace: Namespace
    start: Annotated[Version, Field(alias="from")]
    to: Version
    differences: list[DifferentKey]
    next: Next


class RolledBack(Body):
    """A change that made a namespace what it was."""

    namespace: Namespace
    to: Version
    version: Version
    revision: Revision
    keys: list[KeyEdit]


class RolledBackOrJudged(Root[RolledBack | Judged]):
    """What a rollback made, or a dry run."""
