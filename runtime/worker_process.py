"""A worker process: its adapters and its signal handlers."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from typing import TYPE_CHECKING

from uvicorn.server import Server

from runtime.adapters.http_client import HttpClient
from runtime.adapters.http_receiver import HttpReceiver
from runtime.adapters.memory import KernelMemory
from runtime.adapters.oidc import OidcKeys
from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_access import PostgresAccess
from runtime.adapters.postgres_audit import PostgresAudit
from runtime.adapters.postgres_changes import PostgresChanges
from runtime.adapters.postgres_deliveries import PostgresDeliveries
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.postgres_notifications import PostgresNotifications
from runtime.adapters.postgres_proposals import PostgresProposals
from runtime.adapters.redis import RedisTokenBuckets
from runtime.adapters.redis_high_water import RedisHighWater
from runtime.adapters.secret_files import SecretFile
from runtime.adapters.signing_keys import SigningKeys
from runtime.adapters.turn import Turn
from runtime.app import Adapters, create_app
from runtime.logs import configure_logging
from runtime.services.draining import DRAIN_SECONDS, Draining
from runtime.telemetry import Telemetry

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from runtime.environment import Environment
    from runtime.settings import Settings


def application(settings: Settings, environment: Environment, metrics_directory: Path, management_port: int) -> ASGIApp:
    """Return the application of this process."""
    output = configure_logging()
    telemetry = Telemetry(metrics_directory)
    output.on_drop = partial(telemetry.dropped_lines.count, "reader-stopped")
    draining = Draining()
    database = settings.database
    horizon = Horizon(database.replica_lag_seconds)
    buckets = RedisTokenBuckets(environment.redis, telemetry, environment.sentinels)
    store = PostgresEntries(environment.database, environment.database_read, database, horizon)
    external = settings.external_services
    issuers = HttpClient(external, external.issuers.pool_size, environment.issuer_authority)
    integrations = HttpClient(external, external.integrations.pool_size)
    adapters = Adapters(
        store=store,
        changes=PostgresChanges(environment.database_direct, database, horizon, RedisHighWater(buckets)),
        buckets=buckets,
        access=PostgresAccess(store),
        proposals=PostgresProposals(store, horizon),
        keys=OidcKeys(issuers),
        telemetry=telemetry,
        draining=draining,
        audit=PostgresAudit(store),
        memory=KernelMemory(),
        replace=partial(_end_alone, Turn(metrics_directory / "replaced.lock")),
        queue=PostgresDeliveries(store, database.pool_size),
        receivers={
            each.subscription: HttpReceiver(integrations, each.url, SigningKeys(each.keys_file))
            for each in environment.subscribers
        },
        notifications=PostgresNotifications(store),
        connectors={each.connector: SigningKeys(each.keys_file) for each in environment.connectors},
        external={"issuers": issuers, "integrations": integrations},
        secrets={name: SecretFile(path) for name, path in environment.secret_files.items()},
        trusted_proxies=environment.trusted_proxies,
        forwarded_header=environment.forwarded_header,
    )
    return _Draining(create_app(settings, adapters, management_port=management_port), draining)


def _end_alone(turn: Turn) -> None:
    """End this worker as a signal would, unless another one of the container is ending so: one has to serve."""
    if turn.take():
        os.kill(os.getpid(), signal.SIGTERM)


class _Draining:
    """An application that drains on a signal."""

    def __init__(self, app: ASGIApp, draining: Draining) -> None:
        self._app = app
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        _drain_on_signals(self._draining)
        await self._app(scope, receive, send)


def _drain_on_signals(draining: Draining) -> None:
    loop = asyncio.get_running_loop()

    def stop(server: Server, *, force: bool = False) -> None:
        # uvicorn's own handler would have it repeat the signal at its end, and the last lines of the log be lost.
        server.should_exit = True
        server.force_exit = force

    def drain(number: int, server: Server) -> None:
        if draining.active and number == signal.SIGINT:
            stop(server, force=True)  # a second signal skips the draining
        elif not draining.active:
            draining.begin()
            loop.call_later(DRAIN_SECONDS, stop, server)

    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn has installed a method of its server as the handler already.
        server = getattr(signal.getsignal(number), "__self__", None)
        if isinstance(server, Server):
            loop.add_signal_handler(number, drain, number, server)
