"""A receiver of events over HTTP, by the structured mode of the HTTP binding of CloudEvents 1.0.

Each delivery is signed, by :mod:`runtime.domain.webhooks`. Any status but 2xx is a refusal,
or from 500 on a failure; 410 (Gone) refuses every further event too.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from runtime.domain.deliveries import DeliveryError, GoneError
from runtime.domain.webhooks import signed_fields
from runtime.services.cloud_events import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.adapters.http_client import HttpClient
    from runtime.ports.external import KeyRing

_CONTENT_TYPE = f"{MEDIA_TYPE}; charset=utf-8"
_SUCCESS = range(200, 300)


class HttpReceiver:
    """A :class:`runtime.ports.external.Receiver` at an address; ``now`` is the time in seconds since 1970."""

    def __init__(self, client: HttpClient, url: str, keys: KeyRing, now: Callable[[], float] = time.time) -> None:
        self._client = client
        self._url = url
        self._keys = keys
        self._now = now

    async def deliver(self, id_: str, event: bytes) -> None:
        """See :class:`runtime.ports.external.Receiver`."""
        fields = signed_fields(self._keys.current(), id_, int(self._now()), event)
        answer = await self._client.ask("POST", self._url, event, {"Content-Type": _CONTENT_TYPE, **fields})
        if answer.status == HTTPStatus.GONE:
            raise GoneError(f"answered {answer.status}")
        if answer.status not in _SUCCESS:
            raise DeliveryError(f"answered {answer.status}", answer.retry_after_seconds)
