"""The models of what requests and answers hold as JSON; those of settings are the settings' own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel

from runtime.domain.deliveries import DeliveryState
from runtime.domain.entries import Action
from runtime.domain.history import Kind
from runtime.domain.names import KEY
from runtime.domain.namespaces import MOST_EDITS
from runtime.domain.proposals import State as ProposalState
from runtime.http.openapi.fields import DELIVERY_ID, KEY_NAME, NAMESPACE_NAME, TAG, TAGS, VERSION
from runtime.services.definitions import Definition
from runtime.services.health import State
from runtime.settings import RoleName

Namespace = Annotated[str, Field(pattern=NAMESPACE_NAME["pattern"], examples=["payments"])]
Key = Annotated[str, Field(pattern=KEY_NAME["pattern"], examples=["limits"])]
KeyOrDefinition = Annotated[
    str,
    Field(
        pattern=f"^(?:{KEY.pattern})?$",
        description="The key of an entry; empty for the definition of the namespace.",
        examples=["limits"],
    ),
]
Version = Annotated[str, Field(pattern=VERSION["pattern"], examples=[TAG])]
Next = Annotated[Version | None, Field(description="The value of `before` for the next page; null on the last one.")]
Link = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="A SHA-256, in hexadecimal digits.")]
Revision = Annotated[int, Field(ge=0, description="Counts the changes of the history, from 1.", examples=[1])]
Tag = Annotated[str, Field(description="An ETag, quotes included.", examples=[f'"{TAG}"'])]
Tags = Annotated[str | None, Field(pattern=TAGS, description="As the header of the same name.")]
Values = Annotated[
    dict[str, Any], Field(description="The values by key.", json_schema_extra={"propertyNames": dict(KEY_NAME)})
]
Value = Annotated[Any, Field(description="Any JSON document; numbers keep every digit.", examples=[{"daily": 5000}])]


T = TypeVar("T")


class Body(BaseModel):
    """An object with the members that are named, and no others.

    It is described, and validates nothing: what pydantic makes of a model is made when the description is asked for.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Root(RootModel[T], Generic[T]):
    """A body that is no object of its own: one of several, or a mapping."""

    model_config = ConfigDict(defer_build=True)


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


PinnedTag = Annotated[
    str | None,
    Field(pattern=r'^[ ,\t]*"[!#-~\x80-\xff]*"[ ,\t]*$', description="The one ETag that is replaced, quotes included."),
]
Absent = Annotated[Literal["*"] | None, Field(description="`*` where there must be no entry yet.")]


class ProposedValue(Body):
    """An edit that creates an entry, or replaces the version that it names."""

    key: Key
    value: Value
    if_match: PinnedTag = None
    if_none_match: Absent = None


class ProposedRemoval(Body):
    """An edit that removes the version of an entry that it names."""

    key: Key
    remove: Literal[True]
    if_match: PinnedTag = None
    if_none_match: Absent = None


class ProposedEdits(Body):
    """Edits of different keys, to be made together."""

    edits: Annotated[list[ProposedValue | ProposedRemoval], Field(min_length=1, max_length=MOST_EDITS)]


class ProposedDefinition(Body):
    """A definition of the namespace; `allow_invalid` says that stored entries may violate its schema."""

    definition: Definition
    if_match: PinnedTag = None
    allow_invalid: bool = False


class NewProposal(Root[ProposedEdits | ProposedDefinition]):
    """The change that is proposed."""


class ProposalApproval(Body):
    """An approval; it `counts` unless the approver's right was taken since."""

    approver: str
    at: datetime
    reason: str | None
    counts: bool


class ProposalDecision(Body):
    """The end of a proposal; `emergency` names the grant by which it was made without approvals."""

    at: datetime
    by: str
    reason: str | None
    emergency: str | None


class ProposalRefusal(Body):
    """The reason for which an edit of an approved proposal could not be made."""

    index: int
    key: KeyOrDefinition
    detail: str


class ProposalSummary(Body):
    """A proposal without its values."""

    id: UUID
    namespace: Namespace
    state: ProposalState
    proposer: str
    reason: str | None
    proposed_at: datetime
    expires_at: datetime
    keys: list[KeyOrDefinition]
    needed: Annotated[int, Field(ge=1, description="The approvals that its change needs now, or needed at its end.")]
    approvals: list[ProposalApproval]
    decision: ProposalDecision | None
    version: Annotated[Version | None, Field(description="The version of the change that was made.")]
    refusals: list[ProposalRefusal]


class Proposal(ProposalSummary):
    """A proposal with its change."""

    change: ProposedEdits | ProposedDefinition


class ProposalPage(Body):
    """Proposals of a namespace, newest first."""

    namespace: Namespace
    proposals: list[ProposalSummary]
    next: Annotated[str | None, Field(description="The value of `before` for the next page; null on the last one.")]


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


DeliveryId = Annotated[
    str,
    Field(
        pattern=DELIVERY_ID,
        description="The revision of the change, and the place of the edit in it.",
        examples=["42-0"],
    ),
]


class SubscriberState(Body):
    """A subscriber of the event bus."""

    name: str
    revision: Annotated[int, Field(ge=0, description="The last change that became deliveries to it.")]
    lag: Annotated[int, Field(ge=0, description="The changes that it has not received.")]
    waiting: Annotated[int, Field(ge=0, description="The deliveries to it that wait, or are being made.")]
    oldest_seconds: Annotated[float, Field(description="The age of the oldest change that it has not received.")]
    dead_letters: Annotated[int, Field(ge=0, description="The deliveries to it that were given up.")]
    missed: Annotated[int, Field(ge=0, description="The changes that retention dropped before it received them.")]
    paused_at: Annotated[
        datetime | None, Field(description="Since when nothing is delivered to it, as its receiver is gone.")
    ]
    pause_reason: str | None


class SubscriberStates(Body):
    """The subscribers by name; their numbers are of every namespace."""

    subscribers: list[SubscriberState]


class Delivery(Body):
    """A delivery of a change to a subscriber, without its value; reason is the last fault."""

    id: DeliveryId
    subscriber: str
    namespace: Namespace
    state: DeliveryState
    attempts: Annotated[int, Field(ge=0, description="The attempts that failed.")]
    reason: str | None
    occurred_at: datetime
    due_at: Annotated[
        datetime | None, Field(description="When it is made next, or its claim runs out; null for a dead letter.")
    ]
    buried_at: Annotated[datetime | None, Field(description="When it was given up.")]


class DeliveryPage(Body):
    """Deliveries to a subscriber in the order of their changes."""

    deliveries: list[Delivery]
    next: Annotated[
        DeliveryId | None, Field(description="The value of `after` for the next page; null on the last one.")
    ]


class DeliveredEvent(Body):
    """The event of a delivery; the value is null where the entry was removed."""

    change: UUID
    key: KeyOrDefinition
    action: Action
    actor: str
    traceparent: str | None
    value: Value


class DeliveryWithEvent(Delivery):
    """A delivery with its event, which is null where it is no longer kept."""

    event: DeliveredEvent | None


class NewNotification(Root[dict[str, Any]]):
    """A notification: a payload of Standard Webhooks, or a CloudEvent, as was agreed with the connector."""


class Notification(Body):
    """A notification, as its connector sent it; sent_at is the time of the attempt that came."""

    number: Annotated[int, Field(ge=1, description="Grows in the order in which notifications came.")]
    connector: str
    id: str
    type: str
    subject: str | None
    sent_at: datetime
    received_at: datetime
    document: dict[str, Any]


class NotificationPage(Body):
    """Notifications to a namespace in the order in which they came."""

    notifications: list[Notification]
    next: Annotated[
        str | None, Field(description="The number that is the `after` of the next page; null on the last one.")
    ]


class Replayed(Body):
    """The number of dead letters that are delivered again, and whether others are left."""

    replayed: int
    more: bool


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
Pattern = Annotated[str, Field(description="A namespace, or the beginning of several and `*`.", examples=["pay-*"])]


class Grant(Body):
    """A right of one subject or of one group of an issuer."""

    name: str
    issuer: str
    subject: str | None
    group: str | None
    role: Role
    namespaces: Pattern
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
    namespaces: Pattern
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
