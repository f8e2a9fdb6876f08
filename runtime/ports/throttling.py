"""The protocol of the shared token buckets, and their error."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.domain.buckets import Shape

from runtime.ports.availability import UnavailableError


@dataclass(frozen=True, slots=True)
class KeyedBucket:
    """A bucket of the shared store. Keys of buckets that are debited together share a hash slot."""

    key: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Grant:
    """A number of ``tokens`` taken from every bucket; at 0, each bucket holds one after ``wait_microseconds``.

    The wait assumes that nobody else takes tokens. ``levels`` are the levels that remain, in parts of a token, in the
    order of the buckets.
    """

    tokens: int
    wait_microseconds: int
    levels: tuple[int, ...]


class Fault(StrEnum):
    """The reason for which the shared buckets could not be asked, or did not do what they were asked."""

    AWAY = "away"
    """No connection: refused, broken, or to a name that does not resolve."""
    SLOW = "slow"
    """No answer in time."""
    READ_ONLY = "read_only"
    OUT_OF_MEMORY = "out_of_memory"
    TOO_FEW_REPLICAS = "too_few_replicas"
    LOADING = "loading"
    ACCESS_DENIED = "access_denied"
    """A wrong password, or a user without the right to what is needed."""
    BROKEN_KEY = "broken_key"
    """The script failed on what a key holds; other clients' keys are not concerned."""
    POOL_FULL = "pool_full"
    """Every connection of this worker is lent: it says nothing about the server."""
    REFUSED = "refused"
    """Any other refusal, such as a server that cannot save to its disk."""
    NO_SENTINEL = "no_sentinel"
    """No sentinel names the primary: the last one that was named is used on."""


class BucketsUnavailableError(UnavailableError):
    """The shared buckets could not be debited, and ``fault`` says why; tokens may be lost, but none is gained."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"Redis cannot count requests ({fault.value.replace('_', ' ')})")
        self.fault = fault


class TokenBuckets(Protocol):
    """Token buckets shared by every worker of every replica; calls may raise :class:`BucketsUnavailableError`."""

    async def close(self) -> None:
        """Release every connection."""

    async def probe(self) -> None:
        """Return when a token was taken from a bucket that only probes use: what requests need, writing included."""

    async def take(self, buckets: Sequence[KeyedBucket], wanted: int) -> Grant:
        """Take from 1 to ``wanted`` tokens from every bucket, fewer near the end of one, or none from any."""
