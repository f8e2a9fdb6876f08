"""Sentinels: which server of a group is the master.

Source: https://valkey.io/topics/sentinel-clients/
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from runtime.adapters.redis_clients import CONNECTING_SECONDS, sentinel_client
from runtime.adapters.redis_faults import bounded
from runtime.ports.throttling import BucketsUnavailableError, Fault

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from runtime.adapters.redis_clients import Location
    from runtime.environment import Address, Sentinels


class SentinelGroup:
    """The sentinels of one group of servers, which take the user and password of the servers."""

    def __init__(self, sentinels: Sentinels, address: Address) -> None:
        self._name = sentinels.master
        self._clients = [sentinel_client(address, location) for location in sentinels.addresses]

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients:
            await client.aclose()

    async def master(self) -> Location:
        """Return where the master is, by the one of a majority of sentinels that knows of the last failover.

        A sentinel that was cut off from the others still names the old master, with a lower epoch. Fewer than a
        majority are believed when the others do not answer; :class:`BucketsUnavailableError` is raised when none does.
        """
        asking = [asyncio.create_task(self._ask(client)) for client in self._clients]
        known: list[tuple[int, Location]] = []
        causes: list[str] = []
        try:
            for answer in asyncio.as_completed(asking):
                try:
                    known.append(await answer)
                except BucketsUnavailableError as error:
                    causes.append(str(error.__cause__))
                if len(known) * 2 > len(asking):
                    break
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        if not known:
            reasons = "; ".join(causes)
            raise BucketsUnavailableError(Fault.NO_SENTINEL) from OSError(f"no sentinel names the master: {reasons}")
        return max(known)[1]

    async def _ask(self, client: Redis) -> tuple[int, Location]:
        async with bounded(CONNECTING_SECONDS):
            state: Any = await client.sentinel_master(self._name, return_responses=True)
        return state["config-epoch"], (state["ip"], state["port"])
