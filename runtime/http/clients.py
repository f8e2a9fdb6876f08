"""Identification of clients for throttling, by an address that the client cannot forge."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Scope

    from runtime.environment import Network

IPV6_PREFIX = 64
"""The prefix length of an IPv6 client: one customer has a whole /64, so a bucket per address would limit nobody."""


class Clients:
    """Identifies the client of a request: the peer's address, or the address that ``trusted_proxies`` forward."""

    def __init__(self, trusted_proxies: Sequence[Network]) -> None:
        self._trusted = tuple(trusted_proxies)
        self._named = lru_cache(maxsize=4096)(self._name)

    def identify(self, scope: Scope) -> str:
        """Return the client's IPv4 address or IPv6 network."""
        peer = scope["client"][0] if scope["client"] else ""
        if not self._trusted:
            return self._named(peer, b"")
        forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        return self._named(peer, forwarded)

    def _name(self, peer: str, forwarded: bytes) -> str:
        address = _parse(peer)
        if address is None:
            return "unknown"  # a Unix socket has no peer address, so its clients share one bucket
        # Each proxy appends its peer's address, so the client is the last address that is not a trusted proxy.
        for hop in reversed(forwarded.decode("latin-1").split(",")):
            if not self._trusts(address) or (previous := _parse(hop.strip())) is None:
                break
            address = previous
        return _bucket_name(address)

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _bucket_name(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, IPV6_PREFIX), strict=False))
