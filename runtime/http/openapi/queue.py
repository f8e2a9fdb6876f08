"""The operations of subscribers and of deliveries to them."""

from __future__ import annotations

from typing import Final

from runtime import routes
from runtime.http import problem_kinds as kinds
from runtime.http.openapi.bodies import queue
from runtime.http.openapi.fields import BEHIND, DELIVERY_STATE, DISCARD_REASON, LIMIT, STEP_REASON
from runtime.http.openapi.parts import Answer, Example, Operation
from runtime.services.queue import MOST_REPLAYED

_READ: Final = "The read is recorded in the audit trail, before it is answered."
_SETTLED: Final = "It is recorded in the audit trail, in the same transaction."
_SETTLING: Final = (kinds.DELIVERY_NOT_FOUND, kinds.DELIVERY_NOT_DEAD)

QUEUE: Final = (
    Operation(
        "listSubscribers",
        "GET",
        routes.SUBSCRIBERS,
        "deliveries",
        "List the subscribers of the event bus",
        (Answer(200, "Their states.", queue.SubscriberStates),),
        _READ,
        example=Example(200, {"subscribers": []}),
    ),
    Operation(
        "listDeliveries",
        "GET",
        routes.DELIVERIES,
        "deliveries",
        "List the deliveries to a subscriber in namespaces that the client administers",
        (Answer(200, "A page of them, in the order of their changes.", queue.DeliveryPage),),
        _READ,
        parameters=(DELIVERY_STATE, BEHIND, LIMIT),
        example=Example(200, {"deliveries": [], "next": None}, using=(DELIVERY_STATE, BEHIND, LIMIT)),
    ),
    Operation(
        "readDelivery",
        "GET",
        routes.DELIVERY,
        "deliveries",
        "Read a delivery",
        (Answer(200, "The delivery, with its event.", queue.DeliveryWithEvent),),
        _READ,
        problems=(kinds.DELIVERY_NOT_FOUND,),
    ),
    Operation(
        "replayDelivery",
        "POST",
        routes.DELIVERY_REPLAY,
        "deliveries",
        "Deliver a dead letter again",
        (Answer(204, "It waits to be delivered."),),
        _SETTLED,
        parameters=(STEP_REASON,),
        problems=_SETTLING,
    ),
    Operation(
        "replayDeliveries",
        "POST",
        routes.SUBSCRIBER_REPLAY,
        "deliveries",
        "Deliver the dead letters of a subscriber again",
        (Answer(200, f"The oldest of them wait to be delivered, at most {MOST_REPLAYED}.", queue.Replayed),),
        f"Those of namespaces that the client administers. {_SETTLED}",
        parameters=(STEP_REASON,),
        example=Example(200, {"replayed": 0, "more": False}, using=(STEP_REASON,)),
    ),
    Operation(
        "resumeSubscriber",
        "POST",
        routes.SUBSCRIBER_RESUMPTION,
        "deliveries",
        "Resume a subscriber whose receiver was gone",
        (Answer(204, "Changes are delivered to it again."),),
        _SETTLED,
        parameters=(STEP_REASON,),
        problems=(kinds.SUBSCRIBER_NOT_PAUSED,),
    ),
    Operation(
        "discardDelivery",
        "DELETE",
        routes.DELIVERY,
        "deliveries",
        "Discard a dead letter",
        (Answer(204, "It is discarded."),),
        _SETTLED,
        parameters=(DISCARD_REASON,),
        problems=_SETTLING,
    ),
)
