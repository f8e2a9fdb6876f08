"""The contract of the store of proposals, for the fake and for PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid4

import asyncpg
import pytest

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_access import PostgresAccess
from runtime.adapters.postgres_audit import PostgresAudit
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.postgres_proposals import PostgresProposals
from runtime.domain.audit import ACCESS, EMERGENCY, PROPOSAL, Note
from runtime.domain.entries import Action, Basis, Context, IdReusedError, NamespaceMovedError, RedefinedError, Version
from runtime.domain.grants import Grant
from runtime.domain.history import KeyEdit
from runtime.domain.identity import Identity, Kind, Right, Role
from runtime.domain.proposals import (
    LIFETIME,
    MOST_OPEN,
    DecisionBarredError,
    Fault,
    NewProposal,
    Proposal,
    ProposalClosedError,
    ProposalNotFoundError,
    ProposalRefusedError,
    ProposalsFullError,
    State,
    Vote,
)
from runtime.environment import Address
from runtime.maintenance.events import keep_events
from runtime.ports.audit import AuditFilter
from runtime.ports.availability import OutcomeUnknownError
from tests.runtime.changing import ANYTHING, NEW, at, edit, put
from tests.runtime.fakes import MemoryAccess, MemoryAudit, MemoryEntries
from tests.runtime.forwarder import forwarding
from tests.runtime.memory_proposals import MemoryProposals

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runtime.domain.entries import Edit
    from runtime.ports.access import AccessStore, ProposalStore
    from runtime.ports.audit import AuditTrail
    from runtime.ports.entries import EntryStore
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
PAYMENTS = "payments"


class Stores(NamedTuple):
    """The stores of one database."""

    proposals: ProposalStore
    entries: EntryStore
    access: AccessStore
    audit: AuditTrail


@asynccontextmanager
async def postgres_stores(url: str, settings: Settings) -> AsyncIterator[Stores]:
    horizon = Horizon(3)
    entries = PostgresEntries(Address(url), None, settings.database, horizon)
    await entries.open()
    try:
        yield Stores(PostgresProposals(entries, horizon), entries, PostgresAccess(entries), PostgresAudit(entries))
    finally:
        await entries.close()


def memory_stores() -> Stores:
    entries, audit = MemoryEntries(), MemoryAudit()
    access = MemoryAccess(audit)
    return Stores(MemoryProposals(entries, access), entries, access, audit)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "memory" else str(request.getfixturevalue("migrated_url"))


@pytest.fixture
async def stores(url: str | None, settings: Settings) -> AsyncIterator[Stores]:
    if url is None:
        yield memory_stores()
        return
    async with postgres_stores(url, settings) as real:
        yield real


def person(name: str) -> Identity:
    return Identity("people", name, Kind.PERSON, frozenset({"payments-approvers"}), (Right(Role.APPROVER, "*"),))


def note(actor: str = "people:ada") -> Note:
    return Note(PROPOSAL, "", actor, "10.0.0.1", "POST /v1/namespaces/{namespace}/proposals", namespace=PAYMENTS)


def later() -> float:
    return time.monotonic() + 60


async def propose(stores: Stores, *edits: Edit, id_: UUID | None = None, **members: Any) -> NewProposal:
    context = Context("people:ada", "request-1", "PAY-1", "10.0.0.1")
    proposal = NewProposal(id_ or uuid4(), edits or (edit(PAYMENTS, "k", "1.10", NEW),), context, **members)
    await stores.proposals.put(proposal, replace(note(), proposal=proposal.recorded), later())
    return proposal


async def approve(stores: Stores, proposal: NewProposal, by: str = "bob", **members: Any) -> Version | None:
    found = await stores.entries.read(PAYMENTS, "")
    basis = Basis(definition="" if found.entry is None else str(found.entry.version))
    noted = replace(note(f"people:{by}"), proposal=proposal.recorded)
    vote: dict[str, Any] = {"discounted": (), "emergency": None, "basis": basis, "faults": (), **members}
    notes = (replace(noted, note=uuid4()), replace(noted, note=uuid4()))
    return await stores.proposals.approve(
        Vote(proposal.id, proposal.namespace, person(by), "fine", deadline=later(), notes=notes, **vote)
    )


async def close(stores: Stores, proposal: NewProposal, by: str, state: State) -> None:
    noted = replace(note(f"people:{by}"), proposal=proposal.recorded)
    await stores.proposals.close(PAYMENTS, proposal.id, f"people:{by}", "why", state, noted, later())


async def found(stores: Stores, proposal: NewProposal) -> Proposal:
    kept = await stores.proposals.find(PAYMENTS, proposal.id)
    assert kept is not None
    return kept


async def define(stores: Stores, approvals: int) -> None:
    await put(stores.entries, PAYMENTS, "", json.dumps({"owner": "me", "approvals": approvals}), ANYTHING)


@pytest.fixture
async def two(stores: Stores) -> Stores:
    """The stores, where a change of the namespace needs two approvals."""
    await put(stores.entries, PAYMENTS, "", '{"owner":"me","approvals":2}')
    return stores


async def recorded(stores: Stores) -> list[tuple[str, str, dict[str, Any]]]:
    """Return outcome, actor and proposal of each record of a proposal."""
    while await stores.audit.seal(100):
        pass
    page = await stores.audit.page(AuditFilter(0, 100, kind=PROPOSAL))
    records = [json.loads(each.record) for each in page.records]
    return [(record["outcome"], record["actor"], record["proposal"]) for record in records]


async def test_the_last_approval_makes_the_change_in_the_name_of_the_proposer(two: Stores) -> None:
    proposal = await propose(two)
    assert await approve(two, proposal, "bob") is None
    assert (await two.entries.read(PAYMENTS, "k")).entry is None
    version = await approve(two, proposal, "cid")
    entry = (await two.entries.read(PAYMENTS, "k")).entry
    assert entry is not None
    assert (entry.value, entry.version) == ("1.10", version)
    made = await found(two, proposal)
    assert (made.state, made.version, made.needed) == (State.MADE, version, 2)
    assert [(each.approver, each.reason) for each in made.approvals] == [("people:bob", "fine"), ("people:cid", "fine")]
    assert made.approvals[0].identity == person("bob")
    assert made.decision is not None
    assert (made.decision.by, made.decision.reason, made.decision.emergency) == ("people:cid", "fine", None)
    change = await two.entries.history.made(proposal.id, PAYMENTS)
    assert change is not None
    assert change.context is not None
    assert (change.context.actor, change.context.request_id, change.context.reason, change.edits) == (
        "people:ada",
        "request-1",
        "PAY-1",
        (KeyEdit("k", Action.CREATE),),
    )


async def test_a_proposal_is_kept_as_it_was_proposed(two: Stores) -> None:
    edits = (edit(PAYMENTS, "a", "1.10", NEW), edit(PAYMENTS, "b", None, at(Version("0a1b2c3d", 7))))
    proposal = await propose(two, *edits, sponsor="people:eve")
    kept = await found(two, proposal)
    assert (kept.edits, kept.context, kept.sponsor) == (edits, proposal.context, "people:eve")
    assert (kept.state, kept.needed, kept.approvals, kept.decision) == (State.OPEN, 2, (), None)
    assert kept.expires_at - kept.proposed_at == LIFETIME
    assert await two.proposals.find("cards", proposal.id) is None


async def test_what_is_sent_again_is_done_once(two: Stores) -> None:
    proposal = await propose(two)
    assert await propose(two, id_=proposal.id) == proposal
    with pytest.raises(IdReusedError):
        await propose(two, edit(PAYMENTS, "other"), id_=proposal.id)
    assert [await approve(two, proposal, "bob") for _ in range(3)] == [None] * 3
    version = await approve(two, proposal, "cid")
    assert await approve(two, proposal, "cid") == await approve(two, proposal, "bob") == version
    assert (await two.entries.read(PAYMENTS, "k")).version == version
    assert [outcome for outcome, _, _ in await recorded(two)] == ["proposed", "approved", "approved", "made"]


async def test_approvals_at_the_same_time_make_the_change_once(two: Stores) -> None:
    for _ in range(5):
        proposal = await propose(two, edit(PAYMENTS, f"k{uuid4().hex[:8]}", "1", NEW))
        before = (await two.entries.read(PAYMENTS, "")).version.revision
        names = ("bob", "cid", "dan", "bob", "cid")
        results = await asyncio.gather(*(approve(two, proposal, name) for name in names), return_exceptions=True)
        assert {type(each) for each in results if isinstance(each, Exception)} <= {ProposalClosedError}
        assert (await two.entries.read(PAYMENTS, "")).version.revision == before + 1
        approvers = {each.approver for each in (await found(two, proposal)).approvals}
        assert len(approvers) == 2


async def test_nobody_decides_about_their_own_proposal_or_that_of_their_key(two: Stores) -> None:
    proposal = await propose(two, sponsor="people:eve")
    for name in ("ada", "eve"):
        with pytest.raises(DecisionBarredError, match="somebody else does"):
            await approve(two, proposal, name)
        with pytest.raises(DecisionBarredError, match="somebody else does"):
            await close(two, proposal, name, State.REJECTED)
    with pytest.raises(DecisionBarredError, match="by who proposed it"):
        await close(two, proposal, "bob", State.WITHDRAWN)
    assert (await found(two, proposal)).approvals == ()


async def test_an_approver_whose_right_was_taken_does_not_count(two: Stores) -> None:
    proposal = await propose(two)
    await approve(two, proposal, "bob")
    assert await approve(two, proposal, "cid", discounted=("people:bob",)) is None
    assert await approve(two, proposal, "dan", discounted=("people:bob",)) is not None
    assert (await recorded(two))[-1][2]["approvers"] == {"people:cid": "fine", "people:dan": "fine"}


async def test_the_number_of_approvals_is_the_one_in_force_when_the_change_is_made(two: Stores) -> None:
    proposal, other = await propose(two), await propose(two, edit(PAYMENTS, "other", "1", NEW))
    await approve(two, proposal, "bob")
    await define(two, 3)
    assert await approve(two, proposal, "cid") is None
    assert (await found(two, proposal)).needed == 3
    await define(two, 0)
    assert (await found(two, proposal)).needed == 1
    assert await approve(two, proposal, "bob") is not None, "an approver asks again, and one is enough by now"
    assert await approve(two, other, "bob") is not None


async def test_a_change_is_made_under_the_definition_that_judged_it_alone(two: Stores) -> None:
    proposal = await propose(two)
    await approve(two, proposal, "bob")
    with pytest.raises(RedefinedError):
        await approve(two, proposal, "cid", basis=Basis(definition=""))
    whole = await two.entries.whole(PAYMENTS)
    definition = (await two.entries.read(PAYMENTS, "")).entry
    assert definition is not None
    older = Version(whole.version.epoch, whole.version.revision - 1)
    for faults in ((), (Fault(0, "k", "(the whole): no"),)):
        with pytest.raises(NamespaceMovedError):
            await approve(two, proposal, "cid", basis=Basis(str(definition.version), namespace=older), faults=faults)
    kept = await found(two, proposal)
    assert ([each.approver for each in kept.approvals], kept.state) == (["people:bob"], State.OPEN)
    assert [outcome for outcome, _, _ in await recorded(two)] == ["proposed", "approved"]


async def test_a_change_of_what_was_replaced_meanwhile_is_refused_for_good(two: Stores) -> None:
    first = await put(two.entries, PAYMENTS, "a")
    proposal = await propose(
        two, edit(PAYMENTS, "a", "2", at(first.version)), edit(PAYMENTS, "b", "1", NEW), edit(PAYMENTS, "gone", None)
    )
    changed = await put(two.entries, PAYMENTS, "a", "3", ANYTHING)
    await approve(two, proposal, "bob")
    for name in ("cid", "cid", "bob", "dan"):
        with pytest.raises(ProposalRefusedError) as refused:
            await approve(two, proposal, name)
        assert refused.value.stale
        assert refused.value.faults == (
            Fault(0, "a", f"If-Match does not hold: the entry is at revision {changed.version.revision}", stale=True),
            Fault(2, "gone", "the namespace has no entry with this key", stale=True),
        )
    kept = await found(two, proposal)
    assert (kept.state, kept.version, kept.faults) == (State.REFUSED, None, refused.value.faults)
    assert (await two.entries.read(PAYMENTS, "b")).entry is None
    assert [outcome for outcome, _, _ in await recorded(two)] == ["proposed", "approved", "approved", "refused"]


async def test_a_change_of_a_single_entry_is_refused_as_one_of_several(two: Stores) -> None:
    proposal = await propose(two, edit(PAYMENTS, "k", "1", NEW))
    await put(two.entries, PAYMENTS, "k")
    await approve(two, proposal, "bob")
    with pytest.raises(ProposalRefusedError) as refused:
        await approve(two, proposal, "cid")
    assert [(fault.index, fault.key, fault.stale) for fault in refused.value.faults] == [(0, "k", True)]


async def test_a_change_that_a_schema_or_a_layer_refuses_says_so(two: Stores) -> None:
    faults = (Fault(0, "k", "/daily: it is no number"),)
    proposal = await propose(two)
    await approve(two, proposal, "bob", faults=faults)
    with pytest.raises(ProposalRefusedError) as refused:
        await approve(two, proposal, "cid", faults=faults)
    assert (refused.value.faults, refused.value.stale) == (faults, False)
    definition = (await two.entries.read(PAYMENTS, "")).entry
    assert definition is not None
    cyclic = edit(PAYMENTS, "", '{"owner":"me","parent":"none"}', at(definition.version))
    proposal = await propose(two, cyclic)
    await approve(two, proposal, "bob")
    with pytest.raises(ProposalRefusedError) as refused:
        await approve(two, proposal, "cid")
    assert refused.value.faults == (Fault(0, "", "the parent is a namespace without a definition"),)


async def test_a_change_of_a_namespace_that_was_removed_is_refused(two: Stores) -> None:
    proposal = await propose(two)
    await put(two.entries, PAYMENTS, "", None, ANYTHING)
    with pytest.raises(ProposalRefusedError) as refused:
        await approve(two, proposal, "bob")
    assert refused.value.faults == (Fault(0, "", "the namespace was removed, or its definition"),)


async def test_a_rejection_and_a_withdrawal_end_a_proposal(two: Stores) -> None:
    rejected, withdrawn = await propose(two), await propose(two)
    await approve(two, rejected, "cid")
    for _ in range(2):
        await close(two, rejected, "cid", State.REJECTED)
        await close(two, withdrawn, "ada", State.WITHDRAWN)
    for proposal, state, by in ((rejected, State.REJECTED, "people:cid"), (withdrawn, State.WITHDRAWN, "people:ada")):
        kept = await found(two, proposal)
        assert kept.decision is not None
        assert (kept.state, kept.decision.by, kept.decision.reason) == (state, by, "why")
        with pytest.raises(ProposalClosedError) as closed:
            await approve(two, proposal, "dan")
        assert closed.value.state is state
        with pytest.raises(ProposalClosedError):
            await close(two, proposal, "dan", State.REJECTED)
    steps = [(outcome, actor) for outcome, actor, _ in await recorded(two)]
    assert steps[2:] == [("approved", "people:cid"), ("rejected", "people:cid"), ("withdrawn", "people:ada")]
    missing = replace(rejected, id=uuid4())
    with pytest.raises(ProposalNotFoundError):
        await approve(two, missing)
    with pytest.raises(ProposalNotFoundError):
        await close(two, missing, "bob", State.REJECTED)


async def test_an_emergency_that_somebody_else_gave_makes_the_change_at_once(two: Stores) -> None:
    def grant(name: str, given_by: str) -> Grant:
        ends = datetime.now(UTC) + timedelta(hours=1)
        right = Right(Role.ADMINISTRATOR, PAYMENTS)
        return Grant(name, "people", "ada", None, right, "the site is down", given_by, ends, emergency=True)

    for given in (grant("by-bob", "people:bob"), grant("by-ada", "people:ada")):
        await two.access.put_grant(given, Note(ACCESS, EMERGENCY, given.given_by, "10.0.0.1", "PUT /v1/grants/{grant}"))
    proposal = await propose(two)
    for name in ("by-ada", "none"):
        with pytest.raises(DecisionBarredError, match="given by you"):
            await approve(two, proposal, "ada", emergency=name)
    version = await approve(two, proposal, "ada", emergency="by-bob")
    assert version == await approve(two, proposal, "ada", emergency="by-bob")
    kept = await found(two, proposal)
    assert kept.decision is not None
    assert (kept.state, kept.approvals, kept.decision.emergency) == (State.MADE, (), "by-bob")
    assert (await recorded(two))[1:] == [
        (
            "emergency",
            "people:ada",
            {**proposal.recorded, "needed": 2, "grant": "by-bob", "revision": version.revision if version else 0},
        )
    ]


async def test_every_step_is_recorded_with_what_was_proposed_and_without_its_values(two: Stores) -> None:
    proposal = await propose(two)
    await approve(two, proposal, "bob")
    version = await approve(two, proposal, "cid")
    assert version is not None
    about = {"id": str(proposal.id), "proposer": "people:ada", "sha256": proposal.digest}
    approvers = {"people:bob": "fine", "people:cid": "fine"}
    assert await recorded(two) == [
        ("proposed", "people:ada", about),
        ("approved", "people:bob", about),
        ("approved", "people:cid", about),
        ("made", "people:cid", {**about, "needed": 2, "approvers": approvers, "revision": version.revision}),
    ]


async def test_a_proposal_is_not_kept_where_it_cannot_be_recorded(two: Stores) -> None:
    proposal = NewProposal(uuid4(), (edit(PAYMENTS, "k"),), Context())
    with pytest.raises(ValueError, match="a record holds"):
        await two.proposals.put(proposal, replace(note(), further=2**60), later())


async def test_a_namespace_has_a_bounded_number_of_open_proposals(two: Stores) -> None:
    proposals = [await propose(two) for _ in range(MOST_OPEN)]
    with pytest.raises(ProposalsFullError):
        await propose(two)
    assert await propose(two, id_=proposals[0].id) == proposals[0], "one that is kept can be sent again"
    await close(two, proposals[0], "ada", State.WITHDRAWN)
    last = await propose(two)
    page = await two.proposals.page(PAYMENTS, None, None, 2)
    assert [each.id for each in page] == [last.id, proposals[-1].id]
    following = await two.proposals.page(PAYMENTS, None, page[-1].number, 2)
    assert [each.id for each in following] == [proposals[-2].id, proposals[-3].id]
    assert [each.id for each in await two.proposals.page(PAYMENTS, State.WITHDRAWN, None, 9)] == [proposals[0].id]
    assert len(await two.proposals.page(PAYMENTS, State.OPEN, None, 1000)) == MOST_OPEN
    assert await two.proposals.page("cards", None, None, 9) == []


@pytest.mark.slow
async def test_a_proposal_that_expired_is_over_and_is_dropped_after_the_retention(
    migrated_url: str, owner_url: str, owner: asyncpg.Connection, settings: Settings
) -> None:
    async with postgres_stores(migrated_url, settings) as real:
        proposal, kept = await propose(real), await propose(real)
        days = settings.database.events_retention_days
        await owner.execute(
            "UPDATE proposals SET expires_at = now() - make_interval(days => $1) WHERE id = $2", days, proposal.id
        )
        assert (await found(real, proposal)).state is State.EXPIRED
        assert [each.id for each in await real.proposals.page(PAYMENTS, State.EXPIRED, None, 9)] == [proposal.id]
        assert [each.id for each in await real.proposals.page(PAYMENTS, State.OPEN, None, 9)] == [kept.id]
        with pytest.raises(ProposalClosedError) as closed:
            await approve(real, proposal)
        assert closed.value.state is State.EXPIRED
        with pytest.raises(ProposalClosedError):
            await close(real, proposal, "bob", State.REJECTED)
        await keep_events(Address(owner_url), settings.database)
        assert [each.id for each in await real.proposals.page(PAYMENTS, None, None, 9)] == [kept.id]
        for table in ("proposal_edits", "proposal_approvals"):
            count = await owner.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - a name of this test
            assert count == (table == "proposal_edits")


async def test_a_proposal_that_expired_in_the_fake_is_over_too() -> None:
    stores = memory_stores()
    proposal = await propose(stores)
    assert isinstance(stores.proposals, MemoryProposals)
    stores.proposals.expire(proposal.id)
    assert (await found(stores, proposal)).state is State.EXPIRED
    with pytest.raises(ProposalClosedError):
        await approve(stores, proposal)


@pytest.mark.slow
async def test_a_change_whose_answer_was_lost_after_its_commit_is_told_of_when_it_is_sent_again(
    migrated_url: str, owner: asyncpg.Connection, settings: Settings
) -> None:
    async with forwarding(migrated_url) as way, postgres_stores(way.url, settings) as real:
        proposal = await propose(real)
        await real.entries.read(PAYMENTS, "k")
        way.delay_seconds = 0.3
        running = asyncio.create_task(approve(real, proposal))
        while not await owner.fetchval("SELECT EXISTS (SELECT FROM proposals WHERE state = 'made')"):
            await asyncio.sleep(0.01)
        await way.sever()
        with pytest.raises(OutcomeUnknownError):
            await running
        way.delay_seconds = 0.0
        version = await approve(real, proposal)
        assert version == (await found(real, proposal)).version
        assert await owner.fetchval("SELECT count(*) FROM events") == 1
        assert [outcome for outcome, _, _ in await recorded(real)] == ["proposed", "approved", "made"]


@pytest.mark.slow
async def test_the_serving_role_changes_proposals_by_the_functions_alone(migrated_url: str) -> None:
    connection = await asyncpg.connect(migrated_url)
    try:
        for statement in (
            "DELETE FROM proposals",
            "UPDATE proposals SET state = 'made'",
            "DELETE FROM proposal_approvals",
            "SELECT note_proposal(gen_random_uuid(), '{}', 'made')",
            "SELECT drop_expired_proposals('1 day')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
