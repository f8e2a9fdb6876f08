"""A flood is admitted what the specification says: from YAML to the answers of two worker processes."""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from runtime.domain.buckets import MICROSECONDS_PER_MINUTE, Shape
from runtime.services.leases import LIFETIME_MICROSECONDS
from tests.e2e.service import Service, up
from tests.runtime.service import PAUSE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

_CONNECTIONS = 16
_FLOOD_AFTER_EMPTY_SECONDS = 1.5
_SETTINGS = "generated/development/eu-central-1/runtime/settings.json"
_ENTRY = "/v1/namespaces/flood/entries/none"


@dataclass
class Flood:
    """What a flood of reads was answered, and between which times it was decided."""

    answers: Counter[int] = field(default_factory=Counter)
    sent: list[float] = field(default_factory=list)
    received: list[float] = field(default_factory=list)
    pauses: list[int] = field(default_factory=list)

    @property
    def shortest(self) -> float:
        return max(self.sent) - min(self.received)

    @property
    def longest(self) -> float:
        return max(self.received) - min(self.sent)


def test_a_flood_is_admitted_exactly_what_the_settings_say(project: Path) -> None:
    with up(project) as service:
        _assert_admits(service, _settings(project))


def test_a_limit_that_was_changed_in_the_specification_is_the_one_that_holds(project: Path) -> None:
    file = project / "spec" / "load_management.yaml"
    text = file.read_text()
    file.write_text(
        text.replace("default: 1000 req/min", "default: 600 req/min").replace("2000 req/min", "900 req/min")
    )
    route = project / "environments" / "development" / "environment.yaml"
    assert "300 req/min" in route.read_text(), "the limit of a single route stays below the one that is changed"
    with up(project) as service:
        settings = _settings(project)
        assert settings["throttling"]["client"] == {"capacity": 300, "refill_per_minute": 600}
        _assert_admits(service, settings)


def _assert_admits(service: Service, settings: dict[str, Any]) -> None:
    workers, bucket = settings["process"]["workers"], settings["throttling"]["client"]
    assert workers >= 2
    assert bucket == settings["throttling"]["endpoint"], "the flood of one route sees the smaller of two buckets"
    capacity, refill_per_minute = bucket["capacity"], bucket["refill_per_minute"]
    flood = asyncio.run(_flood(service))
    full = Shape(capacity, refill_per_minute, lag=LIFETIME_MICROSECONDS).full / MICROSECONDS_PER_MINUTE
    admitted, rate = flood.answers[404], refill_per_minute / 60
    # A worker that a busy machine stops loses the tokens of one lease, which is at most 1 % of the bucket.
    lost = max(flood.pauses) * workers * (capacity // 100)
    # What Valkey answers too late is judged by the worker's own share, and counted (decision 45, outside of the proof).
    alone = _admitted_alone(service)
    assert flood.answers.keys() - ({503} if alone else set()) == {404, 429}, flood.answers
    assert alone <= capacity + rate * flood.longest
    least = math.floor(full + rate * flood.shortest) - 1 - lost
    most = math.floor(full + rate * flood.longest) + 1 + alone
    assert least <= admitted <= most, f"{admitted} of {least} to {most}"


async def _flood(service: Service) -> Flood:
    """Read as fast as several connections can, until some time after the bucket has run empty."""
    flood = Flood()
    headers = service.signed_in()
    emptied: list[float] = []

    async def read(client: httpx.AsyncClient) -> None:
        answered, pauses = time.monotonic(), 0
        while not emptied or time.monotonic() < emptied[0] + _FLOOD_AFTER_EMPTY_SECONDS:
            flood.sent.append(time.monotonic())
            response = await client.get(_ENTRY)
            flood.received.append(time.monotonic())
            pauses += flood.received[-1] - answered > PAUSE_SECONDS
            answered = flood.received[-1]
            flood.answers[response.status_code] += 1
            if response.status_code == 429 and not emptied:
                emptied.append(time.monotonic())
        flood.pauses.append(pauses)

    def signed_in() -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=service.url, headers=headers)

    async with AsyncExitStack() as stack:
        # One client, and so one connection, for each reader: the connections are spread over the workers.
        clients = [await stack.enter_async_context(signed_in()) for _ in range(_CONNECTIONS)]
        await asyncio.gather(*(read(client) for client in clients))
    return flood


def _admitted_alone(service: Service) -> int:
    """Return how many requests workers admitted without the shared buckets, as the service counts them."""
    (line,) = (line for line in service.output if line.startswith("metrics"))
    metrics = httpx.get(line.split()[1]).text
    return sum(
        int(float(value))
        for value in re.findall(r'^throttle_alone_\w+{outcome="admitted"} (\S+)', metrics, re.MULTILINE)
    )


def _settings(project: Path) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads((project / _SETTINGS).read_text())
    return settings
