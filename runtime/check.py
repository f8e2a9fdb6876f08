"""``--check``: a test of the settings, variables and servers that neither listens nor changes anything."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.postgres_migrations import connect
from runtime.adapters.redis import RedisTokenBuckets
from runtime.adapters.redis_sentinels import SentinelGroup
from runtime.environment import EnvironmentVariableError, read_environment
from runtime.loading import SettingsError, load_settings
from runtime.ports import UnavailableError
from runtime.server import MISCONFIGURED, UNREACHABLE
from runtime.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from runtime.environment import Address, Environment, Sentinels
    from runtime.settings import Database, Settings

WORKS = 0


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one check; ``status`` is the exit status if it were the only check."""

    name: str
    status: int
    text: str

    def __str__(self) -> str:
        return f"{'failed' if self.status else 'ok':8}{self.name}: {self.text}"


def check(settings_path: Path, say: Callable[[str], object]) -> int:
    """Check the settings, the variables and each server, report every result, and return the worst exit status.

    Servers are checked only under valid settings and variables, each once, with the timeouts of the service.
    """
    settings, environment, results = _configuration(settings_path)
    if settings and environment:
        results += asyncio.run(_servers(environment, settings.database))
    for result in results:
        say(str(result))
    return max(result.status for result in results)


def _configuration(path: Path) -> tuple[Settings | None, Environment | None, tuple[Result, ...]]:
    """Read settings and variables, so that faults of one do not hide faults of the other."""
    settings, environment = None, None
    try:
        settings = load_settings(path)
        first = Result("settings", WORKS, f"of {settings.environment}, {settings.cluster}")
    except SettingsError as error:
        first = Result("settings", MISCONFIGURED, str(error))
    try:
        environment = read_environment(os.environ)
        second = Result("variables", WORKS, "complete")
    except EnvironmentVariableError as error:
        second = Result("variables", MISCONFIGURED, str(error))
    return settings, environment, (first, second)


async def _servers(environment: Environment, settings: Database) -> tuple[Result, ...]:
    return tuple(
        await asyncio.gather(
            _tried("CBP_DATABASE_URL", _pool(environment.database, settings)),
            _tried("CBP_DATABASE_DIRECT_URL", _session(environment.database_direct, settings)),
            *_redis(environment.redis, environment.sentinels),
        )
    )


async def _tried(name: str, attempt: Awaitable[None]) -> Result:
    try:
        await attempt
    except (UnavailableError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        reasons = tuple(_reasons(error))
        # A ValueError means that the client refused the address (a wrong parameter): no fault of the server.
        status = MISCONFIGURED if any(isinstance(reason, ValueError) for reason in reasons) else UNREACHABLE
        return Result(name, status, ": ".join(str(reason) or "it did not answer in time" for reason in reasons))
    return Result(name, WORKS, "answers")


def _reasons(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and, for an error of the ports, the client's error that caused it."""
    if error is not None:
        yield error
        yield from _reasons(error.__cause__ if isinstance(error, UnavailableError) else None)


async def _pool(address: Address, settings: Database) -> None:
    """Ping the database as a worker does: through the pooler, if there is one."""
    store = PostgresEntries(address, None, settings, Horizon(settings.replica_lag_seconds), Telemetry())
    await store.open()
    try:
        await store.ping()
    finally:
        await store.close()


async def _session(address: Address, settings: Database) -> None:
    """Connect without a pooler, as the feed of changes does."""
    connection = await connect(address, settings)
    await connection.close(timeout=settings.connect_timeout_seconds)


def _redis(address: Address, sentinels: Sentinels | None) -> Iterator[Awaitable[Result]]:
    """Ask the sentinels for the master, and take a token as a worker does: a server that refuses writes fails."""
    yield _tried("CBP_REDIS_URL", _token(address, sentinels))
    if sentinels is not None:
        yield _tried("CBP_REDIS_SENTINELS", _master(address, sentinels))


async def _token(address: Address, sentinels: Sentinels | None) -> None:
    buckets = RedisTokenBuckets(address, Telemetry(), sentinels)
    try:
        await buckets.probe()
    finally:
        await buckets.close()


async def _master(address: Address, sentinels: Sentinels) -> None:
    group = SentinelGroup(sentinels, address)
    try:
        await group.master()
    finally:
        await group.close()
