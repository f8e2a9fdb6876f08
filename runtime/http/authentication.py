"""Authentication and authorization of every endpoint under /v1.

A proof that was verified before costs a lookup by the bytes of its header. A request that proves nothing costs a token
of the bucket of its network address; when that is empty, nothing from there is verified for a while, so that a flood of
bad tokens is bounded. Everything after that (what is in progress, the buckets, the actor of a change) is counted by
identity.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import structlog

from runtime.http import problem_kinds as kinds
from runtime.http.errors import challenge, full
from runtime.http.problems import problem
from runtime.http.rate_limiter import READING
from runtime.ports import UnavailableError
from runtime.services.access import Caller, RoleMissingError, SecondFactorMissingError
from runtime.services.decisions import Admission
from runtime.services.denials import Denials
from runtime.services.intake import FullError, Share
from runtime.services.limits import ADDRESS
from runtime.services.tokens import InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.requests import Request
    from starlette.responses import Response

    from runtime.http.clients import Clients
    from runtime.http.errors import Handler
    from runtime.http.intake import BoundedLimiter
    from runtime.http.rate_limiter import RateLimiter
    from runtime.routes import Permission
    from runtime.services.access import Authority, Callers
    from runtime.services.intake import Intake
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
        addresses: RateLimiter,
        clients: Clients,
        intake: Intake,
        telemetry: Telemetry,
    ) -> None:
        self._callers = callers
        self._proofs = proofs
        self._authority = authority
        self._limiter = limiter
        self._addresses = addresses
        self._clients = clients
        self._intake = intake
        self._telemetry = telemetry
        self._denials = Denials()

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
        found = await self._prove(headers, request)
        return await self._pass(found, endpoint, handler, request) if isinstance(found, Caller) else found

    def guarded(self, permission: Permission, handler: Handler) -> Handler:
        """Return a handler for clients with a permission; it raises for others."""
        require, telemetry = self._authority.require, self._telemetry

        def answer(request: Request) -> Awaitable[Response]:
            try:
                require(request.scope["caller"], permission, request.path_params.get("namespace"))
            except (RoleMissingError, SecondFactorMissingError) as error:
                telemetry.forbidden.count(permission.role if isinstance(error, RoleMissingError) else "second-factor")
                raise
            return handler(request)

        return answer

    async def _prove(self, headers: list[bytes], request: Request) -> Caller | Response:
        """Verify a proof that is not known yet, and remember it; or return the refusal."""
        address = self._clients.identify(request.scope)
        try:
            with Share(self._intake, address):
                if (denied := self._denials.find(address)) is not None:
                    return self._addresses.refuse(denied, address, ADDRESS)
                found = await self._verify(headers, request)
                if isinstance(found, Caller) or found.status_code >= 500:
                    return found
                decision = await self._addresses.charge(address, ADDRESS)
                if decision.admission is Admission.ADMITTED:
                    return found
                self._denials.remember(address, decision)
                return self._addresses.refuse(decision, address, ADDRESS)
        except FullError as error:
            return full(error)

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
