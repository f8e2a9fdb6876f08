"""The latest known change in Redis: it tells a worker that starts whether PostgreSQL still has that change."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from uuid import UUID

from runtime.adapters.redis import client, script, translated
from runtime.domain.entries import Mark, Version

if TYPE_CHECKING:
    from runtime.environment import Address

KEY = "cbp:history"


class RedisHighWater:
    """A :class:`runtime.ports.HighWater` in one hash."""

    def __init__(self, address: Address) -> None:
        self._client = client(address, connections=1)
        self._raise = self._client.register_script(script("raise_mark.lua"))

    async def read(self) -> Mark | None:
        """See :class:`runtime.ports.HighWater`."""
        with translated():
            kept = cast("dict[bytes, bytes]", await self._client.hgetall(KEY))
        if not kept:
            return None
        epoch, revision, change = (str(kept[name], "ascii") for name in (b"epoch", b"revision", b"change"))
        return Mark(Version(epoch, int(revision)), UUID(change) if change else None)

    async def raise_to(self, mark: Mark) -> None:
        """See :class:`runtime.ports.HighWater`."""
        with translated():
            await self._raise([KEY], [mark.version.epoch, mark.version.revision, str(mark.change or "")])

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()
