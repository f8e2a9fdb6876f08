"""Faults of PostgreSQL: what stops it, what makes it refuse, and what takes its history back."""

from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.compiler.project import documents, site
from tests.faults.database import STANDBY
from tests.faults.disk import NotPossibleError, moved_to, small_disk
from tests.faults.history import Rewind
from tests.faults.nemeses.fault import STEP_SECONDS, blocking
from tests.pgbouncer import NotInstalledError, pgbouncer
from tests.runtime.forwarder import forwarding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.faults.database import Postgres
    from tests.faults.deployment import Deployment
    from tests.runtime.forwarder import Forwarder

NOTICE_SECONDS = 3.0
"""How long it may take to notice that history went back: as long as any reading may be old."""

CHANGES = 3


@asynccontextmanager
async def frozen_database(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Stop every process of PostgreSQL where it is."""
    await blocking(deployment.database.freeze)
    yield
    await blocking(deployment.database.thaw)


@asynccontextmanager
async def killed_database(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """End every process of PostgreSQL, which recovers from its log at the end."""
    await blocking(deployment.database.kill)
    yield
    await blocking(deployment.database.start)


@asynccontextmanager
async def read_only_database(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Refuse every change at the server."""
    await deployment.database.configure(default_transaction_read_only="on")
    yield
    await deployment.database.configure(default_transaction_read_only="")


@asynccontextmanager
async def changed_password(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Change the password at the server, end its sessions, and hand the new one out at the end."""
    await deployment.database.change_password()
    yield
    deployment.hand_out_password()


@asynccontextmanager
async def rotated_password(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Rotate the password behind a pooler, which sees new sessions with the former one until the file follows."""
    async with pooled(deployment):
        await asyncio.sleep(STEP_SECONDS)
        await deployment.database.rotate_password()
        await severed(deployment)
        yield
        deployment.hand_out_password()
        await severed(deployment)
        await asyncio.sleep(STEP_SECONDS)


@asynccontextmanager
async def copied_back(deployment: Deployment, rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Put an earlier copy of the stopped data directory in its place, as a snapshot of a disk that is put back."""
    database, copy = deployment.database, deployment.new_folder("copy")
    saving = time.monotonic()
    await blocking(database.stop)
    await blocking(database.copy_to, copy)
    await blocking(database.start)
    saved = (saving, time.monotonic())
    await changed(database)
    restoring = time.monotonic()
    await blocking(database.stop)
    yield
    await blocking(database.restore_from, copy)
    await blocking(database.start)
    rewinds.append(Rewind(saved, (restoring, time.monotonic()), NOTICE_SECONDS))
    shutil.rmtree(copy)


@asynccontextmanager
async def recovered_to_a_point(deployment: Deployment, rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Recover a base backup to a point in time from archived log, and lead the service to it."""
    primary = deployment.database
    archive = primary.cluster.data / "archive"
    archive.mkdir(exist_ok=True)
    primary.own(archive)
    await primary.configure(archive_command="'cp %p archive/%f'")
    restored = await asyncio.to_thread(primary.backup, deployment.new_folder("restored"), primary.port)
    await asyncio.sleep(STEP_SECONDS)
    saving = time.monotonic()
    await primary.execute("SELECT pg_create_restore_point('before')")
    saved = (saving, time.monotonic())
    await changed(primary)
    segment = await primary.execute("SELECT pg_walfile_name(pg_switch_wal())")
    while (await primary.execute("SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver")) < segment:
        await asyncio.sleep(0.05)
    restoring = time.monotonic()
    await blocking(primary.kill)
    yield
    shutil.rmtree(restored.cluster.data / "archive")
    await blocking(shutil.copytree, archive, restored.cluster.data / "archive")
    restored.recover_to("before", "cp archive/%f %p")
    await start(deployment, restored)
    while await restored.execute("SELECT pg_is_in_recovery()"):
        await asyncio.sleep(0.05)
    await deployment.lead_to(restored)
    rewinds.append(Rewind(saved, (restoring, time.monotonic()), NOTICE_SECONDS))


@asynccontextmanager
async def led_to_a_standby(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Lead the service to a streaming standby, and at the end back to the primary."""
    primary = deployment.database
    async with forwarding(primary.url) as replication:
        standby = await streaming(deployment, replication)
        await caught_up(primary)
        await deployment.lead_to(standby)
        yield
        await deployment.lead_to(primary)
        await blocking(standby.kill)


@asynccontextmanager
async def promoted_without_loss(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Kill the primary and promote its synchronous standby."""
    primary = deployment.database
    async with forwarding(primary.url) as replication:
        standby = await streaming(deployment, replication)
        await primary.configure(synchronous_standby_names=STANDBY)
        while await primary.execute("SELECT sync_state FROM pg_stat_replication") != "sync":
            await asyncio.sleep(0.05)
        await asyncio.sleep(STEP_SECONDS)
        await blocking(primary.kill)
        yield
        await standby.execute("SELECT pg_promote()")
        await deployment.lead_to(standby)


@asynccontextmanager
async def promoted_with_loss(deployment: Deployment, rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Cut replication, kill the primary a moment later, and promote the standby that lacks the last changes."""
    primary = deployment.database
    async with forwarding(primary.url) as replication:
        standby = await streaming(deployment, replication)
        await asyncio.sleep(STEP_SECONDS)
        saving = time.monotonic()
        await caught_up(primary)
        await replication.cut()
        saved = (saving, time.monotonic())
        await changed(primary)
        restoring = time.monotonic()
        await blocking(primary.kill)
        yield
        await standby.execute("SELECT pg_promote()")
        await deployment.lead_to(standby)
        rewinds.append(Rewind(saved, (restoring, time.monotonic()), NOTICE_SECONDS))
        await replication.open()


@asynccontextmanager
async def full_disk(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Move PostgreSQL to a small disk, use the rest of it up, and give it back at the end."""
    primary = deployment.database
    with small_disk(deployment.new_folder("disk")) as disk:
        await blocking(primary.stop)
        server = await asyncio.to_thread(moved_to, disk, primary)
        await start(deployment, server)
        await deployment.lead_to(server)
        await asyncio.sleep(STEP_SECONDS)
        await blocking(disk.fill)
        yield
        disk.free()
        if not server.running:  # it could not even recover
            await blocking(server.stop)
            await blocking(server.start)
        await asyncio.sleep(STEP_SECONDS)
        await blocking(server.stop)
        await blocking(primary.restore_from, disk.content)
    await blocking(primary.start)
    await deployment.lead_to(primary)


@asynccontextmanager
async def pooled(deployment: Deployment) -> AsyncIterator[None]:
    """Lead the sessions that need no connection of their own through PgBouncer, as it is compiled."""
    pooler = documents(site())["cbp-data/pooler-configuration-db-pooler-rw.yaml"]["spec"]["pgbouncer"]
    ways = [replica.database for replica in deployment.replicas]
    with ExitStack() as running:
        started = pgbouncer(deployment.database.admin_url, deployment.new_folder("pgbouncer"), pooler)
        try:
            address = await asyncio.to_thread(running.enter_context, started)
        except NotInstalledError as reason:
            raise NotPossibleError(str(reason)) from None
        for way in ways:
            way.target = urlsplit(deployment.database.url)._replace(netloc=address).geturl()
        await severed(deployment)
        yield
        for way in ways:
            way.target = deployment.database.url
        await severed(deployment)


async def severed(deployment: Deployment) -> None:
    """End the sessions of the replicas, but for those that need a connection of their own."""
    for replica in deployment.replicas:
        await replica.database.sever()


async def streaming(deployment: Deployment, replication: Forwarder) -> Postgres:
    """Return a standby of the database that streams from it through ``replication``."""
    standby = await asyncio.to_thread(
        deployment.database.backup, deployment.new_folder(STANDBY), replication.port, "--write-recovery-conf"
    )
    await start(deployment, standby)
    return standby


async def start(deployment: Deployment, server: Postgres) -> None:
    """Start a further server, which ends with the deployment at the latest."""
    deployment.running.callback(server.kill)
    await blocking(server.start)


async def changed(server: Postgres) -> None:
    """Wait for some changes, however slow the machine: history that takes nothing along does not go back."""
    revision = await server.execute("SELECT last_revision()")
    while await server.execute("SELECT last_revision()") < revision + CHANGES:
        await asyncio.sleep(0.05)
    await asyncio.sleep(STEP_SECONDS)  # so that they are known


async def caught_up(primary: Postgres) -> None:
    """Wait until the standby has the log of what was committed before, on its disk."""
    position = await primary.execute("SELECT pg_current_wal_flush_lsn()::text")
    received = "SELECT count(*) FROM pg_stat_replication WHERE flush_lsn >= $1::text::pg_lsn"
    while not await primary.execute(received, position):
        await asyncio.sleep(0.02)
