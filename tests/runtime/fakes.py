"""Fakes of the ports, each under the contract suite of the real one, and a way to run an application in a test."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from runtime.domain.audit import GENESIS, canonical, next_link, record_hash, written
from runtime.domain.buckets import State, debited, filled, refilled, wait_microseconds
from runtime.domain.entries import (
    Action,
    ChangeExpiredError,
    EditsRefusedError,
    Entry,
    EntryNotFoundError,
    Found,
    IdReusedError,
    Json,
    Layered,
    LayerError,
    Layers,
    Made,
    OtherHistoryError,
    Page,
    PreconditionError,
    RedefinedError,
    Refusal,
    Version,
    Whole,
)
from runtime.domain.grants import Given
from runtime.domain.namespaces import (
    LARGEST_BYTES,
    LAYER_FAULTS,
    MOST_ENTRIES,
    MOST_EXAMINED,
    MOST_LAYERS,
    Summaries,
    Summary,
    namespace_too_large,
    stacked,
    summaries,
)
from runtime.domain.preconditions import namespace_changed, namespace_moved, permit_change
from runtime.ports.audit import Sealed, SealedPage, Trail
from runtime.ports.availability import Outage, Pool, Schema
from runtime.ports.machine import MemoryUse
from runtime.ports.throttling import BucketsUnavailableError, Fault, Grant, KeyedBucket
from tests.identity import signed_in
from tests.runtime.memory_history import MemoryHistory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from uuid import UUID

    from starlette.types import ASGIApp, Message

    from runtime.domain.audit import Note
    from runtime.domain.entries import Change, Edit, Guard
    from runtime.domain.grants import Grant as GivenRight
    from runtime.domain.grants import MachineKey
    from runtime.domain.namespaces import Names
    from runtime.ports.audit import AuditFilter, SignedHead
    from runtime.ports.availability import Circuit
    from runtime.ports.entries import Follower, Result


EPOCH = "0a1b2c3d"


class MemoryEntries:
    """An entry store in memory; the errors in ``failures`` are raised by the next calls, in order."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Entry] = {}
        self.version = Version(EPOCH, 0)
        self.changes: list[tuple[int, str, str]] = []
        self.failures: list[Exception] = []
        self.reads = 0
        self.groups: list[int] = []
        self._made: dict[UUID, tuple[Change, tuple[Made, ...]]] = {}
        self.history = MemoryHistory(self)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    @property
    def circuits(self) -> Mapping[str, Circuit]:
        return {}

    def pools(self) -> Mapping[str, Pool]:
        return {"reads": Pool(2, 0, 0)}

    async def read(self, namespace: str, key: str, at_least: Version | None = None) -> Found:
        self.fail()
        self.reads += 1
        self.require(at_least)
        return Found(self.entries.get((namespace, key)), self.version)

    async def scan(
        self, namespace: str, after: str, limit: int, at_least: Version | None = None, prefix: str = ""
    ) -> Page:
        self.fail()
        self.require(at_least)
        found = [e for e in self._of(namespace) if e.key > after and e.key.startswith(prefix)]
        page = tuple(found[:limit])
        return Page(page, page[-1].key if len(found) > limit else None, self.version)

    async def whole(self, namespace: str, at_least: Version | None = None) -> Whole:
        self.fail()
        self.reads += 1
        self.require(at_least)
        entries = tuple(self._of(namespace))
        if len(entries) > MOST_ENTRIES or sum(len(entry.value.encode()) for entry in entries) > LARGEST_BYTES:
            raise namespace_too_large(namespace)
        return Whole(namespace, (namespace, "") in self.entries, entries, self._state(namespace), self.version)

    async def layers(self, namespace: str, at_least: Version | None = None, *, actors: bool = False) -> Layers:
        self.fail()
        self.reads += 1
        self.require(at_least)
        names, parents = [namespace], self._parents()
        while (parent := parents.get(names[-1])) is not None:
            names.append(parent)
        found = [
            Layered(entry, self.history.actor(entry) if actors else None) for name in names for entry in self._of(name)
        ]
        if len(found) > MOST_ENTRIES or sum(len(each.entry.value.encode()) for each in found) > LARGEST_BYTES:
            raise namespace_too_large(namespace)
        version = max((self._state(name) for name in names), key=lambda state: state.revision)
        return Layers(tuple(names), stacked(found), (namespace, "") in self.entries, version, self.version)

    async def namespaces(
        self,
        names: Sequence[Names],
        after: str,
        limit: int,
        labels: Mapping[str, str],
        at_least: Version | None = None,
    ) -> Summaries:
        self.fail()
        self.require(at_least)
        named = sorted(
            {
                namespace
                for namespace, _ in self.entries
                if namespace > after and any(first <= namespace <= last for first, last in names)
            }
        )
        most = MOST_EXAMINED if labels else limit
        found = [self._summary(namespace) for namespace in named[:most]]
        return summaries(found, limit, labels, self.version, more=len(named) > most)

    async def change(self, changes: Sequence[Change]) -> Sequence[Result]:
        self.fail()
        self.groups.append(len(changes))
        return [self._change(change) for change in changes]

    def begin_history(self, epoch: str) -> None:
        """Name another history, as after a restore: every entry's tag changes."""
        self.version = Version(epoch, self.version.revision)
        for name, entry in self.entries.items():
            self.entries[name] = replace(entry, version=Version(epoch, entry.version.revision))

    def _change(self, change: Change) -> Result:
        if change.id in self._made:
            first, made = self._made[change.id]
            same = [(e.namespace, e.key, e.value) for e in first.edits] == [
                (e.namespace, e.key, e.value) for e in change.edits
            ]
            return made if same else IdReusedError()
        if change.deadline <= time.monotonic():
            return ChangeExpiredError()
        try:
            self._require_unchanged(change.guard)
        except PreconditionError as error:
            return error
        if (fault := self._basis(change)) is not None:
            return fault
        found = [(index, edit.key, self._judge(edit)) for index, edit in enumerate(change.edits)]
        refusals = [Refusal(index, key, error) for index, key, error in found if isinstance(error, Exception)]
        for refusal in refusals:
            if len(change.edits) == 1 or isinstance(refusal.error, LayerError):
                return refusal.error
        if refusals:
            return EditsRefusedError(tuple(refusals))
        if change.trial:
            now = datetime.now(UTC)
            return tuple(Made(action, self.version, now) for _, _, action in found if isinstance(action, Action))
        version = self.version = Version(self.version.epoch, self.version.revision + 1)
        made = tuple(self._apply(edit, version) for edit in change.edits)
        self._made[change.id] = change, made
        self.history.record(change, made)
        return made

    def _basis(self, change: Change) -> Exception | None:
        namespace = change.edits[0].namespace
        definition = self.entries.get((namespace, ""))
        if change.basis.definition not in (None, "" if definition is None else str(definition.version)):
            return RedefinedError(None if definition is None else definition.version)
        state = self._state(namespace)
        return None if change.basis.namespace in (None, state) else namespace_moved(state)

    def _require_unchanged(self, guard: Guard | None) -> None:
        if guard is not None:
            last = max((r for r, namespace, _ in self.changes if namespace == guard.namespace), default=0)
            if guard.since.epoch != self.version.epoch or last > guard.since.revision:
                raise namespace_changed(Version(self.version.epoch, last))

    def _judge(self, edit: Edit) -> Action | Exception:
        current = self.entries.get((edit.namespace, edit.key))
        try:
            permit_change(edit.conditions, current.version if current else None)
        except PreconditionError as error:
            return error
        if edit.value is None and current is None:
            return EntryNotFoundError()
        if not edit.key and (fault := self._layer_fault(edit)) is not None:
            return LayerError(LAYER_FAULTS[fault])
        if edit.value is None:
            return Action.DELETE
        return Action.CREATE if current is None else Action.REPLACE

    def _summary(self, namespace: str) -> Summary:
        definition = self.entries.get((namespace, ""))
        if definition is None:
            return Summary(namespace, None, None)
        document = json.loads(definition.value)
        members = {name: document.get(name) for name in ("owner", "description", "labels", "parent")}
        return Summary(namespace, Json(json.dumps(members)), definition.version)

    def _parents(self) -> dict[str, str | None]:
        return {
            namespace: json.loads(entry.value).get("parent")
            for (namespace, key), entry in self.entries.items()
            if not key
        }

    def _layer_fault(self, edit: Edit) -> str | None:
        parents = self._parents()
        if edit.value is None:
            return "inherited" if edit.namespace in parents.values() else None
        above = [edit.namespace]
        while (
            parent := parents.get(above[-1]) if len(above) > 1 else json.loads(edit.value).get("parent")
        ) is not None:
            if parent == edit.namespace:
                return "cyclic"
            if len(above) == MOST_LAYERS:
                return "deep"
            if parent not in parents:
                return "orphan"
            above.append(parent)
        below = [edit.namespace]
        for depth in range(MOST_LAYERS):
            if len(above) > 1 and len(above) + depth > MOST_LAYERS and below:
                return "deep"
            below = [child for child, parent in parents.items() if parent in below]
        return None

    def _of(self, namespace: str) -> list[Entry]:
        return sorted((e for e in self.entries.values() if e.namespace == namespace and e.key), key=_key)

    def _state(self, namespace: str) -> Version:
        revision = max((revision for revision, changed, _ in self.changes if changed == namespace), default=0)
        return Version(self.version.epoch, revision)

    def _apply(self, edit: Edit, version: Version) -> Made:
        name, now = (edit.namespace, edit.key), datetime.now(UTC)
        self.changes.append((version.revision, *name))
        if edit.value is None:
            del self.entries[name]
            return Made(Action.DELETE, version, now)
        action = Action.REPLACE if name in self.entries else Action.CREATE
        self.entries[name] = Entry(*name, edit.value, version, now)
        return Made(action, version, now)

    def require(self, at_least: Version | None) -> None:
        if at_least and (at_least.epoch != self.version.epoch or at_least.revision > self.version.revision):
            raise OtherHistoryError

    def fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


class MemoryChanges:
    """The feed of a :class:`MemoryEntries`; while ``away`` is set, nothing is told, as over a broken connection."""

    def __init__(self, entries: MemoryEntries) -> None:
        self._entries = entries
        self.away = False
        self.outage: Outage | None = None
        self.schema = Schema(3, 3)

    async def follow(self, follower: Follower) -> None:
        while True:
            if not self.away:
                try:
                    await self._tell(follower)
                finally:
                    follower.lose()
            await asyncio.sleep(0.001)

    async def _tell(self, follower: Follower) -> None:
        while not self.away:
            asked_at, now, known = time.monotonic(), self._entries.version, follower.version
            if known is None or known.epoch != now.epoch:
                follower.begin(now)
            else:
                names = [(n, k) for revision, n, k in self._entries.changes if revision > known.revision]
                follower.changed(known.revision, now.revision, names)
            follower.confirm(asked_at)
            await asyncio.sleep(0.001)


class MemoryAccess:
    """Grants and keys of machines in memory, whose changes are noted in ``audit``.

    The ``failure`` is raised by every call while there is one.
    """

    def __init__(self, audit: MemoryAudit | None = None) -> None:
        self.audit = audit or MemoryAudit()
        self.given = Given()
        self.failure: Exception | None = None
        self.reads = 0

    async def read(self, known: int | None) -> Given | None:
        self._fail()
        self.reads += 1
        return None if known == self.given.position else self.given

    async def put_grant(self, grant: GivenRight, note: Note) -> bool | None:
        self._fail()
        held = {each.name: each for each in self.given.grants}
        before = held.get(grant.name)
        if before is not None and before.right.namespaces != grant.right.namespaces:
            return None
        await self._note(note)
        held[grant.name] = grant
        self._change(grants=tuple(held[name] for name in sorted(held)))
        return before is None

    async def remove_grant(self, grant: GivenRight, note: Note) -> bool:
        self._fail()
        left = tuple(
            each
            for each in self.given.grants
            if each.name != grant.name or each.right.namespaces != grant.right.namespaces
        )
        removed = len(left) < len(self.given.grants)
        if removed:
            await self._note(note)
        self._change(grants=left)
        return removed

    async def put_key(self, key: MachineKey, note: Note) -> None:
        self._fail()
        await self._note(note)
        self._change(keys=tuple(sorted((*self.given.keys, key), key=lambda each: each.id)))

    async def remove_key(self, id_: str, note: Note) -> bool:
        self._fail()
        left = tuple(each for each in self.given.keys if each.id != id_)
        removed = len(left) < len(self.given.keys)
        if removed:
            await self._note(note)
        self._change(keys=left)
        return removed

    async def _note(self, note: Note) -> None:
        canonical(note.members())
        await self.audit.note([(note, 0.0)])

    def _change(self, **members: Any) -> None:
        self.given = replace(self.given, position=self.given.position + 1, **members)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


class MemoryBuckets:
    """Shared token buckets in memory, at the time ``now`` (microseconds), which fail while there is a ``fault``."""

    def __init__(self) -> None:
        self.now = 0
        self.fault: Fault | None = None
        self.probes = 0
        self.taken: list[int] = []
        self.states: dict[str, State] = {}

    async def close(self) -> None: ...

    async def probe(self) -> None:
        self.probes += 1
        self._fail()

    async def take(self, buckets: Sequence[KeyedBucket], wanted: int) -> Grant:
        self._fail()
        states = [self._state(bucket) for bucket in buckets]
        pairs = list(zip(buckets, states, strict=True))
        wait = max(wait_microseconds(bucket.shape, state) for bucket, state in pairs)
        tokens = [max(1, state.level // bucket.shape.token // 10) for bucket, state in pairs]
        granted = 0 if wait else min(wanted, *tokens)
        for bucket, state in pairs:
            self.states[bucket.key] = debited(bucket.shape, state, granted)
        self.taken.append(granted)
        return Grant(granted, wait, tuple(self.states[bucket.key].level for bucket in buckets))

    def _fail(self) -> None:
        if self.fault is not None:
            raise BucketsUnavailableError(self.fault)

    def _state(self, bucket: KeyedBucket) -> State:
        state = self.states.get(bucket.key, filled(bucket.shape, self.now))
        return refilled(bucket.shape, state, self.now)


class MemoryAudit:
    """An audit trail of notes in memory; the errors in ``failures`` are raised by the next calls, in order."""

    def __init__(self) -> None:
        self.notes: list[tuple[Note, datetime]] = []
        self.records: list[tuple[dict[str, Any], Sealed]] = []
        self.heads: list[SignedHead] = []
        self.failures: list[Exception] = []
        self._known: set[UUID] = set()

    async def note(self, notes: Sequence[tuple[Note, float]]) -> None:
        self._fail()
        for note, age in notes:
            if note.note not in self._known:
                self._known.add(note.note)
                self.notes.append((note, datetime.now(UTC) - timedelta(seconds=age)))

    async def state(self) -> Trail:
        self._fail()
        now = datetime.now(UTC)
        oldest = min((at for _, at in self.notes), default=now)
        unanchored = self.records[len(self.heads) :]
        since = datetime.fromisoformat(unanchored[0][0]["at"]) if unanchored else now
        ages = [(now - moment).total_seconds() for moment in (oldest, since)]
        return Trail(len(self.records), *(max(age, 0.0) for age in ages))

    async def seal(self, most: int) -> int:
        self._fail()
        batch, self.notes = self.notes[:most], self.notes[most:]
        for note, at in sorted(batch, key=lambda item: item[1]):
            record = {**note.members(), "at": written(at)}
            before = bytes.fromhex(self.records[-1][1].link) if self.records else GENESIS
            link = next_link(before, record_hash(record)).hex()
            self.records.append((record, Sealed(len(self.records) + 1, canonical(record).decode(), link)))
        return len(batch)

    async def page(self, wanted: AuditFilter) -> SealedPage:
        self._fail()
        names = ("actor", "namespace", "kind", "outcome")
        found = tuple(
            sealed
            for record, sealed in self.records
            if sealed.sequence > wanted.after
            and all(getattr(wanted, name) in (None, record.get(name)) for name in names)
            and (wanted.since is None or record["at"] >= wanted.since)
            and (wanted.until is None or record["at"] < wanted.until)
        )
        return SealedPage(found[: wanted.limit], len(found) > wanted.limit, 1, GENESIS.hex())

    async def anchors(self, after: int, limit: int) -> Sequence[SignedHead]:
        self._fail()
        return [head for head in self.heads if head.sequence > after][:limit]

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


def _key(entry: Entry) -> str:
    return entry.key


def client_of(app: ASGIApp, **options: Any) -> httpx.AsyncClient:
    """A client of an application, who is signed in and may do everything unless the options have other headers."""
    options = {"headers": signed_in(), **options}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", **options)


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[None]:
    """Run the application's lifespan as a server does: in a task of its own."""
    received: asyncio.Queue[Message] = asyncio.Queue()
    sent: asyncio.Queue[Message] = asyncio.Queue()

    async def live() -> None:
        await app({"type": "lifespan", "state": {}}, received.get, sent.put)

    task = asyncio.create_task(live())
    await received.put({"type": "lifespan.startup"})
    started = await sent.get()
    assert started == {"type": "lifespan.startup.complete"}, started
    try:
        yield
    finally:
        await received.put({"type": "lifespan.shutdown"})
        await task
    assert sent.get_nowait() == {"type": "lifespan.shutdown.complete"}


class StatedMemory:
    """A memory reader whose figures a test states; it counts how often the worker was to be replaced."""

    def __init__(self) -> None:
        self.use: MemoryUse | None = MemoryUse(1, 100)
        self.private = 1
        self.replaced = 0
        self.given_back = 0

    def container(self) -> MemoryUse | None:
        return self.use

    def private_bytes(self) -> int:
        return self.private

    def give_back(self) -> None:
        self.given_back += 1

    def replace(self) -> None:
        self.replaced += 1
