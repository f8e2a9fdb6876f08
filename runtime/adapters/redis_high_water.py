"""The latest known change in Redis: it tells a worker that starts whether PostgreSQL still has that change."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from runtime.adapters.redis_clients import CONNECTING_SECONDS
from runtime.adapters.redis_faults import bounded
from runtime.domain.entries import Mark, Version

if TYPE_CHECKING:
    from runtime.adapters.redis import RedisTokenBuckets

KEY = "cbp:history"


class RedisHighWater:
    """A :class:`runtime.ports.entries.HighWater` in one hash, on the server of the token buckets."""

    def __init__(self, buckets: RedisTokenBuckets) -> None:
        self._buckets = buckets
        self._script = files("runtime.adapters").joinpath("raise_mark.lua").read_text(encoding="utf-8")

    async def read(self) -> Mark | None:
        """See :class:`runtime.ports.entries.HighWater`."""
        async with bounded(CONNECTING_SECONDS):
            kept = cast("dict[bytes, bytes]", await self._buckets.client.hgetall(KEY))
        if not kept:
            return None
        epoch, revision, change = (str(kept[name], "ascii") for name in (b"epoch", b"revision", b"change"))
        return Mark(Version(epoch, int(revision)), UUID(change) if change else None)

    async def raise_to(self, mark: Mark) -> None:
        """See :class:`runtime.ports.entries.HighWater`."""
        arguments: tuple[Any, ...] = (KEY, mark.version.epoch, mark.version.revision, str(mark.change or ""))
        async with bounded(CONNECTING_SECONDS):
            await self._buckets.client.eval(self._script, 1, *arguments)
