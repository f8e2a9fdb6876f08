"""The bodies of requests and answers about subscribers, deliveries and notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from runtime.domain.deliveries import DeliveryState
from runtime.domain.entries import Action
from runtime.http.openapi.bodies.base import Body, KeyOrDefinition, Namespace, Root, Value
from runtime.http.openapi.fields import DELIVERY_ID

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
