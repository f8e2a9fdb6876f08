"""``--check``: a test of the settings, variables, servers and ports that neither listens nor changes anything."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import asyncpg

from runtime.adapters.postgres_errors import translated
from runtime.adapters.postgres_inspection import identify, identify_pooled, inspect
from runtime.adapters.postgres_migrations import MigrationError, migrations, missing_migrations, require_partitions
from runtime.adapters.redis import RedisTokenBuckets
from runtime.adapters.redis_sentinels import SentinelGroup
from runtime.environment import EnvironmentVariableError, read_environment
from runtime.loading import SettingsError, load_settings
from runtime.ports.availability import UnavailableError
from runtime.server import MISCONFIGURED, UNREACHABLE, bind
from runtime.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from runtime.adapters.postgres_inspection import Identity, Inspected
    from runtime.environment import Address, Environment, Sentinels
    from runtime.settings import Database, Settings

WORKS = 0
ANSWERS = "answers"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one check; ``status`` is the exit status if it were the only check."""

    name: str
    status: int
    text: str

    def __str__(self) -> str:
        return f"{'failed' if self.status else 'ok':8}{self.name}: {self.text}"


def check(
    settings_path: Path,
    say: Callable[[str], object],
    host: str = "127.0.0.1",
    port: int | None = None,
    management_port: int | None = None,
) -> int:
    """Check the settings, the variables and each server, report every result, and return the worst exit status.

    Servers and ports are checked only under valid settings and variables, each once, with the timeouts of the service.
    The ports override those of the settings.
    """
    settings, environment, results = _configuration(settings_path)
    if settings and environment:
        process = settings.process
        ports = (
            process.port if port is None else port,
            process.management_port if management_port is None else management_port,
        )
        results += (_ports(host, ports), *asyncio.run(_servers(environment, settings.database)))
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


def _ports(host: str, ports: tuple[int, int]) -> Result:
    """Bind both ports without listening: another program, or a service that runs already, may have them."""
    try:
        for port in ports:
            bind(host, port).close()
    except OSError as error:
        return Result("ports", UNREACHABLE, f"{host}:{port}: {error.strerror}")
    return Result("ports", WORKS, f"{ports[0]} and {ports[1]} are free")


async def _servers(environment: Environment, settings: Database) -> tuple[Result, ...]:
    databases = asyncio.create_task(_databases(environment, settings))
    others = await asyncio.gather(*_redis(environment.redis, environment.sentinels))
    return *await databases, *others


async def _databases(environment: Environment, settings: Database) -> tuple[Result, ...]:
    """Check that each address answers, that all lead to the same database, and that it is as this release needs it."""
    reading = environment.database_read
    (first, inspected), (second, direct), third = await asyncio.gather(
        _asked("CBP_DATABASE_URL", inspect(environment.database, settings)),
        _asked("CBP_DATABASE_DIRECT_URL", identify(environment.database_direct, settings)),
        _asked("CBP_DATABASE_READ_URL", _identify_read(reading, settings)),
    )
    known = None if inspected is None else inspected.identity
    results = [first, second if direct is None else _direct(direct, known)]
    if reading is not None:
        results.append(third[0] if third[1] is None else _same(third[0].name, third[1], known))
    if inspected is not None:
        results += [*_schema(inspected, settings.partitions)]
    return tuple(results)


async def _identify_read(address: Address | None, settings: Database) -> Identity | None:
    return None if address is None else await identify_pooled(address, settings)


def _direct(direct: Identity, known: Identity | None) -> Result:
    name = "CBP_DATABASE_DIRECT_URL"
    if direct.pooled:
        return Result(name, MISCONFIGURED, "a pooler answers, through which no change is announced: name the server")
    return _same(name, direct, known)


def _same(name: str, found: Identity, known: Identity | None) -> Result:
    """Compare a database with that of requests; standbys share its system identifier."""
    if known is not None and (found.system, found.name) != (known.system, known.name):
        return Result(name, MISCONFIGURED, f"it is another database ({found.name}) than that of CBP_DATABASE_URL")
    return Result(name, WORKS, ANSWERS)


def _schema(found: Inspected, partitions: int) -> Iterator[Result]:
    yield _migrations(found)
    if found.migrations:
        yield _partitions(found, partitions)
    if found.migrations or found.lacking:
        yield _rights(found)


def _migrations(found: Inspected) -> Result:
    latest = migrations()[-1].version
    try:
        missing = missing_migrations(found.migrations)
    except MigrationError as error:
        return Result("migrations", MISCONFIGURED, str(error))
    if missing:
        names = ", ".join(f"{each.version:04} ({each.name})" for each in missing)
        return Result("migrations", MISCONFIGURED, f"missing: {names}; run python -m runtime.migrate")
    newer = max(found.migrations)
    return Result(
        "migrations", WORKS, f"{latest:04}" + (f", and {newer:04} of a later release" if newer > latest else "")
    )


def _partitions(found: Inspected, wanted: int) -> Result:
    try:
        require_partitions(found.partitions, wanted)
    except MigrationError as error:
        return Result("partitions", MISCONFIGURED, str(error))
    return Result("partitions", WORKS, str(wanted))


def _rights(found: Inspected) -> Result:
    if found.lacking:
        text = f"the role lacks {', '.join(found.lacking)}: migrate with its name in CBP_DATABASE_SERVING_ROLE"
        return Result("rights", MISCONFIGURED, text)
    if found.excessive:
        text = f"the role owns or may change {', '.join(found.excessive)}: serve with a role that only reads them"
        return Result("rights", MISCONFIGURED, text)
    return Result("rights", WORKS, "reads the tables, and changes them by functions alone")


async def _tried(name: str, attempt: Awaitable[object]) -> Result:
    return (await _asked(name, attempt))[0]


async def _asked(name: str, attempt: Awaitable[T]) -> tuple[Result, T | None]:
    """Return the result of an attempt, and its value if it succeeded."""
    try:
        with translated():
            found = await attempt
    except (UnavailableError, asyncpg.PostgresError, ValueError) as error:
        reasons = tuple(_reasons(error))
        # A ValueError means that the client refused the address (a wrong parameter): no fault of the server.
        status = MISCONFIGURED if any(isinstance(reason, ValueError) for reason in reasons) else UNREACHABLE
        text = ": ".join(str(reason) or "it did not answer in time" for reason in reasons)
        return Result(name, status, text), None
    return Result(name, WORKS, ANSWERS), found


def _reasons(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and, for an error of the ports, the client's error that caused it."""
    if error is not None:
        yield error
        yield from _reasons(error.__cause__ if isinstance(error, UnavailableError) else None)


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
