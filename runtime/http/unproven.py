"""Limits of requests that prove nothing.

Each costs a token of the bucket of its network address; when that is empty, nothing from there is verified for a while,
so that a flood of bad proofs is bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.domain import traces
from runtime.http.errors import full, problem_of
from runtime.services.access import Caller
from runtime.services.decisions import Admission
from runtime.services.denials import Denials
from runtime.services.intake import FullError, Share
from runtime.services.limits import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from runtime.http.clients import Clients
    from runtime.http.rate_limiter import RateLimiter
    from runtime.services.intake import Intake


class Unproven:
    """The limits of proofs of one kind; ``intake`` bounds those that are verified at once."""

    def __init__(self, limiter: RateLimiter, clients: Clients, intake: Intake) -> None:
        self._limiter = limiter
        self._clients = clients
        self._intake = intake
        self._denials = Denials()

    async def prove(
        self, request: Request, verify: Callable[[Share], Awaitable[Caller | Response]]
    ) -> Caller | Response:
        """Return the client that ``verify`` finds by a proof, or the refusal; what it raises is answered too.

        Nothing else asks others for a request, so that the calls of a verification alone are part of its trace.
        """
        address = self._clients.identify(request.scope)
        try:
            with Share(self._intake, address) as share:
                if (denied := self._denials.find(address)) is not None:
                    return self._limiter.refuse(denied, address, ADDRESS)
                found = await self._verified(request, verify, share)
                if isinstance(found, Caller) or found.status_code >= 500:
                    return found
                decision = await self._limiter.charge(address, ADDRESS)
                if decision.admission is Admission.ADMITTED:
                    return found
                self._denials.remember(address, decision)
                return self._limiter.refuse(decision, address, ADDRESS)
        except FullError as error:
            return full(error)

    async def _verified(
        self, request: Request, verify: Callable[[Share], Awaitable[Caller | Response]], share: Share
    ) -> Caller | Response:
        tracing = traces.begin(request.scope.get("trace"))
        try:
            return await verify(share)
        except FullError:
            raise
        except Exception as error:  # as those of handlers, at the boundary of errors
            return problem_of(error, request)
        finally:
            traces.end(tracing)
