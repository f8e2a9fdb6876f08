"""The operations of notifications: connectors send them, and readers of their namespace read them."""

from __future__ import annotations

from typing import Final

from runtime import routes
from runtime.http import problem_kinds as kinds
from runtime.http.openapi.bodies import queue
from runtime.http.openapi.fields import (
    AFTER_NUMBER,
    PAST_LIMIT,
    WEBHOOK_ID,
    WEBHOOK_SIGNATURE,
    WEBHOOK_TIMESTAMP,
)
from runtime.http.openapi.parts import Answer, Example, Operation

NOTIFICATIONS: Final = (
    Operation(
        "takeNotification",
        "POST",
        routes.NOTIFICATION,
        "notifications",
        "Send a notification of a connector",
        (Answer(204, "It is kept; or it was before, and nothing else happens."),),
        "It is signed as Standard Webhooks 1.0 says, in place of a token, and recorded in the audit trail.",
        parameters=(WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE),
        problems=(kinds.SIGNATURE_REFUSED, kinds.NOTIFICATION_UNTIMELY, kinds.UNAVAILABLE),
        body=queue.NewNotification,
    ),
    Operation(
        "listNotifications",
        "GET",
        routes.NOTIFICATIONS,
        "notifications",
        "List the notifications to a namespace",
        (Answer(200, "A page of them, in the order in which they came.", queue.NotificationPage),),
        parameters=(AFTER_NUMBER, PAST_LIMIT),
        example=Example(200, {"notifications": [], "next": None}, using=(AFTER_NUMBER, PAST_LIMIT)),
    ),
)
