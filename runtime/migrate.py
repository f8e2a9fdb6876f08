"""``python -m runtime.migrate --settings FILE``: bring the database's schema up to date, and exit.

The role that migrates is a member of the database's owner and serves nothing; the role that serves owns nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import stamina
import structlog

from runtime.adapters.postgres_migrations import MigrationError, migrate
from runtime.environment import EnvironmentVariableError, read_migration_environment
from runtime.loading import SettingsError, load_settings
from runtime.logs import configure_logging
from runtime.server import MISCONFIGURED, UNREACHABLE

if TYPE_CHECKING:
    from runtime.environment import MigrationEnvironment
    from runtime.settings import Database

_log = structlog.get_logger(__name__)


def main() -> int:
    """Read the command line, migrate, and return the exit status: 2 for a fault to repair, 1 for one to wait for."""
    parser = argparse.ArgumentParser(prog="python -m runtime.migrate", description=__doc__)
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the compiled settings.json")
    arguments = parser.parse_args()
    try:
        settings = load_settings(arguments.settings)
        environment = read_migration_environment(os.environ)
        configure_logging()
        asyncio.run(_migrate(environment, settings.database))
    except (SettingsError, EnvironmentVariableError, MigrationError, asyncpg.ClientConfigurationError) as error:
        sys.stderr.write(f"error: {error}\n")
        return MISCONFIGURED
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        sys.stderr.write(f"error: the database cannot be migrated: {error}\n")
        return UNREACHABLE
    return 0


async def _migrate(environment: MigrationEnvironment, settings: Database) -> None:
    retry = settings.retry
    async for attempt in stamina.retry_context(
        on=(OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError),
        attempts=retry.attempts,
        timeout=settings.statement_timeout_seconds if retry.attempts is None else None,
        wait_exp_base=2 if retry.exponential else 1,
        wait_initial=retry.initial_milliseconds / 1000,
        wait_max=retry.maximum_milliseconds / 1000,
        wait_jitter=retry.initial_milliseconds / 1000 if retry.jitter else 0,
    ):
        with attempt:
            applied = await migrate(environment.database, settings, environment.serving_role)
    _log.info("the schema is up to date", applied=[migration.version for migration in applied])


if __name__ == "__main__":
    sys.exit(main())
