"""Ids that nobody can guess, many of which are drawn at a time: each draw asks the kernel.

A process draws its own: two that were forked from one that has drawn would give the same.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIGITS = 32
_DRAWN = 256


def random_ids() -> Iterator[str]:
    """Yield ids of 32 hexadecimal digits."""
    while True:
        drawn = secrets.token_hex(_DRAWN * _DIGITS // 2)
        for start in range(0, len(drawn), _DIGITS):
            yield drawn[start : start + _DIGITS]


def random_uuids() -> Iterator[UUID]:
    """Yield UUIDs of version 4 (RFC 9562)."""
    for drawn in random_ids():
        yield UUID(int=int(drawn, 16), version=4)
