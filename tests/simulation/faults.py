"""Defects that are put into the service one at a time, to see which of them the schedules find.

Each is a patch of one line, applied while the module is imported.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, ModuleType

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Defect:
    """A line of a file (without its indentation) that is replaced; ``text`` says what the service does then."""

    text: str
    file: str
    line: str
    replacement: str
    kind: str = "store"
    """The kind of schedules that run with it."""
    hidden: str = ""
    """Why no schedule finds it, if none does."""

    def patch(self, source: str) -> str:
        """Return the source with the defect; the line must be there exactly once."""
        lines = source.split("\n")
        found = [number for number, line in enumerate(lines) if line.strip() == self.line]
        if len(found) != 1:
            raise ValueError(f"{self.file} has {len(found)} lines {self.line!r}: adapt the defect {self.text!r}")
        line = lines[found[0]]
        lines[found[0]] = line[: len(line) - len(line.lstrip())] + self.replacement
        return "\n".join(lines)


DEFECTS = (
    Defect(
        "memory keeps a read that is older than what the feed has told",
        "runtime/services/cache.py",
        "if known is not None and known.epoch == version.epoch and known.revision <= version.revision:",
        "if known is not None:",
    ),
    Defect(
        "memory keeps a read that a change overtook",
        "runtime/services/cache.py",
        "self._fills.pop(name, None)",
        "pass",
    ),
    Defect(
        "memory passes over a revision that it was not told",
        "runtime/services/cache.py",
        "if self._version is not None and after <= self._version.revision < revision:",
        "if self._version is not None and self._version.revision < revision:",
    ),
    Defect(
        "memory survives the beginning of a new history",
        "runtime/services/cache.py",
        "self._held.clear()",
        "pass",
    ),
    Defect(
        "memory is used for 30 seconds without a word of the feed",
        "runtime/services/cache.py",
        "STALE_SECONDS = 3.0",
        "STALE_SECONDS = 30.0",
        hidden="the feed itself notices a silent connection after 2.5 seconds, and says so",
    ),
    Defect(
        "an interrupted feed still counts as one that would tell of changes",
        "runtime/services/cache.py",
        "self._following, self._current_until = False, 0.0",
        "self._current_until = 0.0",
        hidden="the first heartbeat after the interruption evicts what such a read missed",
    ),
    Defect(
        "marked answers have no bound",
        "runtime/services/entries.py",
        "if stale is None or stale[1] > self._stale_seconds:",
        "if stale is None:",
    ),
    Defect(
        "answers from memory are not marked while the database is away",
        "runtime/services/entries.py",
        "return stale",
        "return stale[0], None",
    ),
    Defect(
        "a worker does not evict what it changed itself",
        "runtime/services/entries.py",
        "self._cache.forget((edit.namespace, edit.key))",
        "pass",
    ),
    Defect(
        "a request waits for a read that a change overtook",
        "runtime/services/entries.py",
        "if task is None or fill is None or not self._cache.is_pending(fill):",
        "if task is None or fill is None:",
        hidden="a worker has to change a name while it reads it, and to be asked again before that read ends",
    ),
    Defect(
        "each request for a cold name asks the database",
        "runtime/services/entries.py",
        "if task is None or fill is None or not self._cache.is_pending(fill):",
        "if True:",
    ),
    Defect(
        "memory answers a read that asks for a later revision",
        "runtime/services/entries.py",
        "return known is not None and known.epoch == at_least.epoch and known.revision >= at_least.revision",
        "return known is not None and known.epoch == at_least.epoch",
    ),
    Defect(
        "a revision of another history is taken for one of this",
        "runtime/services/entries.py",
        "return known is not None and known.epoch == at_least.epoch and known.revision >= at_least.revision",
        "return known is not None and known.revision >= at_least.revision",
        hidden="a client has to ask for a lost revision while memory has already learnt of the new history",
    ),
    Defect(
        "a read waits for the database without a bound",
        "runtime/services/asking.py",
        "async with asyncio.timeout(READ_SECONDS):",
        "async with asyncio.timeout(60):",
    ),
    Defect(
        "304 is answered while the database is away",
        "runtime/http/entries.py",
        "if age is not None:",
        "if age is not None and not is_unmodified(conditions, entry.version):",
    ),
    Defect(
        "an unknown outcome is forgotten when the change is sent again",
        "runtime/services/changes.py",
        "unknown = unknown or isinstance(error, OutcomeUnknownError)",
        "unknown = isinstance(error, OutcomeUnknownError)",
    ),
    Defect(
        "a change of unknown outcome is answered as not made",
        "runtime/services/changes.py",
        "waiting.finish(_late() if unknown else ChangeExpiredError())",
        "waiting.finish(ChangeExpiredError())",
        hidden="the caller's own timer answers at the deadline, before this line can",
    ),
    Defect(
        "a broken connection is taken for a change that was not made",
        "runtime/adapters/postgres.py",
        "except BROKEN as error:",
        "except () as error:",
    ),
    Defect(
        "a standby answers however far it is behind",
        "runtime/adapters/postgres.py",
        'if rows and rows[0]["epoch"] == required.epoch and rows[0]["last"] >= required.revision:',
        'if rows and rows[0]["epoch"] == required.epoch:',
    ),
    Defect(
        "a standby of a former history answers",
        "runtime/adapters/postgres.py",
        'if rows and rows[0]["epoch"] == required.epoch and rows[0]["last"] >= required.revision:',
        'if rows and rows[0]["last"] >= required.revision:',
        hidden="a standby has to be left over, and a cold name be read before it is made anew",
    ),
    Defect(
        "a standby need not have the worker's own changes",
        "runtime/adapters/postgres_horizon.py",
        "self._made = version",
        "pass",
    ),
    Defect(
        "a standby of the history before a restore is recent enough",
        "runtime/adapters/postgres_horizon.py",
        "self._confirmed.clear()",
        "pass",
    ),
    Defect(
        "a change that was sent is answered as not made once its time is over",
        "runtime/services/changes.py",
        "self.finish(_late() if self.sent else ChangeExpiredError())",
        "self.finish(ChangeExpiredError())",
    ),
    Defect(
        "the answers of the primary are enough for ten times as long as the bound of standbys says",
        "runtime/adapters/postgres_horizon.py",
        "while self._confirmed and self._confirmed[0][0] < now - self._lag:",
        "while self._confirmed and self._confirmed[0][0] < now - 10 * self._lag:",
        hidden="a standby has to stop for longer than the bound, and a cold name be read meanwhile",
    ),
    Defect(
        "the server's clock is taken for that of a minute later",
        "runtime/adapters/postgres_horizon.py",
        "return server_time + timedelta(seconds=moment - answered_at)",
        "return server_time + timedelta(seconds=moment - answered_at + 60)",
        hidden="the server has to be stopped with a change that it has received, and wake up after the deadline of it",
    ),
    Defect(
        "a change does not say which revision its worker knows",
        "runtime/adapters/postgres_requests.py",
        "None if mark is None else mark.version.epoch,",
        "None,",
    ),
    Defect(
        "the feed goes on in a database that lost what it knows",
        "runtime/adapters/postgres_changes.py",
        'if row["epoch"] is None or not (row["kept"] or row["recovering"]):',
        'if row["epoch"] is None:',
        hidden="the next change is refused until the history is confirmed, and the position is behind",
    ),
    Defect(
        "the feed goes on in another history",
        "runtime/adapters/postgres_changes.py",
        "if known is None or known.epoch != version.epoch or known.revision > version.revision:",
        "if known is None or known.revision > version.revision:",
    ),
    Defect(
        "the feed takes notifications of another history for its own",
        "runtime/adapters/postgres_changes.py",
        "if known is not None and known.epoch == epoch:",
        "if known is not None:",
        hidden="the next heartbeat begins anew; a change has to be made before it in the new history",
    ),
    Defect(
        "a heartbeat does not ask for the changes that were missed",
        "runtime/adapters/postgres_changes.py",
        "elif known.revision < version.revision:",
        "elif False:",
    ),
    Defect(
        "a heartbeat confirms the moment of its answer instead of that of its question",
        "runtime/adapters/postgres_changes.py",
        "follower.confirm(asked_at)",
        "follower.confirm(answered_at)",
    ),
    Defect(
        "the feed waits a minute for the answer to a heartbeat",
        "runtime/adapters/postgres_changes.py",
        "command_timeout=ANSWER_SECONDS,",
        "command_timeout=60,",
    ),
    Defect(
        "an interrupted feed does not tell its follower",
        "runtime/adapters/postgres_changes.py",
        "follower.lose()",
        "pass",
        hidden="memory is used for 3 seconds at most, and the next heartbeat tells what was missed",
    ),
    Defect(
        "a worker that starts does not compare the database with the mark in Redis",
        "runtime/adapters/postgres_changes.py",
        "return await self._high_water.read()",
        "return None",
        hidden="a worker has to start while the disk is put back, and be the first to make a change",
    ),
    Defect(
        "every promotion counts as lossless",
        "runtime/adapters/postgres_changes.py",
        "epoch = await connection.fetchval(CONFIRM, *_parts(mark), self._settings.lossless_failover)",
        "epoch = await connection.fetchval(CONFIRM, *_parts(mark), True)",
        hidden="a worker that knew of the lost changes refuses the database first in most schedules",
    ),
    Defect(
        "every request asks a database whose circuit is open",
        "runtime/services/circuit_breaker.py",
        "if state is CircuitState.OPEN or now < self._probed_at + self._probe_seconds:",
        "if False:",
    ),
    Defect(
        "a circuit never closes",
        "runtime/services/circuit_breaker.py",
        "self._failures, self._opened_at, self._probed_at = 0, None, -math.inf",
        "self._failures, self._probed_at = 0, -math.inf",
    ),
    Defect(
        "a full bucket holds its whole capacity, in spite of leases",
        "runtime/domain/buckets.py",
        "if self.lag:",
        "if False:",
        kind="throttle",
        hidden="it admits one to three requests more, and only after two to four in the half second before a flood",
    ),
    Defect(
        "the tokens of a lease never expire",
        "runtime/services/leases.py",
        "if not self.tokens or now >= self._expires_at:",
        "if not self.tokens:",
        kind="throttle",
        hidden="a lease is dropped after a second without requests, which loses its tokens all the same",
    ),
    Defect(
        "a lease is as old as Redis's answer, instead of the question",
        "runtime/services/leases.py",
        "self._expires_at = asked_at + LIFETIME_MICROSECONDS",
        "self._expires_at = now + LIFETIME_MICROSECONDS",
        kind="throttle",
        hidden="the answer comes 0.25 seconds later at most: less than one token in most of these buckets",
    ),
    Defect(
        "a token of a lease can be spent again",
        "runtime/services/leases.py",
        "self.tokens -= 1",
        "pass",
        kind="throttle",
    ),
    Defect(
        "a worker without Redis admits the whole rate, and not its share",
        "runtime/services/throttling.py",
        "shares = throttling.replicas * workers",
        "shares = 1",
        kind="throttle",
    ),
    Defect(
        "local buckets are forgotten before they are full",
        "runtime/services/local_buckets.py",
        "if refilled(shape, state, now).level < shape.full:",
        "if False:",
        kind="throttle",
    ),
    Defect(
        "a request waits behind others for a slow Redis without a bound",
        "runtime/services/throttling.py",
        "until = _now() + PATIENCE_MICROSECONDS",
        "until = _now() + 100 * PATIENCE_MICROSECONDS",
        kind="throttle",
        hidden="a lease whose call failed is decided alone for 0.25 seconds, which lets those behind it pass",
    ),
)


class _Loader(SourceFileLoader):
    """A loader that puts a defect into the module."""

    def __init__(self, name: str, path: str, defect: Defect) -> None:
        super().__init__(name, path)
        self._defect = defect

    def get_code(self, fullname: str) -> CodeType | None:
        return compile(self._defect.patch(Path(self.path).read_text(encoding="utf-8")), self.path, "exec")


class _Finder(MetaPathFinder):
    """A finder of the module with the defect."""

    def __init__(self, defect: Defect) -> None:
        self._defect = defect

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._defect.file.removesuffix(".py").replace("/", "."):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Loader(fullname, spec.origin, self._defect)
        return spec


def install(defect: Defect) -> None:
    """Put a defect into this process; the module must not have been imported yet."""
    sys.meta_path.insert(0, _Finder(defect))
