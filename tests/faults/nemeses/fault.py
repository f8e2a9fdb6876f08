"""A fault: a context in which something is broken, and which mends it at its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.faults.deployment import Deployment
    from tests.faults.history import Rewind

    Fault: TypeAlias = Callable[[Deployment, list[Rewind]], AbstractAsyncContextManager[None]]
    """It adds to the list when history goes back."""

STEP_SECONDS = 0.8
"""The time in which clients work between two steps of a fault that has several."""


async def blocking(act: Callable[..., None], *arguments: object) -> None:
    """Do what waits, beside the network and the clients that this process runs."""
    await asyncio.to_thread(act, *arguments)
