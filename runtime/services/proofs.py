"""Proofs of identity: tokens of issuers, and keys of machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.domain.grants import is_key

if TYPE_CHECKING:
    from runtime.services.given import GivenRights
    from runtime.services.tokens import Tokens, Verified


class Proofs:
    """The verifier of every bearer token."""

    def __init__(self, tokens: Tokens, given: GivenRights) -> None:
        self._tokens = tokens
        self._given = given

    async def verify(self, token: str) -> Verified:
        """Return the identity that a token proves; errors are those of :class:`Tokens`."""
        return await (self._given.verify(token) if is_key(token) else self._tokens.verify(token))
