"""Random interleavings of proposals, approvals and direct changes, over two workers, and what holds after each."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_access import PostgresAccess
from runtime.adapters.postgres_audit import PostgresAudit
from runtime.adapters.postgres_deliveries import PostgresDeliveries
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.postgres_notifications import PostgresNotifications
from runtime.adapters.postgres_proposals import PostgresProposals
from runtime.app import Adapters, create_app
from runtime.domain.entries import PreconditionError, Version
from runtime.domain.preconditions import Conditions, Tags, permit_change
from runtime.domain.proposals import Proposal, State, Vote
from runtime.environment import Address
from runtime.services.definitions import Judged
from runtime.services.draining import Draining
from runtime.telemetry import Telemetry
from tests.identity import MemoryKeys, signed_in
from tests.runtime.fakes import (
    MemoryAccess,
    MemoryAudit,
    MemoryBuckets,
    MemoryChanges,
    MemoryEntries,
    StatedMemory,
    client_of,
    running,
)
from tests.runtime.memory_deliveries import MemoryDeliveries
from tests.runtime.memory_notifications import MemoryNotifications
from tests.runtime.memory_proposals import MemoryProposals

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from uuid import UUID

    import httpx

    from runtime.domain.entries import Change
    from runtime.ports.access import ProposalStore
    from runtime.ports.entries import EntryStore, Result
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
NAMESPACE = "payments"
WHOLE = f"/v1/namespaces/{NAMESPACE}"
PEOPLE = ("ada", "bob", "cid", "dan")
KEYS = ("a", "b", "c")
_OTHERS = {f"local:{name}": {f"local:{each}" for each in PEOPLE if each != name} for name in PEOPLE}
BUSY = 503
"""The answer of a worker whose namespace changed under it again and again."""


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["throttling"] |= {"client": None, "endpoint": None}
    return document


class Drive:
    """Random steps of people over the clients of two workers."""

    def __init__(self, clients: tuple[httpx.AsyncClient, httpx.AsyncClient], seed: int) -> None:
        self._clients = clients
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._proposed: list[str] = []
        self.direct = 0
        """The direct changes that were answered as made."""
        self._headers = {name: signed_in(f"administrator@{NAMESPACE}", subject=name) for name in PEOPLE}

    async def steps(self, rounds: int) -> None:
        """Take some rounds of steps; those of a round are under way at the same time."""
        for _ in range(rounds):
            await asyncio.gather(*(self._step() for _ in range(self._random.randint(1, 4))))

    async def _step(self) -> None:
        chance = self._random.random()
        if chance < 0.3 or not self._proposed:
            await self._propose()
        elif chance < 0.8:
            recent = self._random.choice(self._proposed[-4:])
            await self._sent("POST", f"{WHOLE}/proposals/{recent}/approve")
        elif chance < 0.85:
            step = self._random.choice(("reject", "withdraw"))
            await self._sent("POST", f"{WHOLE}/proposals/{self._random.choice(self._proposed)}/{step}")
        else:
            await self._change()

    async def _propose(self) -> None:
        if self._random.random() < 0.3:
            tag = await self._tag(f"{WHOLE}/definition")
            definition = {"owner": "me", "approvals": self._random.randint(0, 2)}
            body: dict[str, Any] = {"definition": definition, "if_match": tag}
        else:
            keys = self._random.sample(KEYS, self._random.randint(1, 2))
            body = {"edits": [{"key": key, **self._value(), "if_match": await self._entry(key)} for key in keys]}
        response = await self._sent("POST", f"{WHOLE}/proposals", json=body)
        if response.status_code == 201:
            self._proposed.append(response.json()["id"])

    async def _change(self) -> None:
        """Change an entry, or the definition, without a proposal."""
        if self._random.random() < 0.3:
            tag = await self._tag(f"{WHOLE}/definition")
            body = {"owner": "me", "approvals": self._random.randint(0, 2)}
            response = await self._sent("PUT", f"{WHOLE}/definition", json=body, headers=_matching(tag))
        else:
            key = self._random.choice(KEYS)
            tag = await self._entry(key)
            url, body = f"{WHOLE}/entries/{key}", {"value": self._random.randint(0, 9)}
            response = await self._sent("PUT", url, json=body, headers=_matching(tag))
        self.direct += response.is_success

    def _value(self) -> dict[str, Any]:
        return {"value": self._random.randint(0, 9)} if self._random.random() < 0.8 else {"remove": True}

    async def _entry(self, key: str) -> str | None:
        return await self._tag(f"{WHOLE}/entries/{key}")

    async def _tag(self, url: str) -> str | None:
        tag: str | None = (await self._sent("GET", url)).headers.get("etag")
        return tag

    async def _sent(self, method: str, url: str, **members: Any) -> httpx.Response:
        headers = {**self._headers[self._random.choice(PEOPLE)], **members.pop("headers", {})}
        response = await self._random.choice(self._clients).request(method, url, headers=headers, **members)
        assert response.status_code < 500 or response.status_code == BUSY, response.text
        return response


def _matching(tag: str | None) -> dict[str, str]:
    return {} if tag is None else {"if-match": tag}


async def check(entries: EntryStore, proposals: ProposalStore, direct: int) -> int:
    """Assert what holds after any history, and return how many proposals were made.

    Each change is that of one proposal, which as many others had approved as the definition before it asks for, and
    which replaced what it named; or it was made while that definition asked for none.
    """
    versions: dict[Version, set[str]] = {}
    before = None
    while True:
        page = await entries.history.changes(NAMESPACE, before, 50)
        versions |= {change.version: {edit.key for edit in change.edits} for change in page.changes}
        before = page.next
        if before is None:
            break
    made: dict[Version, Proposal] = {}
    for each in await proposals.page(NAMESPACE, None, None, 1000):
        change = await entries.history.made(each.id, NAMESPACE)
        assert (change is not None) == (each.state is State.MADE), each
        if change is not None:
            found = await proposals.find(NAMESPACE, each.id)
            assert found is not None
            assert found.version == change.version
            assert change.version not in made
            assert {edit.key for edit in change.edits} == {edit.key for edit in found.edits}
            made[change.version] = found
    first = min(versions, key=lambda version: version.revision)
    assert len(versions) == len(made) + direct + (first not in made), "each change is answered for once"
    for version in versions.keys() - {first}:
        earlier = Version(version.epoch, version.revision - 1)
        proposal = made.get(version)
        keys = ["", *(() if proposal is None else (edit.key for edit in proposal.edits))]
        definition, *replaced = (await entries.history.read(NAMESPACE, keys, earlier)).entries
        needed = 0 if definition is None else json.loads(definition.value).get("approvals", 0)
        if proposal is None:
            assert needed == 0, "a direct change was made although the definition asks for approvals"
            continue
        approvers = {each.approver for each in proposal.approvals} & _OTHERS[proposal.context.actor]
        assert len(approvers) >= max(1, needed), "a proposal was made with too few approvals of others"
        for edit, entry in zip(proposal.edits, replaced, strict=True):
            permit_change(edit.conditions, None if entry is None else entry.version)
    return len(made)


async def drive(adapters: tuple[Adapters, Adapters], settings: Settings, seed: int, rounds: int) -> int:
    """Drive two workers at random from a namespace that needs two approvals, and check what holds."""
    async with AsyncExitStack() as stack:
        apps = [create_app(settings, each) for each in adapters]
        for app in apps:
            await stack.enter_async_context(running(app))
        clients = [await stack.enter_async_context(client_of(app)) for app in apps]
        defined = await clients[0].put(f"{WHOLE}/definition", json={"owner": "me", "approvals": 2})
        assert defined.status_code == 201
        driven = Drive((clients[0], clients[1]), seed)
        await driven.steps(rounds)
        return await check(adapters[0].store, adapters[0].proposals, driven.direct)


def memory() -> tuple[Adapters, Adapters]:
    entries, audit = MemoryEntries(), MemoryAudit()
    access = MemoryAccess(audit)
    first = Adapters(
        store=entries,
        changes=MemoryChanges(entries),
        buckets=MemoryBuckets(),
        keys=MemoryKeys(),
        access=access,
        proposals=MemoryProposals(entries, access),
        queue=MemoryDeliveries(entries, audit),
        notifications=MemoryNotifications(audit),
        telemetry=Telemetry(),
        draining=Draining(),
        audit=audit,
        memory=StatedMemory(),
        replace=StatedMemory().replace,
    )
    return first, replace(first, changes=MemoryChanges(entries), telemetry=Telemetry())


@asynccontextmanager
async def postgres(url: str, settings: Settings) -> AsyncIterator[tuple[Adapters, Adapters]]:
    """Two workers, each with its own connections; what they remember is never followed, so that they always ask."""

    def worker() -> Adapters:
        horizon, telemetry = Horizon(3), Telemetry()
        store = PostgresEntries(Address(url), None, settings.database, horizon)
        unheard = MemoryChanges(MemoryEntries())
        unheard.away = True
        return Adapters(
            store=store,
            changes=unheard,
            buckets=MemoryBuckets(),
            keys=MemoryKeys(),
            access=PostgresAccess(store),
            proposals=PostgresProposals(store, horizon),
            queue=PostgresDeliveries(store, settings.database.pool_size),
            notifications=PostgresNotifications(store),
            telemetry=telemetry,
            draining=Draining(),
            audit=PostgresAudit(store),
            memory=StatedMemory(),
            replace=StatedMemory().replace,
        )

    yield worker(), worker()


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_made_without_enough_others_twice_or_over_what_was_not_approved(
    settings: Settings, seed: int
) -> None:
    assert await drive(memory(), settings, seed, 60) > 0


@pytest.mark.slow
async def test_nothing_is_made_without_enough_others_twice_or_over_what_was_not_approved_on_postgresql(
    settings: Settings, migrated_url: str
) -> None:
    async with postgres(migrated_url, settings) as adapters:
        assert await drive(adapters, settings, 1, 80) > 0


def _fewer(patch: pytest.MonkeyPatch) -> None:
    find = MemoryProposals.find

    async def counted(self: MemoryProposals, namespace: str, id_: UUID) -> Proposal | None:
        found = await find(self, namespace, id_)
        return replace(found, needed=1) if found is not None and found.decision is None else found

    patch.setattr(MemoryProposals, "find", counted)


def _own(patch: pytest.MonkeyPatch) -> None:
    approve = MemoryProposals.approve

    async def anybody(self: MemoryProposals, vote: Vote) -> Version | None:
        found = await self.find(vote.namespace, vote.id)
        assert found is not None
        if vote.identity.name == found.context.actor:
            vote = replace(vote, identity=replace(vote.identity, subject="somebody-else"))
        return await approve(self, vote)

    patch.setattr(MemoryProposals, "approve", anybody)


def _unconditional(patch: pytest.MonkeyPatch) -> None:
    change = MemoryEntries.change

    async def whatever(self: MemoryEntries, changes: Sequence[Change]) -> Sequence[Result]:
        anything = Conditions(Tags(anything=True))
        loose = [
            replace(
                each,
                edits=tuple(
                    replace(edit, conditions=anything if (NAMESPACE, edit.key) in self.entries else Conditions())
                    for edit in each.edits
                ),
            )
            for each in changes
        ]
        return await change(self, loose)

    patch.setattr(MemoryEntries, "change", whatever)


def _direct(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Judged, "require_direct", lambda _judged: None)


@pytest.mark.parametrize("defect", [_fewer, _own, _unconditional, _direct])
async def test_the_check_finds_a_defect(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, defect: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """Too few approvals, one's own, a dropped precondition, a direct change: some history shows each."""
    defect(monkeypatch)
    for seed in range(4):
        try:
            await drive(memory(), settings, seed, 60)
        except (AssertionError, PreconditionError):
            return
    raise AssertionError("no history shows the defect")
