"""A receiver of events over HTTP, by the structured mode of the HTTP binding of CloudEvents 1.0.

No redirect is followed and no proxy is asked. Any status but 2xx is a refusal.
"""

from __future__ import annotations

import ssl
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from anyio import to_thread

from runtime.domain.deliveries import DeliveryError
from runtime.services.cloud_events import MEDIA_TYPE

_HEADERS = {"Content-Type": f"{MEDIA_TYPE}; charset=utf-8", "Connection": "close"}
_SUCCESS = range(200, 300)


class HttpReceiver:
    """A :class:`runtime.ports.Receiver` at an address; it waits ``seconds`` for each part of an answer."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url = urlsplit(url)
        self._seconds = seconds

    async def deliver(self, event: bytes) -> None:
        """See :class:`runtime.ports.Receiver`."""
        # One limit holds for all threads that work for this process; the thread ends by its own timeouts.
        await to_thread.run_sync(self._post, event, abandon_on_cancel=True)

    def _post(self, event: bytes) -> None:
        url = self._url
        target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
        try:
            with closing(self._connection()) as connection:
                connection.request("POST", target, event, _HEADERS)
                with connection.getresponse() as answer:  # it has the socket, once the connection is to be closed
                    status = answer.status
        except (OSError, HTTPException) as error:
            raise DeliveryError(f"no answer ({type(error).__name__})") from error
        if status not in _SUCCESS:
            raise DeliveryError(f"answered {status}")

    def _connection(self) -> HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "https":
            return HTTPSConnection(host, port, timeout=self._seconds, context=ssl.create_default_context())
        return HTTPConnection(host, port, timeout=self._seconds)
