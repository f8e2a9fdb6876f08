"""The store in PostgreSQL when a server does not answer, or when one change of a group cannot be made."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import asyncpg
import pytest

from runtime.adapters import postgres
from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_horizon import Horizon
from runtime.domain.entries import Made
from runtime.environment import Address
from runtime.ports.availability import CircuitState, OutcomeUnknownError, TransientError, UnavailableError
from runtime.services.circuit_breaker import CircuitBreaker
from tests.runtime.changing import change, edit, put
from tests.runtime.fakes import MemoryEntries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from runtime.domain.entries import Change
    from runtime.ports.entries import Result
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def silent() -> AsyncIterator[str]:
    """The URL of a server that takes connections and says nothing, as one that is frozen does."""
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _reader, writer: writers.append(writer), "127.0.0.1", 0)
    yield f"postgresql://api@127.0.0.1:{server.sockets[0].getsockname()[1]}/configuration"
    server.close()
    for writer in writers:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_standby_that_is_silent_keeps_no_reader_from_the_primary(
    migrated_url: str, silent: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "STANDBY_SECONDS", 0.05)
    horizon = Horizon(3600)
    store = PostgresEntries(Address(migrated_url), Address(silent), settings.database, horizon)
    await store.open()
    made = await put(store, "n", "k")
    now = time.monotonic()
    horizon.confirm(now, now, made.version, datetime.now(UTC))
    async with asyncio.timeout(settings.database.connect_timeout_seconds - 0.5):
        found = await store.read("n", "k")
        page = await store.scan("n", "", 10)
    assert (found.entry, found.version) == (page.entries[0], made.version)
    await store.close()


async def test_a_silent_standby_is_asked_once_in_a_while_and_not_by_each_reader(
    migrated_url: str, silent: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "STANDBY_SECONDS", 0.05)
    circuit = settings.database.circuit_breaker
    assert circuit is not None
    patient = settings.database.model_copy(
        update={"circuit_breaker": circuit.model_copy(update={"reset_seconds": 3600})}
    )
    horizon = Horizon(3600)
    store = PostgresEntries(Address(migrated_url), Address(silent), patient, horizon)
    permitted: list[bool] = []
    permits = CircuitBreaker.permits

    def counted(each: CircuitBreaker) -> bool:
        permitted.append(permits(each))
        return permitted[-1]

    monkeypatch.setattr(CircuitBreaker, "permits", counted)
    await store.open()
    made = await put(store, "n", "k")
    now = time.monotonic()
    horizon.confirm(now, now, made.version, datetime.now(UTC))
    for _ in range(20):
        assert (await store.read("n", "k")).version == made.version
    assert sum(permitted) == circuit.failure_threshold
    assert store.circuits["database-standby"].state is CircuitState.OPEN
    await store.close()


class Defective(PostgresEntries):
    """A store whose server refuses every group for a defect in it, and single changes for what ``failures`` say."""

    def __init__(self, settings: Settings, failures: Sequence[Exception | None]) -> None:
        super().__init__(Address("postgresql://"), None, settings.database, Horizon(3))
        self._server = MemoryEntries()
        self._failures = list(failures)

    async def _change(self, changes: Sequence[Change]) -> Sequence[Result]:
        if len(changes) > 1:
            raise asyncpg.PostgresError("a defect")
        if failure := self._failures.pop(0):
            raise failure
        return await self._server.change(changes)


async def test_a_defect_in_one_change_is_the_result_of_that_change(settings: Settings) -> None:
    defect = asyncpg.PostgresError("a defect")
    store = Defective(settings, [None, defect, None])
    first, second, third = await store.change([change(edit("n", f"k{n}")) for n in range(3)])
    assert isinstance(first, tuple)
    assert [type(each) for each in first] == [Made]
    assert second is defect
    assert isinstance(third, tuple)


@pytest.mark.parametrize(
    "failure",
    [UnavailableError("the database is busy"), TransientError("it cannot be reached"), OutcomeUnknownError("it broke")],
)
async def test_after_some_of_a_group_were_made_one_by_one_no_failure_says_that_nothing_was(
    settings: Settings, failure: Exception
) -> None:
    """The group is then sent again, and every change answered truly."""
    store = Defective(settings, [None, failure])
    with pytest.raises(OutcomeUnknownError):
        await store.change([change(edit("n", f"k{n}")) for n in range(3)])
