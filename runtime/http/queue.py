"""HTTP handlers of the queue of deliveries: what waits, what was given up, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from runtime.domain.audit import DISCARD, QUEUE, READ, REPLAY, RESUME, Note
from runtime.http.clients import identity_of, query_of
from runtime.http.queries import (
    InvalidQueryError,
    read_deliveries,
    read_delivery,
    read_nothing,
    read_reason,
    read_subscriber,
)
from runtime.http.representations import dump
from runtime.routes import DELIVERIES, DELIVERY, DELIVERY_REPLAY, SUBSCRIBER_REPLAY, SUBSCRIBER_RESUMPTION, SUBSCRIBERS

if TYPE_CHECKING:
    from starlette.requests import Request

    from runtime.domain.deliveries import Change, KeptDelivery, Subscriber
    from runtime.http.clients import Clients
    from runtime.services.audit import Audit
    from runtime.services.queue import QueueAdministration

_UNCACHED = {"Cache-Control": "no-store"}


class QueueHandlers:
    """The handlers of subscribers and their deliveries, for administrators of the namespaces of these.

    Each read and each change is in the audit trail before it is answered.
    """

    def __init__(self, queue: QueueAdministration, audit: Audit, clients: Clients) -> None:
        self._queue = queue
        self._audit = audit
        self._clients = clients

    async def subscribers(self, request: Request) -> Response:
        """GET the subscribers, with the numbers of their deliveries."""
        read_nothing(request)
        await self._record(request, f"GET {SUBSCRIBERS}")
        return _answer({"subscribers": [_subscriber(each) for each in await self._queue.subscribers()]})

    async def list(self, request: Request) -> Response:
        """GET a page of the deliveries of a subscriber, in the order of their changes, without their values."""
        wanted = read_deliveries(request)
        await self._record(request, f"GET {DELIVERIES}")
        found = await self._queue.page(
            identity_of(request), wanted.subscriber, wanted.state, wanted.after, wanted.limit + 1
        )
        page = found[: wanted.limit]
        following = _id(page[-1]) if len(found) > len(page) else None
        return _answer({"deliveries": [_delivery(each) for each in page], "next": following})

    async def read(self, request: Request) -> Response:
        """GET one delivery, with the event that it delivers."""
        read_nothing(request)
        subscriber, place = read_subscriber(request), read_delivery(request)
        await self._record(request, f"GET {DELIVERY}")
        found = await self._queue.find(identity_of(request), subscriber, *place)
        return _answer({**_delivery(found), "event": None if found.event is None else _event(found.event)})

    async def replay(self, request: Request) -> Response:
        """POST that a dead letter is delivered again: 204."""
        read_nothing(request)
        return await self._settle(request, f"POST {DELIVERY_REPLAY}", replay=True)

    async def discard(self, request: Request) -> Response:
        """DELETE a dead letter, with a reason: 204."""
        read_nothing(request)
        if not read_reason(request):
            raise InvalidQueryError("a dead letter is discarded for a reason: send Change-Reason")
        return await self._settle(request, f"DELETE {DELIVERY}", replay=False)

    async def replay_all(self, request: Request) -> Response:
        """POST that the dead letters of a subscriber are delivered again: their number, and whether others are left."""
        read_nothing(request)
        note = self._note(request, f"POST {SUBSCRIBER_REPLAY}", REPLAY)
        number, more = await self._queue.replay_all(identity_of(request), read_subscriber(request), note)
        return _answer({"replayed": number, "more": more})

    async def resume(self, request: Request) -> Response:
        """POST that changes are delivered again to a subscriber whose receiver was gone: 204."""
        read_nothing(request)
        note = self._note(request, f"POST {SUBSCRIBER_RESUMPTION}", RESUME)
        await self._queue.resume(identity_of(request), read_subscriber(request), note)
        return Response(status_code=204)

    async def _settle(self, request: Request, endpoint: str, *, replay: bool) -> Response:
        subscriber, place = read_subscriber(request), read_delivery(request)
        note = self._note(request, endpoint, REPLAY if replay else DISCARD)
        await self._queue.settle(identity_of(request), subscriber, *place, note, replay=replay)
        return Response(status_code=204)

    def _note(self, request: Request, endpoint: str, step: str) -> Note:
        return self._clients.note(request.scope, QUEUE, step, endpoint, reason=read_reason(request))

    async def _record(self, request: Request, endpoint: str) -> None:
        await self._audit.record(
            self._clients.note(request.scope, READ, "200", endpoint, query=query_of(request.scope))
        )


def _id(found: KeptDelivery) -> str:
    return f"{found.place.revision}-{found.place.ordinal}"


def _subscriber(found: Subscriber) -> dict[str, Any]:
    return {
        "name": found.name,
        "revision": found.revision,
        "lag": found.lag,
        "waiting": found.waiting,
        "oldest_seconds": found.oldest_seconds,
        "dead_letters": found.dead_letters,
        "missed": found.missed,
        "paused_at": found.paused_at,
        "pause_reason": found.pause_reason,
    }


def _delivery(found: KeptDelivery) -> dict[str, Any]:
    return {
        "id": _id(found),
        "subscriber": found.place.subscriber,
        "namespace": found.place.namespace,
        "state": found.state,
        "attempts": found.attempts,
        "reason": found.reason,
        "occurred_at": found.occurred_at,
        "due_at": found.due_at,
        "buried_at": found.buried_at,
    }


def _event(change: Change) -> dict[str, Any]:
    value = None if change.value is None else orjson.Fragment(change.value)
    return {
        "change": str(change.change),
        "key": change.key,
        "action": change.action,
        "actor": change.actor,
        "traceparent": change.traceparent,
        "value": value,
    }


def _answer(body: dict[str, Any]) -> Response:
    return Response(dump(body), headers=_UNCACHED, media_type="application/json")
