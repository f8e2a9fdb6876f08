"""Protocols of what the process finds on its machine: memory, and files of secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """The memory that is used and that cannot be reclaimed at once, and its limit (bytes)."""

    used: int
    limit: int


class MemoryReader(Protocol):
    """A reader of the memory that this worker and its container use."""

    def container(self) -> MemoryUse | None:
        """Return the use of the container's memory, without file cache that can be dropped; None without a limit."""

    def private_bytes(self) -> int:
        """Return the memory of this process that belongs to no file, with that which forked processes still share."""

    def give_back(self) -> None:
        """Return freed memory to the operating system."""


class DatedSecret(Protocol):
    """A secret of which is known when it was last rotated."""

    def rotated_at(self) -> datetime | None:
        """Return when the secret that is in use was made; None where nothing tells it."""
