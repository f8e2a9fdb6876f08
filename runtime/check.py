"""``--check``: whether the service could start here, found out without migrating, listening or changing anything."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_migrations import connect
from runtime.adapters.redis import RedisTokenBuckets
from runtime.environment import EnvironmentVariableError, read_environment
from runtime.loading import SettingsError, load_settings
from runtime.ports import UnavailableError
from runtime.server import MISCONFIGURED, UNREACHABLE
from runtime.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from runtime.environment import Address, Environment
    from runtime.settings import Database, Settings

WORKS = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one thing that was tried; ``status`` is the exit status that it alone would lead to."""

    name: str
    status: int
    text: str

    def __str__(self) -> str:
        return f"{'failed' if self.status else 'ok':8}{self.name}: {self.text}"


def check(settings_path: Path, say: Callable[[str], object]) -> int:
    """Try the settings, the variables and each server, say what works, and return the exit status of the worst.

    Servers are tried once the rest is right, each once, with the timeouts that the service would use.
    """
    settings, environment, results = _configuration(settings_path)
    if settings and environment:
        results += asyncio.run(_servers(environment, settings.database))
    for result in results:
        say(str(result))
    return max(result.status for result in results)


def _configuration(path: Path) -> tuple[Settings | None, Environment | None, tuple[Result, ...]]:
    """Read both, so that the faults of one do not hide those of the other."""
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
            _tried("CBP_REDIS_URL", _redis(environment.redis)),
        )
    )


async def _tried(name: str, attempt: Awaitable[None]) -> Result:
    try:
        await attempt
    except (UnavailableError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        reasons = tuple(_reasons(error))
        # An address that the client itself refuses (a parameter with a wrong value) is not a matter of the server.
        status = MISCONFIGURED if any(isinstance(reason, ValueError) for reason in reasons) else UNREACHABLE
        return Result(name, status, ": ".join(str(reason) or "it did not answer in time" for reason in reasons))
    return Result(name, WORKS, "answers")


def _reasons(error: BaseException | None) -> Iterator[BaseException]:
    """An adapter's error in the words of the ports, and the client's own behind it."""
    if error is not None:
        yield error
        yield from _reasons(error.__cause__ if isinstance(error, UnavailableError) else None)


async def _pool(address: Address, settings: Database) -> None:
    """Ask as a worker does: through the pooler, if there is one."""
    store = PostgresEntries(address, settings, Telemetry())
    await store.open()
    try:
        await store.ping()
    finally:
        await store.close()


async def _session(address: Address, settings: Database) -> None:
    """Connect as migrations do."""
    connection = await connect(address, settings)
    await connection.close(timeout=settings.connect_timeout_seconds)


async def _redis(address: Address) -> None:
    buckets = RedisTokenBuckets(address, Telemetry())
    try:
        await buckets.ping()
    finally:
        await buckets.close()
