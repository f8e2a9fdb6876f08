"""HTTP handlers of notifications: connectors send them, and readers of their namespace read them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from runtime.domain.audit import NOTIFICATION, RECEIVE
from runtime.http.bodies import INLINE_BYTES, compact, parse_document
from runtime.http.queries import read_notifications
from runtime.http.representations import dump
from runtime.routes import NOTIFICATION as TEMPLATE

if TYPE_CHECKING:
    from starlette.requests import Request

    from runtime.domain.notifications import Connector, KeptNotification
    from runtime.domain.webhooks import Signed
    from runtime.http.clients import Clients
    from runtime.services.intake import Share
    from runtime.services.notifications import Notifications


class NotificationHandlers:
    """The handlers of notifications: each one that is kept has its record in the audit trail, in one transaction."""

    def __init__(self, notifications: Notifications, clients: Clients) -> None:
        self._notifications = notifications
        self._clients = clients

    async def take(self, request: Request) -> Response:
        """POST a signed notification: 204 once it is kept, also where it was before."""
        scope = request.scope
        connector: Connector = scope["connector"]
        signed: Signed = scope["signed"]
        document = await _parsed(scope["body"], scope["share"])
        about = {"namespace": connector.namespace, "notification": signed.id}
        note = self._clients.note(scope, NOTIFICATION, RECEIVE, f"POST {TEMPLATE}", **about)
        await self._notifications.take(connector, signed, document, compact(document), note)
        return Response(status_code=204)

    async def list(self, request: Request) -> Response:
        """GET a page of the notifications to a namespace, in the order in which they came."""
        wanted = read_notifications(request)
        found = await self._notifications.page(wanted.namespace, wanted.after, wanted.limit + 1)
        page = found[: wanted.limit]
        following = str(page[-1].number) if len(found) > len(page) else None
        body = {"notifications": [_notification(each) for each in page], "next": following}
        return Response(dump(body), headers={"Cache-Control": "no-store"}, media_type="application/json")


async def _parsed(body: bytes, share: Share) -> Any:
    share.hold(len(body))
    if len(body) <= INLINE_BYTES:
        return parse_document(body)
    return await asyncio.get_running_loop().run_in_executor(share.intake.parser, parse_document, body)


def _notification(found: KeptNotification) -> dict[str, Any]:
    return {
        "number": found.number,
        "connector": found.connector,
        "id": found.id,
        "type": found.heading.type,
        "subject": found.heading.subject,
        "sent_at": found.sent_at,
        "received_at": found.received_at,
        "document": orjson.Fragment(found.document),
    }
