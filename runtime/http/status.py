"""HTTP handlers of the settings in force, health and metrics."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import orjson
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from runtime.domain.preconditions import parse_tags
from runtime.ports import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from runtime.services.cache import Contents
    from runtime.services.draining import Draining
    from runtime.services.sampling import Sampling
    from runtime.settings import Settings
    from runtime.telemetry import Telemetry

_UNCACHED = {"Cache-Control": "no-store"}
CHECK_SECONDS = 1.0
"""The longest that readiness waits for one server; well below the period of any probe."""


class SettingsHandler:
    """A handler that shows the settings in force, so that nobody has to guess which file a process uses."""

    def __init__(self, settings: Settings) -> None:
        self._body = settings.model_dump_json().encode()
        self._tag = f'"{hashlib.sha256(self._body).hexdigest()[:32]}"'

    async def read(self, request: Request) -> Response:
        """GET the settings; 304 when the client has them."""
        headers = {"ETag": self._tag}
        known = request.headers.get("if-none-match")
        if known is not None and parse_tags(known).match_weakly(self._tag):
            return Response(status_code=304, headers=headers)
        return Response(self._body, headers=headers, media_type="application/json")


class StatusHandlers:
    """The handlers of liveness, readiness, its details and metrics; ``checks`` ping each server, by its name."""

    def __init__(
        self,
        checks: Mapping[str, Callable[[], Awaitable[None]]],
        contents: Callable[[], Contents],
        sampling: Sampling,
        draining: Draining,
        telemetry: Telemetry,
    ) -> None:
        self._checks = checks
        self._contents = contents
        self._sampling = sampling
        self._draining = draining
        self._telemetry = telemetry

    async def live(self, _request: Request) -> Response:
        """GET 200 as long as the process responds; a restart would not repair a database."""
        return _status(200, {"status": "live"})

    async def ready(self, _request: Request) -> Response:
        """GET 200 when requests can be served; without Redis, they are admitted at reduced rates."""
        status, state, _ = await self._readiness()
        return _status(status, {"status": state})

    async def detail(self, _request: Request) -> Response:
        """GET what readiness rests on: the state of each server, and the cache of the worker that responds."""
        _, state, checks = await self._readiness()
        return _status(200, {"status": state, "checks": checks, "cache": self._contents()})

    async def _readiness(self) -> tuple[int, str, dict[str, str]]:
        """Return the status code and the word of readiness, and the state of each server."""
        if self._draining.active:
            return 503, "draining", {}
        up = await asyncio.gather(*(_answers(check) for check in self._checks.values()))
        checks = {name: "up" if answers else "down" for name, answers in zip(self._checks, up, strict=True)}
        if checks["database"] == "down":
            return 503, "unavailable", checks
        return 200, "ready" if all(up) else "degraded", checks

    async def metrics(self, _request: Request) -> Response:
        """GET the metrics of every worker in Prometheus's text format."""
        self._sampling.sample()
        return Response(self._telemetry.exposition(), headers=_UNCACHED, media_type=CONTENT_TYPE_LATEST)


async def _answers(check: Callable[[], Awaitable[None]]) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except (UnavailableError, TimeoutError):
        return False
    return True


def _status(status: int, body: dict[str, object]) -> Response:
    return Response(orjson.dumps(body), status, headers=_UNCACHED, media_type="application/json")
