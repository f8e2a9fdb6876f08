"""A receiver of events over HTTP, by the structured mode of the HTTP binding of CloudEvents 1.0.

Any status but 2xx is a refusal, or from 500 on a failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.domain.deliveries import DeliveryError
from runtime.services.cloud_events import MEDIA_TYPE

if TYPE_CHECKING:
    from runtime.adapters.http_client import HttpClient

_HEADERS = {"Content-Type": f"{MEDIA_TYPE}; charset=utf-8"}
_SUCCESS = range(200, 300)


class HttpReceiver:
    """A :class:`runtime.ports.Receiver` at an address."""

    def __init__(self, client: HttpClient, url: str) -> None:
        self._client = client
        self._url = url

    async def deliver(self, event: bytes) -> None:
        """See :class:`runtime.ports.Receiver`."""
        answer = await self._client.ask("POST", self._url, event, _HEADERS)
        if answer.status not in _SUCCESS:
            raise DeliveryError(f"answered {answer.status}")
