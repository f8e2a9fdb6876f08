"""The contract of an entry store, on the fake and on PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import uuid4, uuid5

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_horizon import Horizon
from runtime.domain.entries import (
    Action,
    Basis,
    ChangeExpiredError,
    Edit,
    EditsRefusedError,
    EntryNotFoundError,
    IdReusedError,
    Json,
    LayerError,
    OtherHistoryError,
    PreconditionError,
    PreconditionFailedError,
    PreconditionRequiredError,
    RedefinedError,
    TooLargeError,
    Version,
)
from runtime.domain.identity import Right, Role
from runtime.domain.namespaces import EVERY_NAME, LARGEST_BYTES, covered
from runtime.domain.preconditions import Conditions, Tags, entity_tag
from runtime.environment import Address
from tests.runtime.changing import ANYTHING, NEW, at, change, edit, put
from tests.runtime.fakes import MemoryEntries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runtime.domain.entries import Change
    from runtime.ports.entries import EntryStore, Result
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["memory", "postgres"])
def address(request: pytest.FixtureRequest) -> Address | None:
    return Address(request.getfixturevalue("migrated_url")) if request.param == "postgres" else None


@pytest.fixture
async def store(address: Address | None, settings: Settings) -> AsyncIterator[EntryStore]:
    if address is None:
        yield MemoryEntries()
        return
    horizon = Horizon(3)
    store = PostgresEntries(address, None, settings.database, horizon)
    await store.open()
    now = time.monotonic()
    horizon.confirm(now, now, (await store.read("a", "k")).version, datetime.now(UTC))  # as the feed's heartbeat does
    yield store
    await store.close()


async def test_what_was_written_is_read(store: EntryStore) -> None:
    value = '{"limit":123456789012345678901234567890,"rate":1.10,"text":"ä\\n\\"","big":1E400}'
    made = await put(store, "payments", "limits", value)
    assert (made.action, made.version.revision) == (Action.CREATE, 1)
    found = await store.read("payments", "limits")
    assert found.entry is not None
    assert (found.entry.value, found.entry.version, found.entry.updated_at) == (value, made.version, made.at)
    assert (await store.read("payments", "other")).entry is None
    assert (await store.read("other", "limits")).entry is None


async def test_a_read_tells_the_revision_of_its_snapshot(store: EntryStore) -> None:
    assert (await store.read("a", "k")).version.revision == 0
    await put(store, "a", "k")
    made = await put(store, "b", "k")
    assert (await store.read("a", "k")).version == made.version
    assert (await store.scan("a", "", 10)).version == made.version
    assert (await store.scan("nothing", "", 10)).version == made.version


async def test_revisions_grow_over_all_namespaces_and_are_never_used_again(store: EntryStore) -> None:
    first = await put(store, "a", "k")
    second = await put(store, "b", "k")
    third = await put(store, "a", "k", "2", at(first.version))
    fourth = await put(store, "a", "k", None, at(third.version))
    fifth = await put(store, "a", "k", "3", NEW)
    assert [made.version.revision for made in (first, second, third, fourth, fifth)] == [1, 2, 3, 4, 5]
    assert [made.action.value for made in (first, third, fourth, fifth)] == ["create", "replace", "delete", "create"]


async def test_times_never_go_back(store: EntryStore) -> None:
    first = await put(store, "a", "k")
    second = await put(store, "a", "k", "2", ANYTHING)
    assert first.at <= second.at
    assert second.at.tzinfo is not None


async def test_a_change_is_judged_by_its_conditions(store: EntryStore) -> None:
    made = await put(store, "a", "k", "1", NEW)
    with pytest.raises(PreconditionRequiredError):
        await put(store, "a", "k", "2")
    with pytest.raises(PreconditionFailedError):
        await put(store, "a", "k", "2", NEW)
    with pytest.raises(PreconditionFailedError) as caught:
        await put(store, "a", "k", None, at(Version(made.version.epoch, 2)))
    assert caught.value.current == made.version
    with pytest.raises(PreconditionFailedError) as caught:
        await put(store, "a", "other", "2", ANYTHING)
    assert caught.value.current is None
    found = await store.read("a", "k")
    assert found.entry is not None
    assert (found.entry.value, found.version) == ("1", made.version)


async def test_a_tag_of_another_history_matches_nothing(store: EntryStore) -> None:
    made = await put(store, "a", "k")
    other = Version("ffffffff", made.version.revision)
    with pytest.raises(PreconditionFailedError):
        await put(store, "a", "k", "2", at(other))
    await put(store, "a", "k", "2", Conditions(at(made.version).if_match, Tags(frozenset({entity_tag(other)}))))


async def test_a_refused_change_uses_no_revision(store: EntryStore) -> None:
    with pytest.raises(PreconditionFailedError):
        await put(store, "a", "k", "1", ANYTHING)
    with pytest.raises(EntryNotFoundError):
        await put(store, "a", "k", None)
    assert (await put(store, "a", "k")).version.revision == 1


async def test_what_was_removed_is_gone(store: EntryStore) -> None:
    await put(store, "a", "k")
    await put(store, "a", "k", None, ANYTHING)
    assert (await store.read("a", "k")).entry is None
    with pytest.raises(EntryNotFoundError):
        await put(store, "a", "k", None)


async def test_changes_that_are_sent_together_are_judged_one_after_another(store: EntryStore) -> None:
    edits = [
        edit("a", "k", "1", NEW),
        edit("a", "k", "2", NEW),
        edit("a", "other", None),
        edit("a", "k", "3", ANYTHING),
        edit("b", "k", "4"),
    ]
    results = await store.change([change(each) for each in edits])
    assert [_told(result) for result in results] == [
        "create 1",
        "PreconditionFailedError 1",
        "EntryNotFoundError",
        "replace 2",
        "create 3",
    ]


async def test_edits_of_one_change_share_a_revision_or_none_is_made(store: EntryStore) -> None:
    (made,) = await store.change([change(edit("a", "j"), edit("a", "k"))])
    assert isinstance(made, tuple)
    assert [each.version.revision for each in made] == [1, 1]
    (refused,) = await store.change([change(edit("a", "j", "2", ANYTHING), edit("a", "k", "2", NEW))])
    assert _told(refused) == "1 PreconditionFailedError 1"
    found = await store.read("a", "j")
    assert found.entry is not None
    assert (found.entry.value, found.version.revision) == ("1", 1)
    assert (await put(store, "b", "k")).version.revision == 2


async def test_a_change_that_is_sent_again_is_made_once_and_answered_alike(store: EntryStore) -> None:
    for first in (
        change(edit("a", "k", "1.0", NEW), id_=uuid4()),
        change(edit("a", "k", "2", ANYTHING)),
        change(edit("a", "k", None, ANYTHING)),
    ):
        results = [*await store.change([first]), *await store.change([first]), *await store.change([first, first])]
        assert results == [results[0]] * 4
    assert (await store.read("a", "k")).version.revision == 3


@pytest.mark.parametrize("other", [edit("a", "k", "2"), edit("b", "k"), edit("a", "k", None, ANYTHING)])
async def test_an_id_stands_for_one_change(store: EntryStore, other: object) -> None:
    first = change(edit("a", "k"))
    await store.change([first])
    (result,) = await store.change([change(other, id_=first.id)])  # type: ignore[arg-type]  # a parameter
    assert isinstance(result, IdReusedError)
    assert (await store.read("a", "k")).version.revision == 1


async def test_of_one_id_at_once_one_change_is_made(store: EntryStore) -> None:
    repeated = change(edit("a", "k", "1", NEW))
    results = await asyncio.gather(*(store.change([repeated]) for _ in range(10)))
    assert {_told(result) for (result,) in results} == {"create 1"}


async def test_an_expired_change_is_not_made_and_holds_up_no_other(store: EntryStore) -> None:
    expired, made = await store.change([change(edit("a", "j"), seconds=-1), change(edit("a", "k"))])
    assert (type(expired), _told(made)) == (ChangeExpiredError, "create 1")
    assert (await store.read("a", "j")).entry is None


async def test_a_read_may_ask_for_a_revision(store: EntryStore) -> None:
    made = await put(store, "a", "k")
    assert (await store.read("a", "k", made.version)).version == made.version
    assert (await store.scan("a", "", 1, made.version)).version == made.version
    for other in (Version("ffffffff", 1), Version(made.version.epoch, 2)):
        with pytest.raises(OtherHistoryError):
            await store.read("a", "k", other)
        with pytest.raises(OtherHistoryError):
            await store.scan("a", "", 1, other)


async def test_pages_follow_each_other_in_key_order(store: EntryStore) -> None:
    keys = ["B", "_x", "a", "a-b", "a.b", "b"]
    for key in reversed(keys):
        await put(store, "a", key, f'"{key}"')
    await put(store, "b", "c")
    seen, after = [], ""
    for size in (2, 4):
        page = await store.scan("a", after, size)
        seen += [entry.key for entry in page.entries]
        assert page.next == (seen[-1] if len(seen) < len(keys) else None)
        after = page.next or ""
    assert seen == sorted(keys) == keys
    assert (await store.scan("a", "b", 10)).entries == ()
    assert (await store.scan("nothing", "", 10)).entries == ()


async def test_a_page_holds_the_keys_of_a_prefix(store: EntryStore) -> None:
    keys = ["a", "a.b", "a.b-c", "a.bc", "a.c", "b"]
    for key in keys:
        await put(store, "a", key)
    page = await store.scan("a", "", 2, None, "a.b")
    assert ([entry.key for entry in page.entries], page.next) == (["a.b", "a.b-c"], "a.b-c")
    page = await store.scan("a", "a.b-c", 2, None, "a.b")
    assert ([entry.key for entry in page.entries], page.next) == (["a.bc"], None)
    assert (await store.scan("a", "a.bc", 2, None, "a.b")).entries == ()
    assert (await store.scan("a", "", 2, None, "z")).entries == ()


async def test_every_refused_edit_of_a_change_is_told(store: EntryStore) -> None:
    await put(store, "a", "j")
    edits = [edit("a", "i"), edit("a", "j"), edit("a", "k", None), edit("a", "l", "1", ANYTHING)]
    (refused,) = await store.change([change(*edits)])
    assert _told(refused) == "1 PreconditionRequiredError 1, 2 EntryNotFoundError, 3 PreconditionFailedError"
    assert isinstance(refused, EditsRefusedError)
    assert [each.key for each in refused.refusals] == ["j", "k", "l"]
    assert (await store.read("a", "i")).version.revision == 1


async def test_an_id_stands_for_all_edits_of_its_change(store: EntryStore) -> None:
    first = change(edit("a", "i"), edit("a", "j"))
    await store.change([first])
    fewer, more = change(edit("a", "i"), id_=first.id), change(*first.edits, edit("a", "k"), id_=first.id)
    results = await store.change([fewer, more, first])
    assert [_told(result) for result in results] == ["IdReusedError", "IdReusedError", "create 1 create 1"]


async def test_a_trial_is_judged_as_the_change_would_be_and_makes_nothing(store: EntryStore) -> None:
    made = await put(store, "a", "k")
    edits = [edit("a", "j"), edit("a", "k", "2", at(made.version)), edit("a", "k", None), edit("a", "j", None)]
    trials = [replace(change(each), trial=True) for each in edits]
    told = [_told(result) for result in await store.change(trials)]
    assert told == ["create 1", "replace 1", "PreconditionRequiredError 1", "EntryNotFoundError"]
    assert (await store.scan("a", "", 10)).version == made.version
    assert [_told(result) for result in await store.change([change(each) for each in edits[:2]])] == [
        "create 2",
        "replace 3",
    ]


async def test_a_namespace_is_read_as_a_whole_at_the_version_of_its_last_change(store: EntryStore) -> None:
    empty = await store.whole("a")
    assert (empty.entries, empty.version.revision, empty.defined) == ((), 0, False)
    first, second = await put(store, "a", "k"), await put(store, "a", "j", "2")
    other = await put(store, "b", "k")
    whole = await store.whole("a")
    assert [(entry.key, entry.value, entry.version) for entry in whole.entries] == [
        ("j", "2", second.version),
        ("k", "1", first.version),
    ]
    assert (whole.version, whole.snapshot) == (second.version, other.version)
    removed = await put(store, "a", "j", None, ANYTHING)
    whole = await store.whole("a", removed.version)
    assert ([entry.key for entry in whole.entries], whole.version) == (["k"], removed.version)
    with pytest.raises(OtherHistoryError):
        await store.whole("a", Version("ffffffff", 1))


async def test_a_namespace_that_is_too_large_is_not_read_as_a_whole(store: EntryStore) -> None:
    half = '"' + "x" * (LARGEST_BYTES // 2 - 2) + '"'
    await store.change([change(edit("a", "j", half), edit("a", "k", half))])
    assert len((await store.whole("a")).entries) == 2
    await put(store, "a", "l")
    with pytest.raises(
        TooLargeError, match=r"^the namespace a has more than 10000 entries, or 4194304 bytes of values"
    ):
        await store.whole("a")


async def test_a_change_is_made_under_the_versions_that_it_was_prepared_under(store: EntryStore) -> None:
    undefined = Basis(definition="")
    (made,) = await store.change([replace(change(edit("a", "k")), basis=undefined)])
    assert _told(made) == "create 1"
    await put(store, "a", "", "{}")
    defined, current = (await store.whole("a")).defined, (await store.whole("a")).version
    assert (defined, current.revision) == (True, 2)
    assert [entry.key for entry in (await store.scan("a", "", 10)).entries] == ["k"]
    (refused,) = await store.change([replace(change(edit("a", "j")), basis=undefined)])
    assert isinstance(refused, RedefinedError)
    assert refused.version == current
    (made,) = await store.change([replace(change(edit("a", "j")), basis=Basis(str(current), current))])
    assert _told(made) == "create 3"
    for other in (Basis(str(current), current), Basis(namespace=Version("ffffffff", 3))):
        (refused,) = await store.change([replace(change(edit("a", "i"), edit("a", "h")), basis=other)])
        assert _told(refused) == "NamespaceMovedError 3"


def defined(namespace: str, **members: object) -> Edit:
    return edit(namespace, "", json.dumps({"owner": "me"} | members), None)


def redefined(namespace: str, **members: object) -> Edit:
    return replace(defined(namespace, **members), conditions=ANYTHING)


async def test_layers_have_no_cycle_a_bounded_depth_and_parents_that_exist(store: EntryStore) -> None:
    chain = [defined("n0"), *(defined(f"n{n}", parent=f"n{n - 1}") for n in range(1, 8))]
    results = await store.change([change(each) for each in chain])
    assert [type(result) for result in results] == [tuple] * 8
    refused = {
        "there would be more than 8 layers": [defined("n8", parent="n7"), redefined("n0", parent="other")],
        "the parent inherits from the namespace itself": [
            redefined("n0", parent="n7"),
            redefined("n3", parent="n3"),
            redefined("n3", parent="n5"),
        ],
        "the parent is a namespace without a definition": [defined("m", parent="none")],
        "other namespaces inherit from this one": [edit("n0", "", None, ANYTHING)],
    }
    await put(store, "other", "", '{"owner": "me"}')
    await put(store, "n0", "k")
    for message, edits in refused.items():
        for each in edits:
            for change_ in (change(each), change(edit(each.namespace, "k", None, ANYTHING), each)):
                (result,) = await store.change([change_])
                assert isinstance(result, LayerError)
                assert str(result) == message
    (result,) = await store.change([change(edit("n7", "", None, ANYTHING))])
    assert isinstance(result, tuple)
    (result,) = await store.change([change(redefined("n0", parent="other"))])
    assert isinstance(result, tuple)


async def test_layers_are_read_in_one_snapshot(store: EntryStore) -> None:
    await store.change([change(defined("base")), change(defined("service", parent="base"))])
    for namespace, key in (("base", "a"), ("base", "b"), ("service", "b"), ("other", "a")):
        await put(store, namespace, key, f'"{namespace}"')
    layers = await store.layers("service", actors=True)
    assert (layers.namespaces, layers.defined) == (("service", "base"), True)
    assert [[(each.entry.namespace, each.entry.key, each.actor) for each in found] for found in layers.values] == [
        [("base", "a", "anonymous")],
        [("service", "b", "anonymous"), ("base", "b", "anonymous")],
    ]
    assert (layers.version.revision, layers.snapshot.revision) == (5, 6)
    assert {each.actor for found in (await store.layers("service")).values for each in found} == {None}
    nothing = await store.layers("nothing")
    assert (nothing.namespaces, nothing.values, nothing.defined) == (("nothing",), (), False)


async def test_namespaces_are_listed_by_name_and_label(store: EntryStore) -> None:
    await put(store, "b", "k")
    await store.change([change(defined("a", labels={"x": "1"})), change(defined("c", labels={"x": "1", "y": "2"}))])
    page = await store.namespaces(EVERY_NAME, "", 10, {})
    assert [(each.namespace, each.version and each.version.revision) for each in page.found] == [
        ("a", 2),
        ("b", None),
        ("c", 3),
    ]
    assert (page.next, page.version.revision, json.loads(page.found[0].members or "")) == (
        None,
        3,
        {"owner": "me", "description": None, "labels": {"x": "1"}, "parent": None},
    )
    for limit, labels, names, after in (
        (2, {}, ["a", "b"], "b"),
        (1, {"x": "1"}, ["a"], "a"),
        (9, {"y": "2"}, ["c"], None),
    ):
        page = await store.namespaces(EVERY_NAME, "", limit, labels)
        assert ([each.namespace for each in page.found], page.next) == (names, after)
    assert (await store.namespaces(EVERY_NAME, "c", 10, {})).found == ()


@given(
    st.lists(st.text("ab-", min_size=1, max_size=3), max_size=6, unique=True),
    st.lists(st.text("ab-", min_size=1, max_size=2).flatmap(lambda it: st.sampled_from([it, f"{it}*"])), max_size=4),
)
def test_names_are_covered_as_rights_cover_them(names: list[str], patterns: list[str]) -> None:
    spans = covered(patterns)
    assert all(left.last < right.first for left, right in pairwise(spans))
    rights = [Right(Role.READER, pattern) for pattern in patterns]
    for name in names:
        assert any(first <= name <= last for first, last in spans) == any(right.covers(name) for right in rights)


async def test_of_namespaces_those_with_certain_names_are_listed_and_no_other_name_is_told(store: EntryStore) -> None:
    for namespace in ("a", "pay", "pay-eu", "pay-us", "payments", "z"):
        await put(store, namespace, "k")
    names = covered(["pay-*", "z", "none"])
    page = await store.namespaces(names, "", 2, {})
    assert ([each.namespace for each in page.found], page.next) == (["pay-eu", "pay-us"], "pay-us")
    page = await store.namespaces(names, "pay-us", 2, {})
    assert ([each.namespace for each in page.found], page.next) == (["z"], None)
    assert (await store.namespaces((), "", 2, {})).found == ()


async def test_of_many_creators_one_wins(store: EntryStore) -> None:
    results = await asyncio.gather(*(store.change([change(edit("a", "k", str(n), NEW))]) for n in range(20)))
    told = sorted(_told(result) for (result,) in results)
    assert told == ["PreconditionFailedError 1"] * 19 + ["create 1"]


async def test_no_increment_of_many_writers_is_lost(store: EntryStore) -> None:
    await put(store, "a", "counter", "0", NEW)

    async def increment() -> None:
        while True:
            entry = (await store.read("a", "counter")).entry
            assert entry is not None
            try:
                await put(store, "a", "counter", str(int(entry.value) + 1), at(entry.version))
            except PreconditionFailedError:
                continue
            return

    await asyncio.gather(*(increment() for _ in range(20)))
    entry = (await store.read("a", "counter")).entry
    assert entry is not None
    assert (entry.value, entry.version.revision) == ("20", 21)


TAGS = st.one_of(
    st.none(),
    st.just(Tags(anything=True)),
    st.builds(
        Tags,
        strong=st.frozensets(st.sampled_from(["now 1", "now 2", "now 3", "other 1", "odd"]), max_size=3),
        weak=st.frozensets(st.sampled_from(["now 1", "now 2"]), max_size=2),
    ),
)
EDITS = st.tuples(st.sampled_from("ijk"), st.sampled_from([None, "1", "2.0"]), TAGS, TAGS)
GROUP = st.lists(EDITS, min_size=1, max_size=3, unique_by=lambda each: each[0])


@given(st.lists(st.tuples(GROUP, st.booleans()), min_size=1, max_size=8))
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_postgresql_judges_as_the_domain_does(
    migrated_url: str,
    settings: Settings,
    groups: list[tuple[list[tuple[str, str | None, Tags | None, Tags | None]], bool]],
) -> None:
    real = PostgresEntries(Address(migrated_url), None, settings.database, Horizon(3))
    await real.open()
    try:
        start = (await real.read("n", "j")).version
        namespace = f"n{uuid4().hex[:12]}"  # each example has a namespace of its own
        fake = MemoryEntries()
        fake.version = start
        changes = [
            replace(
                change(
                    *(edit(namespace, key, value, _conditions(start, match, none)) for key, value, match, none in each)
                ),
                trial=trial,
            )
            for each, trial in groups
        ]
        expected = await fake.change(changes)
        assert [_told(result) for result in await real.change(changes)] == [_told(result) for result in expected]
    finally:
        await real.close()


def _conditions(start: Version, match: Tags | None, none: Tags | None) -> Conditions:
    """Replace the placeholders by tags of the revisions that the changes of the example get."""

    def tag(text: str) -> str:
        word, _, number = text.partition(" ")
        epoch = {"now": start.epoch, "other": "ffffffff"}.get(word, "odd")
        return entity_tag(Version(epoch, start.revision + int(number or 0)))

    def tags(found: Tags | None) -> Tags | None:
        if found is None or found.anything:
            return found
        return Tags(frozenset(map(tag, found.strong)), frozenset(map(tag, found.weak)))

    return Conditions(tags(match), tags(none))


def _told(result: Result) -> str:
    if isinstance(result, tuple):
        return " ".join(f"{made.action} {made.version.revision}" for made in result)
    if isinstance(result, EditsRefusedError):
        return ", ".join(f"{each.index} {_told(each.error)}" for each in result.refusals)
    current = result.current if isinstance(result, PreconditionError) else None
    return type(result).__name__ + ("" if current is None else f" {current.revision}")


@pytest.mark.parametrize("seed", range(4))
async def test_changes_of_a_group_have_the_outcomes_of_the_same_changes_one_by_one(
    store: EntryStore, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - no secret
    for number in range(25):
        drawn = _drawn(draw)
        together, alone = ([_named(each, f"{kind}{number}-") for each in drawn] for kind in "ga")
        grouped = await store.change(together)
        single = [result for each in alone for result in await store.change([each])]
        assert [_outcome(result) for result in grouped] == [_outcome(result) for result in single]
        for namespace, key in sorted({(made.namespace, made.key) for each in drawn for made in each.edits}):
            found = [(await store.read(f"{kind}{number}-{namespace}", key)).entry for kind in "ga"]
            values = [None if entry is None else entry.value.replace(f"a{number}-", f"g{number}-") for entry in found]
            assert values[0] == values[1]


def _drawn(draw: random.Random) -> list[Change]:
    """Return changes of a few names, some of which meet: of keys, of definitions with parents, and of the same id."""
    definitions = draw.random() < 0.4
    names = [(namespace, key) for namespace in "xyz" for key in "abcdefgh"]
    names = draw.sample(names, draw.choice((4, 24)))
    changes: list[Change] = []
    for _ in range(draw.randint(1, 8)):
        if definitions and draw.random() < 0.4:
            parent = draw.choice(("", ', "parent": "x"', ', "parent": "y"', ', "parent": "z"'))
            value = draw.choice((None, f'{{"owner": "me"{parent}}}'))
            edits = [edit(draw.choice("xyz"), "", value, draw.choice((ANYTHING, NEW)))]
        else:
            chosen = draw.sample(names, draw.choice((1, 1, 1, 2, 3)))
            edits = [edit(*name, draw.choice((None, "1", "2")), draw.choice((ANYTHING, NEW, None))) for name in chosen]
        made = change(*edits)
        basis = Basis(draw.choice((None, None, "", "ffffffff-1")))
        made = replace(made, basis=basis, trial=draw.random() < 0.15)
        changes.append(draw.choice(changes) if changes and draw.random() < 0.1 else made)
    return changes


def _named(made: Change, prefix: str) -> Change:
    """Return a change with another id in other namespaces."""
    edits = tuple(
        replace(
            each,
            namespace=prefix + each.namespace,
            value=each.value and Json(each.value.replace('"parent": "', f'"parent": "{prefix}')),
        )
        for each in made.edits
    )
    return replace(made, id=uuid5(made.id, prefix), edits=edits)


def _outcome(result: Result) -> object:
    """Return the actions of a change that was made, or the errors of one that was refused."""
    if isinstance(result, EditsRefusedError):
        return [(each.index, type(each.error)) for each in result.refusals]
    return type(result) if isinstance(result, Exception) else [each.action for each in result]
