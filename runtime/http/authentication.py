"""Authentication and authorization of every endpoint under /v1.

A proof that was verified before costs a lookup by the bytes of its header. A request that proves nothing is limited by
its network address. Everything after that (what is in progress, the buckets, the actor of a change) is counted by
identity.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import structlog

from runtime.http import problem_kinds as kinds
from runtime.http.errors import challenge
from runtime.http.problems import problem
from runtime.http.rate_limiter import READING
from runtime.ports.availability import UnavailableError
from runtime.routes import PERMISSIONS
from runtime.services.access import Caller, RoleMissingError, SecondFactorMissingError
from runtime.services.tokens import InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.requests import Request
    from starlette.responses import Response

    from runtime.http.clients import Clients
    from runtime.http.errors import Handler
    from runtime.http.intake import BoundedLimiter
    from runtime.http.unproven import Unproven
    from runtime.services.access import Authority, Callers
    from runtime.services.proofs import Proofs
    from runtime.settings import MiddlewareStep
    from runtime.telemetry import Telemetry

_BEARER = re.compile(rb"bearer +([!-~]+)", re.IGNORECASE)

_log = structlog.get_logger(__name__)


class Gate:
    """A step before the limits, which are then those of the identity that it finds."""

    def __init__(
        self,
        callers: Callers,
        proofs: Proofs,
        authority: Authority,
        limiter: BoundedLimiter,
        unproven: Unproven,
        clients: Clients,
        telemetry: Telemetry,
    ) -> None:
        self._callers = callers
        self._proofs = proofs
        self._authority = authority
        self._limiter = limiter
        self._unproven = unproven
        self._clients = clients
        self._telemetry = telemetry

    @property
    def steps(self) -> tuple[MiddlewareStep, ...]:
        """The steps that a request passes from here on."""
        return ("authentication", *self._limiter.steps)

    def answer(self, endpoint: str, handler: Handler, request: Request) -> Awaitable[Response]:
        """Return the limiter's response to a client that has proven who it is, or 401."""
        headers = request.scope["credentials"]
        caller = self._callers.find(headers[0]) if len(headers) == 1 else None
        if caller is None:
            return self._prove_and_pass(headers, endpoint, handler, request)
        return self._pass(caller, endpoint, handler, request)

    def _pass(self, caller: Caller, endpoint: str, handler: Handler, request: Request) -> Awaitable[Response]:
        scope = request.scope
        scope["caller"] = caller
        if scope["method"] not in READING:
            self._clients.identify(scope)  # the audit trail says from where a change came
        return self._limiter.answer(endpoint, handler, request)

    async def _prove_and_pass(
        self, headers: list[bytes], endpoint: str, handler: Handler, request: Request
    ) -> Response:
        found = await self._unproven.prove(request, lambda _: self._verify(headers, request))
        return await self._pass(found, endpoint, handler, request) if isinstance(found, Caller) else found

    def guarded(self, endpoint: str, handler: Handler) -> Handler:
        """Return the handler of an endpoint for clients with its permission; it raises for others."""
        if endpoint not in PERMISSIONS:
            raise ValueError(f"{endpoint} has no permission: add it to PERMISSIONS in runtime/routes.py")
        permission = PERMISSIONS[endpoint]
        require, telemetry = self._authority.require, self._telemetry

        def answer(request: Request) -> Awaitable[Response]:
            try:
                require(request.scope["caller"], permission, request.path_params.get("namespace"))
            except (RoleMissingError, SecondFactorMissingError) as error:
                telemetry.forbidden.count(permission.role if isinstance(error, RoleMissingError) else "second-factor")
                raise
            return handler(request)

        return answer

    async def _verify(self, headers: list[bytes], request: Request) -> Caller | Response:
        if not headers:
            self._telemetry.proofs.count("none")
            detail = "sign in: send a token as Authorization: Bearer TOKEN"
            return problem(kinds.SIGN_IN_REQUIRED, detail, headers=challenge())
        bearer = _BEARER.fullmatch(headers[0]) if len(headers) == 1 else None
        if bearer is None:
            self._telemetry.proofs.count("malformed")
            detail = "Authorization is sent once, and is of the form: Bearer TOKEN"
            return problem(kinds.MALFORMED_REQUEST, detail, headers=challenge("invalid_request", detail))
        try:
            verified = await self._proofs.verify(str(bearer[1], "ascii"))
        except InvalidTokenError as error:
            self._telemetry.proofs.count(error.reason)
            return problem(kinds.INVALID_TOKEN, str(error), headers=challenge("invalid_token", str(error)))
        except UnavailableError as error:
            self._telemetry.proofs.count("unavailable")
            _log.warning(str(error), request_id=request.scope["request_id"])
            return problem(kinds.UNAVAILABLE, f"{error}: try again later", headers={"Retry-After": "1"})
        self._telemetry.proofs.count("verified")
        return self._callers.remember(headers[0], verified)
