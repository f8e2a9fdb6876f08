"""The faults: what is done to the servers, the network and the workers, and what the service must keep up meanwhile."""

from __future__ import annotations

import asyncio
import shutil
import signal
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from runtime.embedded.loopback import free_ports
from tests.faults.database import STANDBY
from tests.faults.disk import moved_to, small_disk
from tests.faults.history import Rewind
from tests.runtime.forwarder import forwarding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from tests.faults.database import Postgres
    from tests.faults.deployment import Deployment
    from tests.runtime.forwarder import Forwarder

    Fault: TypeAlias = Callable[[Deployment, list[Rewind]], AbstractAsyncContextManager[None]]
    Ways: TypeAlias = Callable[[Deployment], list[Forwarder]]

SLOW_SECONDS = 0.15
NOTICE_SECONDS = 3.0
"""How long it may take to notice that history went back: as long as any reading may be old."""

STEP_SECONDS = 0.8
"""The time in which clients work between two steps of a fault that has several."""


READY_WITHOUT_DATABASE = False
"""Whether readiness is about the process alone: it still asks PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Row:
    """One fault, and what must go on while it lasts, at the replicas that are not ``spoilt`` themselves.

    ``settled`` are reads of entries that nobody changes, ``changes`` changes; ``ready`` is whether readiness must stay.
    While PostgreSQL is ``away`` no read is answered for longer than the settings say. ``quotas`` and ``forgotten``
    bound what a client is admitted while the fault lasts: so many times its quota, and so many more times the capacity
    of its bucket (docs/runtime.md, While Redis fails). ``sentinels`` watch Redis where the fault is about them.
    """

    name: str
    done: str
    fault: Fault
    settled: bool = True
    changes: bool = False
    ready: bool = True
    spoilt: tuple[int, ...] = ()
    away: bool = False
    sentinels: bool = False
    quotas: int = 1
    forgotten: int = 0


async def blocking(act: Callable[..., None], *arguments: object) -> None:
    """Do what waits, beside the network and the clients that this process runs."""
    await asyncio.to_thread(act, *arguments)


# The network.


def cut(ways: Ways) -> Fault:
    """Break every connection, and refuse new ones."""

    @asynccontextmanager
    async def fault(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
        for way in ways(deployment):
            await way.cut()
        yield
        for way in ways(deployment):
            await way.open()

    return fault


def silent(ways: Ways) -> Fault:
    """Drop everything without breaking a connection."""

    @asynccontextmanager
    async def fault(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
        for way in ways(deployment):
            way.silence()
        yield
        for way in ways(deployment):
            way.resume()

    return fault


def slow(ways: Ways) -> Fault:
    """Delay everything."""

    @asynccontextmanager
    async def fault(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
        for way in ways(deployment):
            way.delay_seconds = SLOW_SECONDS
        yield
        for way in ways(deployment):
            way.delay_seconds = 0.0

    return fault


# PostgreSQL.


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
async def copied_back(deployment: Deployment, rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Put an earlier copy of the stopped data directory in its place, as a snapshot of a disk that is put back."""
    database, copy = deployment.database, deployment.new_folder("copy")
    saving = time.monotonic()
    await blocking(database.stop)
    await blocking(database.copy_to, copy)
    await blocking(database.start)
    saved = (saving, time.monotonic())
    await asyncio.sleep(STEP_SECONDS)
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
    await asyncio.sleep(STEP_SECONDS)
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
        await asyncio.sleep(STEP_SECONDS)
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


async def caught_up(primary: Postgres) -> None:
    """Wait until the standby has the log of what was committed before, on its disk."""
    position = await primary.execute("SELECT pg_current_wal_flush_lsn()::text")
    received = "SELECT count(*) FROM pg_stat_replication WHERE flush_lsn >= $1::text::pg_lsn"
    while not await primary.execute(received, position):
        await asyncio.sleep(0.02)


# Workers.


@asynccontextmanager
async def frozen_worker(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Stop a worker where it is, in the middle of whatever it does."""
    replica = deployment.replicas[0]
    replica.signal_worker(signal.SIGSTOP)
    yield
    replica.signal_worker(signal.SIGCONT)


@asynccontextmanager
async def killed_worker(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """End a worker, which its parent replaces."""
    deployment.replicas[0].signal_worker(signal.SIGKILL)
    yield


@asynccontextmanager
async def killed_replica(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """End every process of a replica, and start it anew at the end."""
    replica = deployment.replicas[0]
    await blocking(replica.kill)
    yield
    await blocking(replica.start)


# Redis.


@asynccontextmanager
async def frozen_cache(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Stop Redis where it is."""
    deployment.cache.freeze()
    yield
    deployment.cache.thaw()


@asynccontextmanager
async def killed_cache(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """End Redis, which comes back empty."""
    await blocking(deployment.cache.kill)
    yield
    await blocking(deployment.cache.start)


def configured_cache(broken: dict[str, str], sound: dict[str, str]) -> Fault:
    """Set parameters of Redis under which it answers PING and refuses to write."""

    @asynccontextmanager
    async def fault(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
        deployment.cache.configure(**broken)
        yield
        deployment.cache.configure(**sound)

    return fault


@asynccontextmanager
async def read_only_cache(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Make Redis a replica of a master that is not there."""
    deployment.cache.command("REPLICAOF", "127.0.0.1", next(free_ports()))
    yield
    deployment.cache.command("REPLICAOF", "NO", "ONE")


@asynccontextmanager
async def handed_over_master(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Let the sentinels exchange the master and its replica, as an update of the nodes does."""
    assert deployment.redis is not None
    await blocking(deployment.redis.fail_over)
    yield


@asynccontextmanager
async def killed_master(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """End the master of Redis, which the sentinels replace."""
    assert deployment.redis is not None
    for server in deployment.redis.servers:
        if (await asyncio.to_thread(server.ask, "ROLE"))[0] == b"master":
            server.kill()
    yield


def databases(deployment: Deployment) -> list[Forwarder]:
    """Return every way to PostgreSQL."""
    return [replica.database for replica in deployment.replicas]


def caches(deployment: Deployment) -> list[Forwarder]:
    """Return every way to Redis."""
    return [replica.cache for replica in deployment.replicas]


def first_database(deployment: Deployment) -> list[Forwarder]:
    """Return the way of the first replica to PostgreSQL."""
    return [deployment.replicas[0].database]


ROWS = (
    Row(
        "PostgreSQL is frozen",
        "SIGSTOP to every process of it",
        frozen_database,
        away=True,
        ready=READY_WITHOUT_DATABASE,
    ),
    Row(
        "PostgreSQL is killed",
        "SIGKILL to every process of it; it recovers from its log",
        killed_database,
        away=True,
        ready=READY_WITHOUT_DATABASE,
    ),
    Row(
        "PostgreSQL refuses connections",
        "connections broken, new ones refused",
        cut(databases),
        away=True,
        ready=READY_WITHOUT_DATABASE,
    ),
    Row(
        "PostgreSQL is silent",
        "nothing is delivered, no connection is broken",
        silent(databases),
        away=True,
        ready=READY_WITHOUT_DATABASE,
    ),
    Row("PostgreSQL is slow", f"{1000 * SLOW_SECONDS:.0f} ms each way", slow(databases), changes=True),
    Row(
        "one replica is cut off",
        "its connections to PostgreSQL broken, new ones refused",
        cut(first_database),
        spoilt=(0,),
        changes=True,
    ),
    Row("one replica hears nothing", "nothing delivered to it", silent(first_database), spoilt=(0,), changes=True),
    Row("PostgreSQL is read-only", "default_transaction_read_only", read_only_database),
    Row("the address leads to a standby", "to a streaming one, and back", led_to_a_standby),
    Row("the disk is full", "a disk of its own, filled to the last byte", full_disk, ready=READY_WITHOUT_DATABASE),
    Row(
        "the password is changed",
        "at the server first; the file follows at the end",
        changed_password,
        ready=READY_WITHOUT_DATABASE,
    ),
    Row(
        "an earlier disk is put back",
        "a copy of the stopped data directory, same timeline",
        copied_back,
        ready=READY_WITHOUT_DATABASE,
    ),
    Row(
        "recovery to a point in time",
        "base backup and archived log, new timeline",
        recovered_to_a_point,
        ready=READY_WITHOUT_DATABASE,
    ),
    Row(
        "a failover that loses nothing",
        "primary killed, synchronous standby promoted",
        promoted_without_loss,
        ready=READY_WITHOUT_DATABASE,
    ),
    Row(
        "a failover that loses changes",
        "replication cut, primary killed, standby promoted",
        promoted_with_loss,
        ready=READY_WITHOUT_DATABASE,
    ),
    Row("a worker is frozen", "SIGSTOP", frozen_worker, spoilt=(0,), changes=True),
    Row("a worker is killed", "SIGKILL; its parent replaces it", killed_worker, spoilt=(0,), changes=True),
    Row(
        "a replica is killed", "SIGKILL to every process of it; started anew", killed_replica, spoilt=(0,), changes=True
    ),
    Row("Redis is frozen", "SIGSTOP", frozen_cache, changes=True, quotas=2),
    Row("Redis is killed", "SIGKILL; it comes back empty", killed_cache, changes=True, quotas=2, forgotten=1),
    Row("Redis refuses connections", "connections broken, new ones refused", cut(caches), changes=True, quotas=2),
    Row("Redis is silent", "nothing is delivered, no connection is broken", silent(caches), changes=True, quotas=2),
    Row("Redis is slow", f"{1000 * SLOW_SECONDS:.0f} ms each way", slow(caches), changes=True, quotas=2),
    Row("Redis is read-only", "a replica of a master that is away", read_only_cache, changes=True, quotas=2),
    Row(
        "Redis has no memory left",
        "maxmemory 1",
        configured_cache({"maxmemory": "1"}, {"maxmemory": "0"}),
        changes=True,
        quotas=2,
    ),
    Row(
        "Redis has too few replicas",
        "min-replicas-to-write 1",
        configured_cache({"min_replicas_to_write": "1"}, {"min_replicas_to_write": "0"}),
        changes=True,
        quotas=2,
    ),
    Row(
        "Redis hands over",
        "the sentinels exchange master and replica",
        handed_over_master,
        changes=True,
        quotas=2,
        forgotten=1,
        sentinels=True,
    ),
    Row(
        "the master of Redis is killed",
        "SIGKILL; the sentinels promote its replica",
        killed_master,
        changes=True,
        quotas=2,
        forgotten=1,
        sentinels=True,
    ),
)
