"""One schedule: workers, clients and faults on simulated servers, and the invariants that each answer is held to."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock
from uuid import UUID

import asyncpg

from runtime.domain.entries import (
    Change,
    ChangeExpiredError,
    Edit,
    EntryNotFoundError,
    Json,
    OtherHistoryError,
    PreconditionError,
    Version,
)
from runtime.domain.preconditions import Conditions, Tags
from runtime.ports.availability import CircuitState, OutcomeUnknownError, UnavailableError
from tests.simulation import clock
from tests.simulation.database import BEGINNING, Database
from tests.simulation.network import Client as Asyncpg
from tests.simulation.network import Network
from tests.simulation.plan import NAMES, Plan, Step, Trouble
from tests.simulation.truth import Truth, ViolationError
from tests.simulation.workers import CHANGE_SECONDS, Marks, Worker, settings

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tests.simulation.functions import Name
    from tests.simulation.plan import Fault

STALE_SECONDS = 3.0
"""The documented bound of a read that is not marked."""

READ_SECONDS = 3.0
"""The longest time for the answer of a read, even a refusal."""

LATE_SECONDS = 0.5
"""The time by which the answer to a change may be later than its deadline."""

CLOCK_SECONDS = 0.2
"""The time by which a server's clock may differ from that of the server before it."""

RECOVERY_SECONDS = 12.0
"""The time after the last fault in which everything works again."""

POOLED = 6
"""More requests than a pool has connections: a half-open one is noticed by the request that uses it."""


@dataclass(slots=True)
class Report:
    """The result of a schedule: the first violation, if there is one, and what happened."""

    violation: Exception | None = None
    log: list[str] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)


class Schedule:
    """A run of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.report = Report()
        self.truth = Truth()
        self.network = Network(plan.draw("latencies"), plan.slowest)
        self.database = Database(
            self.network,
            self.truth,
            plan.draw("database"),
            lossless=plan.lossless,
            standby=plan.standby,
            loss=plan.loss,
        )
        self.plan = plan
        self.workers: list[Worker] = []
        self.contents: dict[tuple[Name, str], str] = {}
        """The content that was handed out with each entity tag."""
        self.refused: dict[UUID, str] = {}
        """The changes of which a client was told that they were not made."""
        self.made: dict[UUID, str] = {}
        """The changes of which a client was told that they were made."""
        self.deadlines: dict[UUID, float] = {}
        self._failed = asyncio.Event()
        self._marks = Marks()
        self._options = settings(lossless=plan.lossless, stale_seconds=plan.stale_seconds)
        self._ids = plan.draw("ids")

    def fail(self, error: Exception) -> None:
        """Note a violation, which ends the schedule."""
        if self.report.violation is None:
            self.report.violation = error
            self.note(f"VIOLATION {error!r}")
        self._failed.set()

    def note(self, text: str) -> None:
        """Note what happens, for the person who reads a failure."""
        self.report.log.append(f"{time.monotonic() - clock.START_SECONDS:8.3f} {text}")

    async def run(self) -> Report:
        """Run the plan and return what came of it."""
        asyncio.get_running_loop().set_exception_handler(self._unexpected)
        with (
            mock.patch.object(asyncpg, "connect", (client := Asyncpg(self.network, self.database.resolve)).connect),
            mock.patch.object(asyncpg, "create_pool", client.create_pool),
        ):
            whole = asyncio.create_task(self._whole())
            failed = asyncio.create_task(self._failed.wait())
            await asyncio.wait((whole, failed), return_when=asyncio.FIRST_COMPLETED)
            if whole.done() and (error := whole.exception()) is not None:
                assert isinstance(error, Exception)
                self.fail(error)
        return self.report

    async def _whole(self) -> None:
        for index in range(self.plan.workers):
            self.workers.append(await self._start(index))
        stream = asyncio.create_task(self.database.stream(0.5))
        work: list[Coroutine[Any, Any, None]] = [self._be_client(i, steps) for i, steps in enumerate(self.plan.clients)]
        work += [self._make_trouble(faults) for faults in self.plan.faults]
        await asyncio.gather(*work)
        self.network.slowest = 0.01
        await asyncio.sleep(RECOVERY_SECONDS)
        await self._check_recovery()
        self._check_changes()
        stream.cancel()

    async def _start(self, index: int) -> Worker:
        standby = self.plan.standby
        worker = Worker(f"w{index}", self._options, self._marks, self.truth, self.fail, standby=standby)
        await worker.start()
        return worker

    # Faults.

    async def _make_trouble(self, faults: tuple[Fault, ...]) -> None:
        for fault in faults:
            await asyncio.sleep(fault.pause)
            self.note(f"fault: {fault.kind} ({fault.seconds:.2f} s, {fault.extent} changes, worker {fault.worker})")
            await self._trouble(fault)
            self.note(f"fault over: {fault.kind}")

    async def _trouble(self, fault: Fault) -> None:
        database, network, worker = self.database, self.network, f"w{fault.worker}"
        match fault.kind:
            case Trouble.PARTITION:
                await self._block(worker, None, fault.seconds)
            case Trouble.FREEZE:
                await self._block(None, database.primary.name, fault.seconds)
            case Trouble.CUT:
                for connection in self._connections(worker):
                    connection.cut()
            case Trouble.SILENCE:
                for connection in self._connections(worker):
                    connection.silent = True
            case Trouble.KILL:
                self.workers[fault.worker].kill()
                for connection in self._connections(worker):
                    connection.terminate()
                await asyncio.sleep(fault.seconds)
                self.workers[fault.worker] = await self._start(fault.worker)
            case Trouble.CRASH:
                await database.restart()
            case Trouble.LOSE:
                await database.restart(self._losable(fault.extent))
                await asyncio.sleep(1)
                database.rejoin()
            case Trouble.PROMOTE:
                await database.promote()
                await asyncio.sleep(1)
                database.rejoin()
            case Trouble.RESTORE:
                await database.restore(fault.extent)
                database.rejoin()
            case Trouble.STALL:
                database.stalled = True
                await asyncio.sleep(fault.seconds)
                database.stalled = False
            case Trouble.REDIS_AWAY:
                self._marks.away = True
                await asyncio.sleep(fault.seconds)
                self._marks.away = False
            case Trouble.REDIS_EMPTY:
                self._marks.mark = None
        network.draw.random()

    def _losable(self, extent: int) -> int:
        """Return how many transactions to lose, such that Redis and each worker know ``extent`` changes of them.

        A loss that only some of them know is noticed when one of these asks the database, and not before.
        """
        state = self.database.primary.state
        marks = [self._marks.mark, *(worker.horizon.mark for worker in self.workers if worker.lives)]
        versions = [mark.version for mark in marks if mark is not None]
        if len(versions) < len(marks) or any(version.epoch != state.histories[-1].epoch for version in versions):
            return 0
        known = min(version.revision for version in versions)
        kept = max(known - extent, 0)
        return 0 if kept == known else state.last_revision - kept

    async def _block(self, worker: str | None, server: str | None, seconds: float) -> None:
        self.network.block(worker, server)
        await asyncio.sleep(seconds)
        self.network.unblock(worker, server)

    def _connections(self, worker: str) -> list[Any]:
        own = (each for each in self.network.connections if each.worker == worker)
        return sorted(own, key=lambda each: each.number)

    # Clients.

    async def _be_client(self, number: int, steps: tuple[Step, ...]) -> None:
        client = _Client(self, f"c{number}")
        for step in steps:
            await asyncio.sleep(step.pause)
            worker = self.workers[step.worker]
            if not worker.is_ready():
                continue
            request = worker.spawn(client.act(worker, step))
            await asyncio.wait((request,))
            if request.cancelled():
                self.note(f"{client.name}: {worker.name} was killed")

    def new_id(self) -> UUID:
        """Return the id of a new change."""
        return UUID(int=self._ids.getrandbits(128))

    def count(self, answer: str) -> None:
        """Count an answer."""
        self.report.answers[answer] = self.report.answers.get(answer, 0) + 1

    def hand_out(self, name: Name, tag: str, value: str) -> None:
        """Note that a client received a value with a tag: one tag stands for one value, for ever."""
        known = self.contents.setdefault((name, tag), value)
        if known != value:
            raise ViolationError(f"{tag} of {name} stood for {known}, and stands for {value}")

    # The end.

    async def _check_recovery(self) -> None:
        for worker in self.workers:
            client, answers = _Client(self, "check"), worker.confirmed[1]
            for kind, expected in (("read", ("200", "404")), ("force", ("200", "201"))):
                for _ in range(POOLED):
                    await client.act(worker, Step(0, kind, 0, 0))
                    if client.answer in expected:
                        break
                else:
                    raise ViolationError(
                        f"{kind} is answered {client.answer} by {worker.name} after everything is well"
                    )
            await asyncio.sleep(2)
            if worker.confirmed[1] > answers and worker.entries.circuit.state is not CircuitState.CLOSED:
                raise ViolationError(f"{worker.name} keeps its circuit to a store that answers open")
            if not worker.cache.contents().live:
                raise ViolationError(f"{worker.name} does not follow the changes after everything is well")

    def _check_changes(self) -> None:
        truth = self.truth
        for change, what in self.made.items():
            if change not in truth.made and change not in truth.lost:
                raise ViolationError(f"{what} was told as made, and is not there")
        for change, what in self.refused.items():
            if change in truth.made:
                raise ViolationError(f"{what} was told as not made, and is there")
        for event in self.database.primary.state.events:
            late = (event.at - BEGINNING).total_seconds() - self.deadlines.get(event.change, event.at.timestamp())
            if late > CLOCK_SECONDS:
                raise ViolationError(f"{event.change} was made {late:.3f} s after its deadline")
        for change, times in truth.made.items():
            if times != 1:
                raise ViolationError(f"{change} was made {times} times")

    def _unexpected(self, _loop: object, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.fail(error if isinstance(error, Exception) else ViolationError(str(context["message"])))


class _Client:
    """A client: it knows what it read, and checks every answer."""

    def __init__(self, schedule: Schedule, name: str) -> None:
        self.name = name
        self.answer = ""
        self._schedule = schedule
        self._truth = schedule.truth
        self._known: dict[Name, tuple[str, str]] = {}
        """The tag and the value of each name that it knows."""
        self._seen: Version | None = None
        self._written: dict[tuple[Worker, Name], float] = {}
        """When the last change of each name by a worker for this client became visible."""

    async def act(self, worker: Worker, step: Step) -> None:
        """Send a request, and hold the answer to the invariants."""
        name, began = NAMES[step.name], time.monotonic()
        try:
            if step.kind in ("read", "unmodified", "at_least"):
                self.answer = await self._read(worker, name, step.kind, began)
                self._check_time(step.kind, name, began, READ_SECONDS)
            else:
                self.answer = await self._change(worker, name, step.kind)
            took = time.monotonic() - began
        except Exception as error:  # a violation, or what a client would see as a 500
            self._schedule.fail(error)
            return
        self._schedule.count(f"{step.kind} {self.answer}")
        self._schedule.note(f"{self.name}: {step.kind} {name[1]} by {worker.name}, {took:.3f} s: {self.answer}")

    async def _read(self, worker: Worker, name: Name, kind: str, began: float) -> str:
        known = self._known.get(name)
        headers = {"if-none-match": known[0]} if kind == "unmodified" and known is not None else {}
        at_least = self._seen if kind == "at_least" else None
        live, answers = worker.confirmed
        try:
            response = await worker.read(name, headers, at_least)
        except EntryNotFoundError as error:
            if error.age is not None:
                self._check_stale(name, None, error.age)
                return "404 stale"
            if not (live or worker.confirmed[1] > answers):
                raise ViolationError(f"404 for {name} is not marked, and nobody confirmed it") from error
            self._check_read(worker, name, None, began, at_least)
            self._known.pop(name, None)
            return "404"
        except OtherHistoryError:
            return "412"
        except UnavailableError:
            return "503"
        fields = {key.decode().lower(): value.decode() for key, value in response.raw_headers}
        tag = fields["etag"]
        if not (live or worker.confirmed[1] > answers) and "cache-status" not in fields:
            raise ViolationError(f"{response.status_code} for {name} is not marked, and nobody confirmed it")
        if response.status_code == 304:
            assert known is not None
            if "cache-status" in fields:
                raise ViolationError(f"304 for {name} while the store is away")
            self._check_read(worker, name, known[1], began, at_least)
            return "304"
        value = json.dumps(json.loads(response.body)["value"])
        if "cache-status" in fields:
            self._check_stale(name, value, float(fields["age"]))
            return "200 stale"
        self._check_read(worker, name, value, began, at_least)
        self._schedule.hand_out(name, tag, value)
        self._know(name, tag, value)
        return "200"

    def _check_read(
        self, worker: Worker, name: Name, value: str | None, began: float, at_least: Version | None
    ) -> None:
        now = time.monotonic()
        self._truth.check_current("a read of", name, value, began - STALE_SECONDS, now)
        if (made := self._written.get((worker, name))) is not None:
            self._truth.check_current("a read after an own change of", name, value, made, now)
        if at_least is not None:
            self._truth.check_at_least("a read of", name, value, at_least, now)

    def _check_time(self, kind: str, name: Name, began: float, limit: float) -> None:
        took = time.monotonic() - began
        if took > limit:
            raise ViolationError(f"{kind} of {name} took {took:.3f} s")

    def _check_stale(self, name: Name, value: str | None, age: float) -> None:
        now, longest = time.monotonic(), self._schedule.plan.stale_seconds
        if age > longest:
            raise ViolationError(f"a marked read of {name} is {age} s old, of {longest} at most")
        self._truth.check_current("a marked read of", name, value, now - age - 1, now)  # Age has whole seconds

    async def _change(self, worker: Worker, name: Name, kind: str) -> str:
        known = self._known.get(name)
        id_ = self._schedule.new_id()
        value = None if kind == "remove" else str(id_)
        edit = Edit(*name, None if value is None else Json(json.dumps(value)), _conditions(kind, known))
        change = Change(id_, (edit,), time.monotonic() + CHANGE_SECONDS)
        for again in (False, True):
            began = time.monotonic()
            answer = await self._send(worker, change, kind, known, again=again)
            self._check_time(kind, name, began, CHANGE_SECONDS + LATE_SECONDS)
            if answer != "unknown" or self._schedule.plan.draw(str(id_)).random() < 0.5:
                break  # the others send it again, with the same Idempotency-Key
            worker = self._schedule.workers[-1]
            change = Change(id_, (edit,), time.monotonic() + CHANGE_SECONDS)
        return answer

    async def _send(
        self, worker: Worker, change: Change, kind: str, known: tuple[str, str] | None, *, again: bool
    ) -> str:
        edit, schedule = change.edits[0], self._schedule
        name, what = (edit.namespace, edit.key), f"{kind} of {edit.key} ({change.id}) by {worker.name}"
        schedule.deadlines[change.id] = change.deadline
        try:
            if edit.value is None:
                await worker.remove(change)
                self._known.pop(name, None)
                answer = "204"
            else:
                shown, created = await worker.write(change)
                schedule.hand_out(name, shown.tag, edit.value)
                self._know(name, shown.tag, edit.value)
                answer = "201" if created else "200"
        except OutcomeUnknownError:
            return "unknown"
        except UnavailableError as error:
            if not again:  # else it says nothing about the first time
                self._refuse(change, what, error)
            return "503"
        except (PreconditionError, EntryNotFoundError, ChangeExpiredError) as error:
            self._refuse(change, what, error)
            return {"PreconditionFailedError": "412", "PreconditionRequiredError": "428"}.get(
                type(error).__name__, "404"
            )
        self._check_made(change, what, known)
        self._written[worker, name] = self._truth.times[change.id]
        return answer

    def _refuse(self, change: Change, what: str, error: Exception) -> None:
        self._schedule.refused[change.id] = what
        if change.id in self._truth.made:
            raise ViolationError(f"{what} was made, and is answered {error!r}") from error

    def _check_made(self, change: Change, what: str, known: tuple[str, str] | None) -> None:
        edit, truth = change.edits[0], self._truth
        self._schedule.made[change.id] = what
        if change.id not in truth.made and change.id not in truth.lost:
            raise ViolationError(f"{what} is answered as made, and is not there")
        before = truth.before[change.id]
        if edit.conditions.if_match is None and before is not None:
            raise ViolationError(f"{what} replaced {before} without If-Match")
        if edit.conditions.if_match is not None and not edit.conditions.if_match.anything:
            expected = None if known is None else known[1]
            if before != expected:
                raise ViolationError(f"{what} replaced {before}, and its client had read {expected}")

    def _know(self, name: Name, tag: str, value: str) -> None:
        self._known[name] = tag, value
        epoch, _, revision = tag.strip('"').partition("-")
        seen = Version(epoch, int(revision))
        if self._seen is None or self._seen.epoch != epoch or self._seen.revision < seen.revision:
            self._seen = seen


def _conditions(kind: str, known: tuple[str, str] | None) -> Conditions:
    if kind == "create":
        return Conditions(None, Tags(anything=True))
    if known is None:
        return Conditions()
    return Conditions(Tags(anything=True) if kind == "force" else Tags(frozenset({known[0]})))


def run(plan: Plan) -> Report:
    """Run a schedule on a simulated clock."""

    async def main() -> Report:
        return await Schedule(plan).run()

    return clock.run(plan.seed, main())
