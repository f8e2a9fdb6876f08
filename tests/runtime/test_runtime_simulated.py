"""The simulated functions answer as those of the migrations do, for the same calls in the same order."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from runtime.adapters.postgres import _READ as READ
from runtime.adapters.postgres import _SCAN as SCAN
from runtime.adapters.postgres import CONFIRM
from runtime.adapters.postgres_changes import _POSITION as POSITION
from runtime.adapters.postgres_requests import CHANGE
from tests.simulation import functions
from tests.simulation.functions import History, Identity, Record, State

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.anyio

NAMES = (("a", "x"), ("a", "y"), ("a", "z"), ("b", "x"), ("b", "y"), ("c", "x"))
IGNORED = {"occurred_at", "updated_at", "server_time"}
"""Columns that hold the time of the call."""


class Pair:
    """A PostgreSQL and a simulated state, which receive the same calls."""

    def __init__(self, connection: asyncpg.Connection, first: Mapping[str, Any], draw: random.Random) -> None:
        self._connection = connection
        self._server = Identity(first["system_identifier"], first["timeline"])
        self._state = State()
        self._state.apply(Record(history=History(1, first["epoch"], *self._server[:2])))
        self._draw = draw
        self._ids = [UUID(int=draw.getrandbits(128)) for _ in range(30)]

    async def change(self) -> None:
        arguments = self._arguments()
        events: tuple[functions.Event, ...] = ()
        expected: list[dict[str, Any]] | str | None
        try:
            rows, events = functions.commit_changes(self._state, self._server, lambda: datetime.now(UTC), arguments)
            expected = _plain(rows)
        except asyncpg.PostgresError as error:
            expected = error.sqlstate
        assert await self._answer(arguments) == expected
        self._state.apply(Record(events))

    async def _answer(self, arguments: tuple[Any, ...]) -> list[dict[str, Any]] | str | None:
        try:
            return _plain(await self._connection.fetch(CHANGE, *arguments))
        except asyncpg.PostgresError as error:
            sqlstate: str | None = error.sqlstate
            return sqlstate

    async def look(self) -> None:
        mark = self._mark()
        position = functions.position(self._state, self._server, datetime.now(UTC), mark)
        assert _plain(await self._connection.fetch(POSITION, *mark)) == _plain(position)
        for name in NAMES:
            read = functions.read(self._state, self._server, *name)
            assert _plain(await self._connection.fetch(READ, *name)) == _plain(read)
        scan = functions.scan(self._state, self._server, "a", "", 1)
        assert _plain(await self._connection.fetch(SCAN, "a", "", 1, 1000, "")) == _plain(scan)

    async def confirm(self) -> None:
        if self._draw.random() < 0.9:
            return
        mark, lossless = self._mark(), self._draw.random() < 0.5
        epoch = await self._connection.fetchval(CONFIRM, *mark, lossless)
        record = functions.confirm_history(self._state, self._server, epoch, mark, lossless=lossless)
        assert (record is None) == (epoch == self._state.histories[-1].epoch)
        if record is not None:
            self._state.apply(record)

    def _arguments(self) -> tuple[Any, ...]:
        epoch, revision, _ = self._mark()
        edits: list[tuple[Any, ...]] = []
        ids: list[UUID] = []
        for number in range(1, self._draw.randint(1, 4) + 1):
            ids.append(self._draw.choice(self._ids))
            for name in self._draw.sample(NAMES, self._draw.choice((1, 1, 1, 2, 3))):
                value = self._draw.choice((None, '"1"', '"2"'))
                edits.append((number, *name, value, self._tags(), self._draw.choice((None, None, None, self._tags()))))
        late = datetime.now(UTC) + timedelta(days=1)
        expiries = [self._draw.choice((None, late, late - timedelta(days=2))) for _ in ids]
        same = len(ids)
        return (
            epoch,
            revision,
            ids,
            ["me"] * same,
            [None] * same,
            [None] * same,
            expiries,
            [self._draw.random() < 0.2 for _ in ids],
            [self._draw.choice((None, None, "", "ffffffff-1")) for _ in ids],
            [self._state_tag() for _ in ids],
            *map(list, zip(*edits, strict=True)),
            [None] * same,
            [None] * same,
        )

    def _state_tag(self) -> str | None:
        last = max((event.revision for event in self._state.events), default=0)
        return self._draw.choice((None, None, None, f"{self._state.histories[-1].epoch}-{last}"))

    def _tags(self) -> str | None:
        tags = [f"{history.epoch}-{self._draw.randint(1, 20)}" for history in self._state.histories]
        held = [f"{self._state.histories[-1].epoch}-{held.revision}" for held in self._state.entries.values()]
        return self._draw.choice((None, "*", " ".join(held), " ".join(tags)))

    def _mark(self) -> tuple[Any, Any, Any]:
        history, last = self._draw.choice(self._state.histories), self._state.last_revision
        revision = self._draw.choice((last, last, max(0, last - 1), last + 1))
        change = next((event.change for event in self._state.events if event.revision == revision), None)
        return self._draw.choice(
            ((None, None, None), (history.epoch, revision, None), (history.epoch, revision, change or self._ids[0]))
        )


@pytest.mark.parametrize("seed", range(5))
async def test_the_simulated_functions_answer_as_postgresql_does(migrated_url: str, seed: int) -> None:
    connection = await asyncpg.connect(migrated_url)
    try:
        first = await connection.fetchrow("SELECT epoch, system_identifier, timeline FROM histories")
        pair = Pair(connection, first, random.Random(seed))  # noqa: S311  # no secret
        for _ in range(60):
            await pair.change()
            await pair.look()
            await pair.confirm()
    finally:
        await connection.close()


def _plain(rows: list[Any]) -> list[dict[str, Any]]:
    plain = [{name: value for name, value in dict(row).items() if name not in IGNORED} for row in rows]
    return [row | {"kept": bool(row["kept"])} if "kept" in row else row for row in plain]  # null is false there
