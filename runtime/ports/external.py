"""Protocols of external services: issuers of tokens, and receivers of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runtime.ports.availability import Pool


class ExternalPool(Protocol):
    """Connections to external services."""

    @property
    def pool(self) -> Pool:
        """The connections that may be open, those of calls in progress, and the calls that wait for one."""

    async def close(self) -> None:
        """Close every connection."""


class KeySource(Protocol):
    """The published keys of issuers of tokens."""

    async def fetch(self, issuer: str) -> Mapping[str, Any]:
        """Return the JWK Set (RFC 7517) of an issuer, or raise :class:`UnavailableError`, in bounded time.

        An answer that is no such set is a :class:`RefusedError`.
        """


class UnsignedError(Exception):
    """There are no keys to sign or to verify by; the text holds nothing of them."""


class KeyRing(Protocol):
    """The keys of one subscriber or connector: one, or a new one and the one before it."""

    def current(self) -> tuple[bytes, ...]:
        """Return the keys that are valid now; raise :class:`UnsignedError` without any."""


class Receiver(Protocol):
    """A subscriber's receiver of events."""

    async def deliver(self, id_: str, event: bytes) -> None:
        """Return once the receiver has taken a CloudEvent in the JSON format, with this id, in bounded time.

        Raises:
            runtime.domain.deliveries.GoneError: it takes no further event.
            runtime.domain.deliveries.DeliveryError: it refuses the event.
            UnavailableError: it fails or does not answer, so that it may have taken the event.
            UnsignedError: nothing was sent, since the event cannot be signed.
        """
