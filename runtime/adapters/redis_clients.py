"""Clients of Redis servers and of sentinels: addresses, TLS, passwords and pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runtime.environment import Address

Location = tuple[str, int]

TIMEOUT_SECONDS = 0.25
"""A request waits at most this long, once, for a connection and the answer; then it is decided without Redis."""

CONNECTING_SECONDS = 1.0
"""The longest that a probe, which no request waits for, connects and logs in."""


def client(address: Address, connections: int, location: Location) -> Redis:
    """Return a client of the server at ``location``, with a bounded pool and no retries; calls are for ``bounded()``.

    TLS, the user, the password and the database are those of ``address``, whose host the certificate has to hold.
    """
    options: dict[str, Any] = dict(parse_url(address.url))
    if options.get("connection_class") is SSLConnection:
        options |= {"connection_class": _NamedSSLConnection, "server_hostname": options.get("host")}
    options |= {"host": location[0], "port": location[1]}
    return _client(options, address, connections)


def sentinel_client(address: Address, location: Location) -> Redis:
    """Return a client of the sentinel at ``location``, with the TLS, the user and the password of ``address``."""
    options: dict[str, Any] = dict(parse_url(address.url)) | {"host": location[0], "port": location[1]}
    options.pop("db", None)  # sentinels have no databases
    return _client(options, address, connections=1)


def location_of(address: Address) -> Location:
    """Return the host and the port in ``address``."""
    options = parse_url(address.url)
    return options.get("host", "localhost"), options.get("port", 6379)


def _client(options: dict[str, Any], address: Address, connections: int) -> Redis:
    if address.password_file is not None:
        options.pop("password", None)
        options["credential_provider"] = _PasswordFile(options.pop("username", None), address)
    defaults: dict[str, Any] = {
        "max_connections": connections,
        "timeout": TIMEOUT_SECONDS / 2,  # so that a full pool is told from a server that is slow
        # redis-py would send by wait_for(), which before Python 3.12 hides a cancellation from a call that it finishes.
        "socket_timeout": None,
        "socket_connect_timeout": CONNECTING_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }
    return Redis.from_pool(BlockingConnectionPool(**(defaults | options)))


class _NamedSSLConnection(SSLConnection):
    """A connection to one host, with a certificate of another name."""

    def __init__(self, *, server_hostname: str, **options: Any) -> None:
        super().__init__(**options)
        self._server_hostname = server_hostname

    def _connection_arguments(self) -> Mapping[str, Any]:
        return {**super()._connection_arguments(), "server_hostname": self._server_hostname}


class _PasswordFile(CredentialProvider):
    """A provider that reads the password for each new connection, so that a rotated password is used."""

    def __init__(self, username: str | None, address: Address) -> None:
        self._username = username
        self._address = address

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        password = self._address.password() or ""
        return (self._username, password) if self._username else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        return self.get_credentials()
