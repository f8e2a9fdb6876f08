"""Identification of clients, by their proof or else by an address that the client cannot forge.

A client is the peer, or the last address that trusted proxies report and that is not one of them. Their reports are
read from the right, since each proxy appends its peer to text that may come from the client, and only as far as that.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any, NamedTuple

from runtime.domain.audit import Note
from runtime.domain.entries import Context
from runtime.environment import ForwardedHeader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from starlette.requests import Request
    from starlette.types import Scope

    from runtime.domain.identity import Identity
    from runtime.environment import Network
    from runtime.services.access import Caller

IPV6_PREFIX = 64
"""The prefix length of an IPv6 client: one customer has a whole /64, so a bucket per address would limit nobody."""

LONGEST_CHAIN = 32
"""The number of trusted proxies in a row after which the client counts as unknown."""

LONGEST_HOP_BYTES = 512
"""The length of one proxy's report after which it is not read: 4 times that of the longest one with every parameter."""

_PORT = r"(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?"
_BRACKETED = re.compile(rf"\[([^\]]*:[^\]]*)\]{_PORT}")
_WITH_PORT = re.compile(rf"([0-9.]+){_PORT}")
_OBFUSCATED = re.compile(rf"(?:unknown|_[A-Za-z0-9._-]+){_PORT}", re.IGNORECASE)
_PAIR = re.compile(r'[ \t]*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=("(?:[^"\\]|\\.)*"|[^";,\s]*)[ \t]*(?:;|$)')


class UnknownClientError(Exception):
    """No address of a client can be told; the argument is the reason, one of the fixed words of a metric's label."""


class _Hop(NamedTuple):
    """One reported address: the ``client`` that it stands for, and whether it is a trusted proxy."""

    client: str
    trusted: bool


class Clients:
    """Identifies the client of a request: the peer's address, or the address that ``trusted_proxies`` report.

    ``header`` is the one that the proxies write, and the other is then not read. If None, both are, and have to name
    the same client: proxies pass on the header that they do not write as a client has sent it.
    ``count_unknown`` is called with the reason for each request whose client cannot be told.
    """

    def __init__(
        self,
        trusted_proxies: Sequence[Network],
        header: ForwardedHeader | None = None,
        count_unknown: Callable[[str], None] = lambda _reason: None,
    ) -> None:
        self._trusted = tuple(trusted_proxies)
        self._count_unknown = count_unknown
        # Texts in these caches are bounded, so that no client fills the memory.
        self._peer_hop = lru_cache(maxsize=4096)(self._of_peer)
        readers = {
            ForwardedHeader.X_FORWARDED_FOR: lru_cache(maxsize=4096)(self._of_node),
            ForwardedHeader.FORWARDED: lru_cache(maxsize=4096)(self._of_element),
        }
        self._readers = {each.lower().encode(): reader for each, reader in readers.items() if header in (None, each)}

    def identify(self, scope: Scope) -> str:
        """Return the client's IPv4 address or IPv6 network, or the name of a bucket that unknown clients share."""
        if (client := scope.get("identified_client")) is None:
            client = scope["identified_client"] = self._identify(scope)
        return str(client)

    def note(self, scope: Scope, kind: str, outcome: str, endpoint: str, **about: Any) -> Note:
        """Return the note of a request for the audit trail; ``about`` are further members of it."""
        client, id_ = self.identify(scope), scope["request_id"]
        return Note(kind, outcome, actor_of(scope), client, endpoint, request_id=id_, **about)

    def counted(self, scope: Scope) -> str:
        """Return the name that limits count a request by: that of its caller, or before one is known its address."""
        caller: Caller | None = scope.get("caller")
        return self.identify(scope) if caller is None else caller.name

    def _identify(self, scope: Scope) -> str:
        peer = scope["client"][0] if scope["client"] else ""
        try:
            hop = self._peer_hop(peer)
        except UnknownClientError as error:
            self._count_unknown(str(error))
            return "unknown"
        if not hop.trusted:
            return hop.client
        try:
            return self._reported(scope["headers"]) or hop.client
        except UnknownClientError as error:
            # A bucket apart from the proxy's own, so that nobody spends what the proxy's other clients need.
            self._count_unknown(str(error))
            return f"unknown@{hop.client}"

    def _reported(self, headers: Sequence[tuple[bytes, bytes]]) -> str | None:
        """Return the client that the headers name, or None if there is no such header."""
        values: dict[bytes, list[bytes]] = {}
        for name, value in headers:
            if name in self._readers:
                values.setdefault(name, []).append(value)
        clients = {self._last_untrusted(name, reports) for name, reports in values.items()}
        if len(clients) > 1:
            raise UnknownClientError("contradiction")
        return clients.pop() if clients else None

    def _last_untrusted(self, name: bytes, values: Sequence[bytes]) -> str:
        read, hop = self._readers[name], None
        for distance, text in enumerate(_from_the_right(values)):
            if distance == LONGEST_CHAIN:
                raise UnknownClientError("too-long")
            hop = read(text)
            if not hop.trusted:
                return hop.client
        if hop is None:
            raise UnknownClientError("empty")
        return hop.client

    def _of_peer(self, text: str) -> _Hop:
        return self._hop(_address(text))

    def _of_node(self, text: str) -> _Hop:
        return self._hop(_node(_unquoted(text)))

    def _of_element(self, text: str) -> _Hop:
        return self._hop(_node(_for(text)))

    def _hop(self, address: IPv4Address | IPv6Address) -> _Hop:
        return _Hop(_bucket_name(address), any(address in network for network in self._trusted))


def actor_of(scope: Scope) -> str:
    """Return the name of the caller, once it is known."""
    caller: Caller | None = scope.get("caller")
    return Context().actor if caller is None else caller.name


def identity_of(request: Request) -> Identity:
    """Return the identity of the caller, who is known behind the gate."""
    caller: Caller = request.scope["caller"]
    return caller.identity


def query_of(scope: Scope) -> str | None:
    """Return the query of a request, for a record of what was read."""
    return scope["query_string"].decode("ascii", "replace") or None


def context_of(scope: Scope, reason: str | None = None) -> Context:
    """Return the origin of a change that a request asks for."""
    return Context(actor_of(scope), scope["request_id"], reason, scope.get("identified_client"), scope.get("trace"))


def _from_the_right(values: Sequence[bytes]) -> Iterator[str]:
    """Yield the elements of a list header from the last to the first, without the empty ones.

    A comma in a quoted string does not separate. Quotes are counted from the right too: an open one is the client's.
    """
    for value in reversed(values):
        rest = value
        while rest := rest.rstrip(b", \t"):
            start = rest.rfind(b",")
            while start >= 0 and rest.count(b'"', start) % 2 and len(rest) - start <= LONGEST_HOP_BYTES:
                start = rest.rfind(b",", 0, start)
            if len(rest) - start > LONGEST_HOP_BYTES:
                raise UnknownClientError("too-long")
            yield rest[start + 1 :].decode("latin-1").strip(" \t")
            rest = rest[: max(start, 0)]


def _for(element: str) -> str:
    """Return the node of the parameter ``for`` of an element of ``Forwarded`` (RFC 7239, section 4)."""
    found: list[str] = []
    position = 0
    while position < len(element):
        pair = _PAIR.match(element, position)
        if pair is None:
            raise UnknownClientError("malformed")
        if pair[1].lower() == "for":
            found.append(_unquoted(pair[2]))
        position = pair.end()
    if len(found) != 1:
        raise UnknownClientError("malformed")
    return found[0]


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _node(text: str) -> IPv4Address | IPv6Address:
    """Return the address of a node: an address, ``a.b.c.d:port``, ``[v6]`` or ``[v6]:port``."""
    if _OBFUSCATED.fullmatch(text):
        raise UnknownClientError("obfuscated")
    found = _BRACKETED.fullmatch(text) or _WITH_PORT.fullmatch(text)
    return _address(found[1] if found else text)


def _address(text: str) -> IPv4Address | IPv6Address:
    """Return the address; the zone of an IPv6 address is dropped, and an IPv4 address that it maps is returned."""
    host, zone, _ = text.partition("%")
    try:
        address = ip_address(host)
    except ValueError:
        raise UnknownClientError("malformed" if text else "no-peer") from None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    if zone:
        raise UnknownClientError("malformed")
    return address


def _bucket_name(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, IPV6_PREFIX), strict=False))
