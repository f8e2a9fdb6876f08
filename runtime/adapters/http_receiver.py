"""A receiver of events over HTTP, by the structured mode of the HTTP binding of CloudEvents 1.0.

Each delivery is signed, by :mod:`runtime.domain.webhooks`. Any status but 2xx is a refusal,
or from 500 on a failure.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from runtime.domain.deliveries import DeliveryError
from runtime.domain.webhooks import KeyFormatError, parse_keys, signed_fields
from runtime.ports import UnsignedError
from runtime.services.cloud_events import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runtime.adapters.http_client import HttpClient

_CONTENT_TYPE = f"{MEDIA_TYPE}; charset=utf-8"
_SUCCESS = range(200, 300)


class SigningKeys:
    """The keys in a file, which is read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, ...] = ()
        self._keys: tuple[bytes, ...] = ()

    def current(self) -> tuple[bytes, ...]:
        """Return the keys that the file now holds; raise :class:`runtime.ports.UnsignedError` without any."""
        try:
            state = self._path.stat()
            read_at = (state.st_ino, state.st_mtime_ns, state.st_size)
            if read_at != self._read_at:
                self._keys = parse_keys(self._path.read_text(encoding="utf-8"))
                self._read_at = read_at
        except OSError as error:
            raise UnsignedError(f"the file of signing keys cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:
            raise UnsignedError("the file of signing keys is not text") from None
        except KeyFormatError as error:
            raise UnsignedError(f"the file of signing keys cannot be used: {error}") from error
        return self._keys


class HttpReceiver:
    """A :class:`runtime.ports.Receiver` at an address; ``now`` is the time in seconds since 1970."""

    def __init__(self, client: HttpClient, url: str, keys: SigningKeys, now: Callable[[], float] = time.time) -> None:
        self._client = client
        self._url = url
        self._keys = keys
        self._now = now

    async def deliver(self, id_: str, event: bytes) -> None:
        """See :class:`runtime.ports.Receiver`."""
        fields = signed_fields(self._keys.current(), id_, int(self._now()), event)
        answer = await self._client.ask("POST", self._url, event, {"Content-Type": _CONTENT_TYPE, **fields})
        if answer.status not in _SUCCESS:
            raise DeliveryError(f"answered {answer.status}")
