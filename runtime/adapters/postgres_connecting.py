"""Connections to PostgreSQL through a change of their password.

PostgreSQL keeps one password of a role, and a new one voids it at once, before the file with it has been replaced. So a
second role, a member of the first, is given the former password for a while: whoever still has that one logs in as it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from runtime.environment import Address

DENIED = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.ProtocolViolationError,  # of PgBouncer, where it has no code of its own for a refusal
)


async def connect(address: Address, **options: Any) -> asyncpg.Connection:
    """Return a new connection of the user in the address, or of its ``previous_user`` where it is refused.

    Raises asyncpg's and the operating system's errors; if both are refused, that of the user in the address.
    """
    password = address.password()
    try:
        return await asyncpg.connect(address.url, password=password, **options)
    except DENIED as error:
        if address.previous_user is None:
            raise
        try:
            return await asyncpg.connect(address.url, user=address.previous_user, password=password, **options)
        except DENIED:
            raise error from None
