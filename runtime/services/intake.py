"""Bounds of what is in progress in one worker: requests and bytes of bodies, of all clients and of each.

Behind a load balancer every client arrives over the same few connections, so that no bound of connections holds for one
of them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that one worker has in progress, and of it the most of one client."""

    requests: int = 1024
    client_requests: int = 256
    body_bytes: int = 32 * MIB
    client_body_bytes: int = 8 * MIB


DEFAULT = Bounds()
UNVERIFIED = Bounds(requests=128, client_requests=32, body_bytes=4 * MIB, client_body_bytes=MIB)
"""Notifications whose signatures are not verified yet: they take nothing of what clients may have in progress."""


class FullError(Exception):
    """A bound is reached: ``bound`` is its name, and ``of_client`` whether it is one of the client alone."""

    def __init__(self, bound: str, *, of_client: bool) -> None:
        super().__init__(bound)
        self.bound = bound
        self.of_client = of_client


class Intake:
    """What is in progress in this worker; ``count_refusal`` is called with the name of each bound that was reached."""

    def __init__(self, count_refusal: Callable[[str], None], bounds: Bounds = DEFAULT) -> None:
        self.requests = Level("requests", bounds.requests, bounds.client_requests, count_refusal)
        self.body_bytes = Level("body-bytes", bounds.body_bytes, bounds.client_body_bytes, count_refusal)
        # One thread parses: it and the event loop take turns, where several would outnumber the loop.
        self.parser = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bodies")


class Level:
    """An amount in progress, of all clients and of each; clients with nothing in progress take no memory."""

    def __init__(self, name: str, most: int, most_of_client: int, count_refusal: Callable[[str], None]) -> None:
        self._name = name
        self._count_refusal = count_refusal
        self._most = most
        self._most_of_client = most_of_client
        self.total = 0
        self.by_client: dict[str, int] = {}

    def add(self, client: str, amount: int) -> None:
        """Add to what is in progress, or raise :class:`FullError` and add nothing."""
        of_client = self.by_client.get(client, 0) + amount
        total = self.total + amount
        if of_client > self._most_of_client or total > self._most:
            of_one = of_client > self._most_of_client
            bound = f"client-{self._name}" if of_one else self._name
            self._count_refusal(bound)
            raise FullError(bound, of_client=of_one)
        self.by_client[client] = of_client
        self.total = total

    def remove(self, client: str, amount: int) -> None:
        """Remove what has ended."""
        self.total -= amount
        rest = self.by_client[client] - amount
        if rest:
            self.by_client[client] = rest
        else:
            del self.by_client[client]


class Share:
    """One request in progress, and the bytes of its body that are held until it is answered."""

    __slots__ = ("_bytes", "_client", "intake")

    def __init__(self, intake: Intake, client: str) -> None:
        self.intake = intake
        self._client = client
        self._bytes = 0

    def __enter__(self) -> Self:
        """Count the request, or raise :class:`FullError`."""
        self.intake.requests.add(self._client, 1)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the request."""
        self.intake.requests.remove(self._client, 1)
        if self._bytes:
            self.intake.body_bytes.remove(self._client, self._bytes)

    def hold(self, count: int) -> None:
        """Count received bytes, or raise :class:`FullError`."""
        self.intake.body_bytes.add(self._client, count)
        self._bytes += count
