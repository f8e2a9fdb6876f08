"""HTTP handlers of the settings in force, health and metrics."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from runtime.domain.preconditions import parse_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from runtime.ports.availability import Circuit, Outage, Pool
    from runtime.services.health import Health
    from runtime.services.monitors import Monitors
    from runtime.services.sampling import Sampling
    from runtime.services.secret_ages import SecretAges
    from runtime.settings import Settings
    from runtime.telemetry import Telemetry

_UNCACHED = {"Cache-Control": "no-store"}


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
    """The handlers of liveness, readiness, its details and metrics; none of them asks a server."""

    def __init__(
        self,
        health: Health,
        pools: Callable[[], Mapping[str, Pool]],
        sampling: Sampling,
        monitors: Monitors,
        secrets: SecretAges,
        telemetry: Telemetry,
    ) -> None:
        self._monitors = monitors
        self._secrets = secrets
        self._health = health
        self._pools = pools
        self._sampling = sampling
        self._telemetry = telemetry

    async def live(self, _request: Request) -> Response:
        """GET 200 as long as the process responds; a restart would not repair a database."""
        return _status(200, {"status": "live"})

    async def ready(self, _request: Request) -> Response:
        """GET 200 when requests are to be sent to this process, whether or not its servers are there."""
        state = self._health.state
        return _status(200 if state.ready else 503, {"status": state})

    async def detail(self, _request: Request) -> Response:
        """GET what the worker that answers knows of itself, of each server and since when; the words are fixed."""
        health = self._health
        contents = health.contents()
        stale = None if contents.live or contents.age_seconds is None else contents.age_seconds
        return _status(
            200,
            {
                "status": health.state,
                "stale": None if stale is None else {"age_seconds": stale, "bound_seconds": health.stale_seconds},
                "circuits": {name: _circuit(circuit) for name, circuit in health.circuits.items()},
                "feed": _outage(health.feed.outage),
                "redis": _outage(health.throttle.outage),
                "schema": health.feed.schema,
                "pools": self._pools(),
                "cache": contents,
                "monitors": self._monitors.details,
                "secrets": self._secrets.details,
            },
        )

    async def metrics(self, _request: Request) -> Response:
        """GET the metrics of every worker in Prometheus's text format."""
        self._sampling.sample()
        return Response(self._telemetry.exposition(), headers=_UNCACHED, media_type=CONTENT_TYPE_LATEST)


def _circuit(circuit: Circuit) -> dict[str, object]:
    return {"state": circuit.state, **_since(circuit.outage)}


def _outage(outage: Outage | None) -> dict[str, object]:
    return {"state": "up" if outage is None else "away", **_since(outage)}


def _since(outage: Outage | None) -> dict[str, object]:
    if outage is None:
        return {}
    return {
        "reason": outage.reason,
        "since": datetime.now(UTC) - timedelta(seconds=time.monotonic() - outage.since),
    }


def _status(status: int, body: dict[str, object]) -> Response:
    return Response(
        orjson.dumps(body, option=orjson.OPT_UTC_Z), status, headers=_UNCACHED, media_type="application/json"
    )
