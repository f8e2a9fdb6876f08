"""HTTP handlers of namespaces as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.domain.names import check_namespace
from runtime.domain.preconditions import is_unmodified
from runtime.http.queries import read_at_least, read_conditions
from runtime.http.rate_limiter import charge_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from runtime.http.representations import Representation
    from runtime.services.namespaces import Namespaces


class NamespaceHandlers:
    """The handlers of a whole namespace."""

    def __init__(self, namespaces: Namespaces[Representation]) -> None:
        self._namespaces = namespaces

    async def read(self, request: Request) -> Response:
        """GET all keys and values; 304 when the client has this version, which costs one token."""
        namespace = check_namespace(request.path_params["namespace"])
        conditions = read_conditions(request)
        whole, age = await self._namespaces.read(namespace, read_at_least(request))
        if age is None and is_unmodified(conditions, whole.version):
            return whole.unmodified()
        if denial := await charge_of(request).pay_bytes(whole.bytes):
            return denial
        return whole.response(200) if age is None else whole.stale(age)
