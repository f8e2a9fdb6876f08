"""Token buckets in Redis: one Lua script per operation, with Redis's own clock."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import RedisError

from runtime.ports import Grant, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runtime.environment import Address
    from runtime.ports import KeyedBucket
    from runtime.telemetry import Telemetry

# A request waits at most this long, once: afterwards the worker throttles locally until a probe succeeds.
_TIMEOUT_SECONDS = 0.25
_CONNECTIONS = 16


class RedisTokenBuckets:
    """A :class:`runtime.ports.TokenBuckets` on one bounded pool of connections, with short timeouts and no retries."""

    def __init__(self, address: Address, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._client = client(address, _CONNECTIONS)
        self._take = self._client.register_script(script("take.lua"))

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def ping(self) -> None:
        """Return when Redis answers."""
        with translated():
            await self._client.ping()

    async def take(self, buckets: Sequence[KeyedBucket], wanted: int) -> Grant:
        """See :class:`runtime.ports.TokenBuckets`."""
        self._telemetry.redis_calls.count("take")
        with translated():
            tokens, wait, *levels = await self._take(*_arguments(buckets, wanted))
        return Grant(tokens, wait, tuple(levels))


def client(address: Address, connections: int) -> Redis:
    """Return a client with a bounded pool of connections, short timeouts and no retries."""
    pool = BlockingConnectionPool.from_url(
        address.url,
        max_connections=connections,
        timeout=_TIMEOUT_SECONDS,
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    if address.password_file is not None:
        pool.connection_kwargs["credential_provider"] = _PasswordFile(
            pool.connection_kwargs.pop("username", None), address
        )
        pool.connection_kwargs.pop("password", None)
    return Redis.from_pool(pool)


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


@contextmanager
def translated() -> Iterator[None]:
    """Translate errors of Redis and of the connection to :class:`UnavailableError`."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise UnavailableError("Redis does not answer") from error


def _arguments(buckets: Sequence[KeyedBucket], tokens: int) -> tuple[list[str], list[int]]:
    shapes = (bucket.shape for bucket in buckets)
    return [bucket.key for bucket in buckets], [
        tokens,
        *(n for shape in shapes for n in (shape.full, shape.refill)),
    ]


def script(name: str) -> str:
    """Return the text of a Lua script of this package."""
    return files("runtime.adapters").joinpath(name).read_text(encoding="utf-8")
