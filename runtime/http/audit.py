"""HTTP handlers of the audit trail, and the notes of refused requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

from runtime.domain.audit import READ, REFUSAL
from runtime.domain.names import KEY, NAMESPACE
from runtime.http.clients import query_of
from runtime.http.queries import read_anchors_after, read_audit_filter
from runtime.http.representations import dump

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.requests import Request
    from starlette.types import Scope

    from runtime.http.clients import Clients
    from runtime.services.audit import Audit

UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE", "POST", "PATCH", "OPTIONS"})
_NAMES = {"namespace": NAMESPACE, "key": KEY}


class Refusals:
    """Notes of refused requests, but of those for the paths in ``quiet``; a note holds nothing of body or raw path."""

    def __init__(self, audit: Audit, clients: Clients, quiet: Collection[str]) -> None:
        self._audit = audit
        self._clients = clients
        self._quiet = frozenset(quiet)

    def note(self, scope: Scope, route: str, status: int) -> None:
        """Note a request that was answered with an error of the client's, unless it asked for what is not there."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        absent = status == 404 and route != UNMATCHED and method in ("GET", "HEAD")
        if status >= 500 or absent or route in self._quiet:
            return
        names = {name: value for name, value in scope.get("path_params", {}).items() if name in _NAMES}
        about = {name: value for name, value in names.items() if _NAMES[name].fullmatch(value)}
        self._audit.refuse(self._clients.note(scope, REFUSAL, str(status), f"{method} {route}", **about))


class AuditHandlers:
    """The handlers of the audit trail. Each read of it is recorded before it is answered, or refused with 503."""

    def __init__(self, audit: Audit, clients: Clients) -> None:
        self._audit = audit
        self._clients = clients

    async def list(self, request: Request) -> Response:
        """GET a page of records in the order of the chain: ``next`` is the value of ``after`` for the next page."""
        wanted = read_audit_filter(request)
        await self._record(request, "GET /v1/audit", wanted.namespace)
        page = await self._audit.page(wanted)
        records = [
            {"sequence": each.sequence, "record": orjson.Fragment(each.record), "link": each.link}
            for each in page.records
        ]
        following = page.records[-1].sequence if page.more else None
        body = {"records": records, "next": following, "first": page.first, "previous": page.previous}
        return Response(dump(body), media_type="application/json")

    async def anchors(self, request: Request) -> Response:
        """GET the signed heads of the chain, in order; ``after`` is the place of the last one that is known."""
        after, limit = read_anchors_after(request)
        await self._record(request, "GET /v1/audit/anchors", None)
        found = await self._audit.anchors(after, limit + 1)
        anchors = [
            {"statement": orjson.Fragment(each.statement), "signature": each.signature} for each in found[:limit]
        ]
        body = {"anchors": anchors, "next": found[limit - 1].sequence if len(found) > limit else None}
        return Response(dump(body), media_type="application/json")

    async def _record(self, request: Request, endpoint: str, namespace: str | None) -> None:
        query = query_of(request.scope)
        await self._audit.record(
            self._clients.note(request.scope, READ, "200", endpoint, namespace=namespace, query=query)
        )
