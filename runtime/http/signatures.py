"""Authentication of notifications by their signatures, before anything of them is parsed.

The fields are judged before the body is read, and the body as bytes. An answer says nothing of whether there is a
connector of this name.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Final

from runtime.domain.identity import Identity, Kind
from runtime.domain.webhooks import FIELDS, SignedFieldsError, parse_signed_fields
from runtime.http.bodies import BodyTooLargeError, read_limited
from runtime.loading import CONNECTOR
from runtime.routes import SIGNED
from runtime.services.access import Caller
from runtime.services.notifications import SignatureRefusedError, UntimelyError
from runtime.services.tokens import Verified

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from runtime.http.errors import Handler
    from runtime.http.intake import BoundedLimiter
    from runtime.http.unproven import Unproven
    from runtime.services.intake import Share
    from runtime.services.notifications import Connectors
    from runtime.settings import MiddlewareStep

LARGEST_NOTIFICATION: Final = 64 * 1024
"""The largest body of a notification in bytes: it is read before its signature is verified."""

_NAMES: Final = {name.encode(): name for name in FIELDS}


class SignatureGate:
    """A step before the limits, which are then those of the connector that signed the request.

    ``scope["connector"]`` is that connector, ``scope["signed"]`` what it signed, and ``scope["body"]`` the bytes.
    """

    def __init__(self, connectors: Connectors, unproven: Unproven, limiter: BoundedLimiter) -> None:
        self._connectors = connectors
        self._unproven = unproven
        self._limiter = limiter

    @property
    def steps(self) -> tuple[MiddlewareStep, ...]:
        """The steps that a request passes from here on."""
        return ("authentication", *self._limiter.steps)

    async def answer(self, endpoint: str, handler: Handler, request: Request) -> Response:
        """Return the limiter's response to a request that a connector has signed, or the refusal."""
        found = await self._unproven.prove(request, partial(self._verify, request))
        if not isinstance(found, Caller):
            return found
        request.scope["caller"] = found
        return await self._limiter.answer(endpoint, handler, request)

    def guarded(self, endpoint: str, handler: Handler) -> Handler:
        """Return the handler of a signed endpoint as it is: the signature is the permission."""
        if endpoint not in SIGNED:
            raise ValueError(f"{endpoint} is not for connectors: add it to SIGNED in runtime/routes.py")
        return handler

    async def _verify(self, request: Request, share: Share) -> Caller:
        """Return the connector that signed a request; what is raised says why it is refused."""
        name = request.path_params["connector"]
        try:
            signed = parse_signed_fields(_fields(request))
            self._connectors.require_timely(signed)
            body = await read_limited(request, share, LARGEST_NOTIFICATION)
            connector = self._connectors.verify(name, signed, body)
        except (SignedFieldsError, UntimelyError, BodyTooLargeError, SignatureRefusedError) as error:
            self._connectors.count(name, _OUTCOMES[type(error)])
            raise
        request.scope.update(connector=connector, signed=signed, body=body)
        return Caller(Verified(Identity(CONNECTOR, connector.name, Kind.CONNECTOR), math.inf))


_OUTCOMES: Final[dict[type[Exception], str]] = {
    SignedFieldsError: "unsigned",
    UntimelyError: "untimely",
    BodyTooLargeError: "too_large",
    SignatureRefusedError: "refused",
}
"""The outcome that a refusal is counted by."""


def _fields(request: Request) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in request.scope["headers"]:
        if name in _NAMES:
            found.setdefault(_NAMES[name], []).append(value.decode("latin-1"))
    return found
