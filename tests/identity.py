"""Identities of the tests: one local key for the session, the tokens that it signs, and an issuer that publishes it."""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any

from runtime.embedded.issuer import Signer, local_issuer, trusted

if TYPE_CHECKING:
    from collections.abc import Mapping

EVERYTHING = ("administrator@*",)
SECONDS = 6 * 3600
"""Longer than any session of tests."""


@cache
def issuer() -> Signer:
    """The session's issuer, which answers on the loopback address until the session ends."""
    running = ExitStack()
    atexit.register(running.close)
    return running.enter_context(local_issuer())


def token(*rights: str, subject: str = "tester", **claims: Any) -> str:
    """A token for a subject with some rights, by default to everything."""
    return issuer().token(rights or EVERYTHING, subject, **{"seconds": SECONDS, **claims})


def signed_in(*rights: str, subject: str = "tester", **claims: Any) -> dict[str, str]:
    """The header of a client that is signed in."""
    return {"authorization": f"Bearer {token(*rights, subject=subject, **claims)}"}


def header_line() -> str:
    """That header as a line of a request."""
    return f"authorization: Bearer {token()}\r\n"


def access(**members: Any) -> dict[str, Any]:
    """The section ``access`` of a settings file under which the session's issuer is trusted."""
    return {
        "issuers": [trusted(issuer().issuer)],
        "bindings": [],
        "keys": {"refresh_seconds": 300, "pause_seconds": 1, "outage_seconds": 600},
        "clock_skew_seconds": 5,
        "known_seconds": 1,
        "second_factor": True,
        **members,
    }


class MemoryKeys:
    """The keys that issuers publish, in memory; by default those of the session's own."""

    def __init__(self, published: Mapping[str, Any] | None = None) -> None:
        self.published: Mapping[str, Any] = issuer().keys if published is None else published
        self.failure: Exception | None = None
        self.fetches = 0

    async def fetch(self, issuer: str) -> Mapping[str, Any]:
        self.fetches += 1
        if self.failure is not None:
            raise self.failure
        return self.published
