"""What a worker keeps in memory: how much of it, for how long, and what it forgets."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from runtime.domain.entries import Entry, Json, Version
from runtime.http.representations import represent
from runtime.services import cache as module
from runtime.services.cache import EXPIRY_SECONDS, HELD_BYTES, STALE_SECONDS, Cache, Held

EPOCH = "0a1b2c3d"
ROOM = HELD_BYTES + 100
"""What a text of 98 bytes takes under a name of two letters."""


@dataclass(frozen=True, slots=True)
class Text:
    """A value of known size."""

    text: str

    @property
    def bytes(self) -> int:
        return len(self.text)


TEXT = Text("x" * 98)
START = 100.0
PRESENT = Held(TEXT, START)
ABSENT: Held[Text] = Held(None, START)


def at(revision: int, epoch: str = EPOCH) -> Version:
    return Version(epoch, revision)


@dataclass
class Clock:
    """The monotonic clock, which only a test moves."""

    now: float = START

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def cache(clock: Clock) -> Cache[Text]:
    """Room for three texts, at revision 10."""
    cache: Cache[Text] = Cache(3 * ROOM)
    cache.begin(at(10))
    cache.confirm(clock.now)
    return cache


def fill(cache: Cache[Text], key: str, held: Held[Text], revision: int = 10) -> None:
    """Read the key in a snapshot at the revision."""
    with cache.filling(("n", key)) as filling:
        filling.keep(held, at(revision))


def keys(cache: Cache[Text], candidates: str = "abcdefg") -> str:
    """Return those of the keys that are held, and leave the counts of hits and misses behind."""
    return "".join(key for key in candidates if cache.get(("n", key)))


def test_what_was_found_is_held_also_that_there_is_nothing(cache: Cache[Text]) -> None:
    assert cache.get(("n", "a")) is None
    fill(cache, "a", PRESENT)
    fill(cache, "b", ABSENT)
    assert cache.get(("n", "a")) == PRESENT
    assert cache.get(("n", "b")) == ABSENT
    contents = cache.contents()
    assert (contents.hits, contents.misses, contents.entries) == (2, 1, 2)
    assert contents.bytes == ROOM + HELD_BYTES + 2


def test_the_least_recently_read_goes_first_when_the_room_is_full(cache: Cache[Text]) -> None:
    for key in "abc":
        fill(cache, key, PRESENT)
    cache.get(("n", "a"))
    fill(cache, "d", PRESENT)
    assert keys(cache) == "acd"
    assert cache.contents().bytes == 3 * ROOM


def test_names_without_an_entry_take_room_too(cache: Cache[Text]) -> None:
    for number in range(1000):
        fill(cache, str(number), ABSENT)
    assert cache.contents().bytes <= 3 * ROOM


def test_what_is_larger_than_all_the_room_drives_nothing_out(cache: Cache[Text]) -> None:
    fill(cache, "a", PRESENT)
    fill(cache, "b", Held(Text("x" * 3 * ROOM), START))
    assert keys(cache) == "a"


def test_a_second_fill_of_a_name_replaces_the_first(cache: Cache[Text]) -> None:
    fill(cache, "a", PRESENT)
    fill(cache, "a", ABSENT)
    assert cache.get(("n", "a")) == ABSENT
    assert cache.contents().bytes == HELD_BYTES + 2


def test_a_change_outdates_what_is_held_and_nothing_else(cache: Cache[Text]) -> None:
    for key in "abc":
        fill(cache, key, PRESENT)
    cache.changed(10, 11, [("n", "a"), ("m", "b")])
    cache.changed(11, 13, [("n", "c")])
    assert keys(cache) == "b"
    assert (cache.version, cache.contents().bytes) == (at(13), ROOM)


def test_what_was_being_read_when_it_changed_is_not_kept(cache: Cache[Text]) -> None:
    with cache.filling(("n", "a")) as filling:
        cache.changed(10, 11, [("n", "a")])
        filling.keep(PRESENT, at(10))
    assert keys(cache) == ""


def test_what_was_being_read_when_another_key_changed_is_kept(cache: Cache[Text]) -> None:
    with cache.filling(("n", "a")) as filling:
        cache.changed(10, 11, [("n", "b")])
        filling.keep(PRESENT, at(10))
    assert keys(cache) == "a"


def test_of_two_reads_at_once_only_the_one_that_began_after_the_change_is_kept(cache: Cache[Text]) -> None:
    with cache.filling(("n", "a")) as late:
        cache.changed(10, 11, [("n", "a")])
        fill(cache, "a", ABSENT, 11)
        late.keep(PRESENT, at(10))
    assert cache.get(("n", "a")) == ABSENT


@pytest.mark.parametrize(
    ("snapshot", "kept"),
    [(at(9), ""), (at(10), "a"), (at(12), "a"), (at(10, "ffffffff"), ""), (at(99, "ffffffff"), "")],
)
def test_a_snapshot_that_is_older_than_the_feed_or_of_another_history_is_not_kept(
    cache: Cache[Text], snapshot: Version, kept: str
) -> None:
    with cache.filling(("n", "a")) as filling:
        filling.keep(PRESENT, snapshot)
    assert keys(cache) == kept


def test_a_read_that_fails_leaves_nothing(cache: Cache[Text]) -> None:
    with pytest.raises(ZeroDivisionError), cache.filling(("n", "a")) as filling:
        raise ZeroDivisionError
    assert (keys(cache), cache.is_pending(filling)) == ("", False)


def test_reads_of_a_name_are_pending_until_one_is_kept_or_something_outdates_them(cache: Cache[Text]) -> None:
    def pending() -> list[bool]:
        return [cache.is_pending(each) for each in (first, second)]

    with cache.filling(("n", "a")) as first, cache.filling(("n", "a")) as second:
        assert pending() == [True, True]
        cache.changed(10, 11, [("n", "a")])
        assert pending() == [False, False]
    with cache.filling(("n", "a")) as first, cache.filling(("n", "a")) as second:
        cache.lose()
        assert pending() == [False, False]
    cache.confirm(START)
    with cache.filling(("n", "a")) as first:
        with cache.filling(("n", "a")) as second:
            pass
        assert pending() == [True, False]
        with cache.filling(("n", "a")) as second:
            second.keep(PRESENT, at(11))
        assert pending() == [False, False]
    assert cache.get(("n", "a")) == PRESENT


def test_a_revision_that_is_missing_stays_missing_until_it_is_told(cache: Cache[Text]) -> None:
    fill(cache, "a", PRESENT)
    cache.changed(11, 12, [("n", "a")])
    assert (keys(cache), cache.version) == ("", at(10))
    cache.changed(10, 12, [("n", "a"), ("n", "b")])
    assert cache.version == at(12)


def test_a_change_that_is_told_twice_changes_nothing_the_second_time_but_what_is_held(cache: Cache[Text]) -> None:
    cache.changed(10, 12, [("n", "a")])
    fill(cache, "a", PRESENT, 12)
    cache.changed(10, 11, [("n", "a")])
    assert (keys(cache), cache.version) == ("", at(12))


def test_what_is_not_confirmed_in_time_is_not_used_until_it_is(cache: Cache[Text], clock: Clock) -> None:
    fill(cache, "a", PRESENT)
    clock.now += STALE_SECONDS
    assert (keys(cache), cache.contents().live) == ("", False)
    cache.confirm(clock.now)
    assert (keys(cache), cache.contents().live) == ("a", True)


def test_what_was_read_long_ago_is_read_again_in_case_that_it_changed_without_an_event(
    cache: Cache[Text], clock: Clock
) -> None:
    fill(cache, "a", PRESENT)
    clock.now += EXPIRY_SECONDS - 1
    cache.confirm(clock.now)
    assert keys(cache) == "a"
    clock.now += 1
    assert keys(cache) == ""
    fill(cache, "a", Held(TEXT, clock.now))
    assert keys(cache) == "a"


def test_another_history_begins_with_nothing(cache: Cache[Text], clock: Clock) -> None:
    fill(cache, "a", PRESENT)
    with cache.filling(("n", "b")) as filling:
        cache.begin(at(5, "ffffffff"))
        cache.confirm(clock.now)
        filling.keep(PRESENT, at(10))
    assert (keys(cache), cache.stale(("n", "a"))) == ("", None)
    assert (cache.version, cache.contents().bytes) == (at(5, "ffffffff"), 0)


def test_nothing_is_kept_while_no_change_is_heard(clock: Clock) -> None:
    cache: Cache[Text] = Cache(3 * ROOM)
    fill(cache, "a", PRESENT)
    with cache.filling(("n", "b")) as filling:
        cache.begin(at(10))
        cache.confirm(clock.now)
        filling.keep(PRESENT, at(10))
    fill(cache, "c", PRESENT)
    cache.lose()
    fill(cache, "d", PRESENT)
    cache.confirm(clock.now)
    assert keys(cache) == "c"


def test_what_was_held_when_the_feed_broke_is_stale_until_the_feed_has_caught_up(
    cache: Cache[Text], clock: Clock
) -> None:
    for key in "ab":
        fill(cache, key, PRESENT)
    cache.lose()
    clock.now += 7
    assert (keys(cache), cache.contents().live, cache.contents().age_seconds) == ("", False, 7)
    assert cache.stale(("n", "a")) == (PRESENT, 7)
    cache.changed(10, 11, [("n", "a")])
    cache.confirm(clock.now)
    assert (keys(cache), cache.stale(("n", "a"))) == ("b", None)
    assert cache.stale(("n", "b")) == (PRESENT, 0)


def test_the_age_of_what_is_stale_counts_from_the_last_confirmation_and_not_from_its_receipt(
    cache: Cache[Text], clock: Clock
) -> None:
    fill(cache, "a", PRESENT)
    asked_at = clock.now + 1
    clock.now += 2.5
    cache.confirm(asked_at)
    cache.lose()
    assert cache.stale(("n", "a")) == (PRESENT, 1.5)


def test_before_the_first_confirmation_there_is_nothing_stale_to_answer_with(clock: Clock) -> None:
    cache: Cache[Text] = Cache(3 * ROOM)
    cache.begin(at(10))
    fill(cache, "a", PRESENT)
    assert cache.contents().entries == 1
    assert (cache.stale(("n", "a")), cache.contents().age_seconds) == (None, None)
    cache.confirm(clock.now)
    assert keys(cache) == "a"


@pytest.mark.parametrize("value", ["1", '"' + "x" * 5000 + '"', '"' + "ä" * 5000 + '"'])
def test_the_bytes_that_are_counted_are_no_fewer_than_those_that_are_used(value: str) -> None:
    cache = Cache[module.Sized](10**9)
    cache.begin(at(0))
    gc.collect()
    tracemalloc.start()
    for number in range(2000):
        with cache.filling((f"namespace-{number}", f"key-{number}")) as filling:
            version = at(10**6 + number)
            entry = Entry(f"namespace-{number}", f"key-{number}", Json(value), version, datetime.now(UTC))
            filling.keep(Held(represent(entry), float(number)), version)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    counted = cache.contents().bytes
    assert used <= counted
    assert counted < used + 2000 * HELD_BYTES
