"""The models of what requests and answers hold as JSON; those of settings are the settings' own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.entries import Action
from runtime.domain.history import Kind
from runtime.http.openapi.fields import KEY_NAME, NAMESPACE_NAME, TAG, VERSION
from runtime.services.health import State
from runtime.settings import RoleName

Namespace = Annotated[str, Field(pattern=NAMESPACE_NAME["pattern"], examples=["payments"])]
Key = Annotated[str, Field(pattern=KEY_NAME["pattern"], examples=["limits"])]
Version = Annotated[str, Field(pattern=VERSION["pattern"], examples=[TAG])]
Next = Annotated[Version | None, Field(description="The value of `before` for the next page; null on the last one.")]
Link = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="A SHA-256, in hexadecimal digits.")]
Revision = Annotated[int, Field(ge=0, description="Counts the changes of the history, from 1.", examples=[1])]
Value = Annotated[Any, Field(description="Any JSON document; numbers keep every digit.", examples=[{"daily": 5000}])]


class Body(BaseModel):
    """An object with the members that are named, and no others."""

    model_config = ConfigDict(extra="forbid")


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

    key: Key
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

    key: Key
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


class SealedRecord(Body):
    """A record of the audit trail at its place in the chain, and the link of the chain up to it."""

    sequence: int
    record: Annotated[dict[str, Any], Field(description="Strings and whole numbers, such as kind, at and actor.")]
    link: Link


class AuditPage(Body):
    """Records in the order of the chain; first is the oldest that is kept, and previous the link before it."""

    records: list[SealedRecord]
    next: Annotated[int | None, Field(description="The value of `after` for the next page; null on the last one.")]
    first: int
    previous: Link


class Anchor(Body):
    """A head of the chain, and its signature by Vault."""

    statement: dict[str, Any]
    signature: str


class Anchors(Body):
    """Signed heads of the chain, in order."""

    anchors: list[Anchor]
    next: Annotated[int | None, Field(description="The value of `after` for the next page; null on the last one.")]


Role = Annotated[RoleName, Field(description="The role, which includes those before it.", examples=["writer"])]
Namespaces = Annotated[str, Field(description="A namespace, or the beginning of several and `*`.", examples=["pay-*"])]


class Grant(Body):
    """A right of one subject or of one group of an issuer."""

    name: str
    issuer: str
    subject: str | None
    group: str | None
    role: Role
    namespaces: Namespaces
    reason: str
    expires_at: datetime | None
    emergency: bool
    given_by: str


class Grants(Body):
    """Grants in the order of their names."""

    grants: list[Grant]


class MachineKey(Body):
    """A key of a machine, without its secret."""

    id: str
    description: str
    role: Role
    namespaces: Namespaces
    expires_at: datetime
    given_by: str


class Keys(Body):
    """Keys in the order of their ids."""

    keys: list[MachineKey]


class NewKey(MachineKey):
    """A key of a machine with its token, which is shown once."""

    token: str


class Live(Body):
    """The process answers."""

    status: Literal["live"]


class Readiness(Body):
    """The state of the worker that answers."""

    status: State


class Index(Body):
    """Where things are."""

    title: str
    version: str
    description: Annotated[str, Field(description="This API as an OpenAPI document.")]
    documentation: Annotated[str, Field(description="The same as a page for people.")]
    problems: Annotated[str, Field(description="What each problem means, and what to do.")]
    settings: Annotated[str, Field(description="The settings and limits in force.")]
    entries: Annotated[str, Field(description="The template of the path of an entry.")]
    live: Annotated[str, Field(description="Whether the process answers.")]
    ready: Annotated[str, Field(description="Whether requests are to be sent to this process.")]


class Problem(BaseModel):
    """An error (RFC 9457); a kind of problem may add members of its own."""

    type: Annotated[str, Field(description="The kind of the problem: a reference that leads to its explanation.")]
    title: Annotated[str, Field(description="The kind in words, the same each time.")]
    status: Annotated[int, Field(ge=400, le=599)]
    detail: Annotated[str, Field(description="This occurrence: what is wrong, and what to do.")]
    violated_policies: Annotated[
        tuple[str, ...],
        Field(alias="violated-policies", description="Of quota-exceeded: the policies of RateLimit-Policy, or bounds."),
    ] = ()
