"""What a worker keeps in memory: how much of it, for how long, and what it forgets."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from runtime.domain.entries import Entry, Json
from runtime.http.representations import represent
from runtime.services import cache as module
from runtime.services.cache import HELD_BYTES, STALE_SECONDS, Cache, Held

ROOM = HELD_BYTES + 100
"""What a text of 98 bytes takes under a name of two letters."""


@dataclass(frozen=True, slots=True)
class Text:
    """A value of known size."""

    text: str

    @property
    def bytes(self) -> int:
        return len(self.text)


@dataclass
class Clock:
    """The monotonic clock, which only a test moves."""

    now: float = 100.0

    def monotonic(self) -> float:
        return self.now


TEXT = Text("x" * 98)
ABSENT: Held[Text] = Held(None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def cache(clock: Clock) -> Cache[Text]:
    """Room for three texts, at revision 10."""
    cache: Cache[Text] = Cache(3 * ROOM)
    cache.begin(10)
    cache.confirm(clock.now)
    return cache


def fill(cache: Cache[Text], key: str, found: Held[Text]) -> None:
    with cache.filling(("n", key)) as filling:
        filling.found = found


def keys(cache: Cache[Text], candidates: str = "abcdefg") -> str:
    """Return those of the keys that are held, and leave the counts of hits and misses behind."""
    return "".join(key for key in candidates if cache.get(("n", key)))


def test_what_was_found_is_held_also_that_there_is_nothing(cache: Cache[Text]) -> None:
    assert cache.get(("n", "a")) is None
    fill(cache, "a", Held(TEXT))
    fill(cache, "b", ABSENT)
    assert cache.get(("n", "a")) == Held(TEXT)
    assert cache.get(("n", "b")) == ABSENT
    contents = cache.contents()
    assert (contents.hits, contents.misses, contents.entries) == (2, 1, 2)
    assert contents.bytes == ROOM + HELD_BYTES + 2


def test_the_least_recently_read_goes_first_when_the_room_is_full(cache: Cache[Text]) -> None:
    for key in "abc":
        fill(cache, key, Held(TEXT))
    cache.get(("n", "a"))
    fill(cache, "d", Held(TEXT))
    assert keys(cache) == "acd"
    assert cache.contents().bytes == 3 * ROOM


def test_names_without_an_entry_take_room_too(cache: Cache[Text]) -> None:
    for number in range(1000):
        fill(cache, str(number), ABSENT)
    assert cache.contents().bytes <= 3 * ROOM


def test_what_is_larger_than_all_the_room_drives_nothing_out(cache: Cache[Text]) -> None:
    fill(cache, "a", Held(TEXT))
    fill(cache, "b", Held(Text("x" * 3 * ROOM)))
    assert keys(cache) == "a"


def test_a_second_fill_of_a_name_replaces_the_first(cache: Cache[Text]) -> None:
    fill(cache, "a", Held(TEXT))
    fill(cache, "a", ABSENT)
    assert cache.get(("n", "a")) == ABSENT
    assert cache.contents().bytes == HELD_BYTES + 2


def test_a_change_outdates_what_is_held_and_nothing_else(cache: Cache[Text]) -> None:
    for key in "ab":
        fill(cache, key, Held(TEXT))
    cache.changed(11, "n", "a")
    cache.changed(12, "m", "b")
    assert keys(cache) == "b"
    assert (cache.revision, cache.contents().bytes) == (12, ROOM)


def test_what_was_being_read_when_it_changed_is_not_kept(cache: Cache[Text]) -> None:
    with cache.filling(("n", "a")) as filling:
        cache.changed(11, "n", "a")
        filling.found = Held(TEXT)
    assert keys(cache) == ""


def test_of_two_reads_at_once_only_the_one_that_began_after_the_change_is_kept(cache: Cache[Text]) -> None:
    with cache.filling(("n", "a")) as late:
        cache.changed(11, "n", "a")
        fill(cache, "a", ABSENT)
        late.found = Held(TEXT)
    assert cache.get(("n", "a")) == ABSENT


def test_a_read_that_fails_leaves_nothing(cache: Cache[Text]) -> None:
    with pytest.raises(ZeroDivisionError), cache.filling(("n", "a")):
        raise ZeroDivisionError
    assert keys(cache) == ""


def test_a_revision_that_is_missing_stays_missing_until_it_is_told(cache: Cache[Text]) -> None:
    cache.changed(12, "n", "a")
    assert cache.revision == 10
    for revision in (11, 12, 11):
        cache.changed(revision, "n", "b")
    assert cache.revision == 12


def test_what_is_not_confirmed_in_time_is_not_used_until_it_is(cache: Cache[Text], clock: Clock) -> None:
    fill(cache, "a", Held(TEXT))
    clock.now += STALE_SECONDS
    assert (keys(cache), cache.contents().live) == ("", False)
    cache.confirm(clock.now)
    assert (keys(cache), cache.contents().live) == ("a", True)


def test_a_feed_that_begins_again_begins_with_nothing(cache: Cache[Text], clock: Clock) -> None:
    fill(cache, "a", Held(TEXT))
    with cache.filling(("n", "b")) as filling:
        cache.begin(20)
        cache.confirm(clock.now)
        filling.found = Held(TEXT)
    assert keys(cache) == ""
    assert (cache.revision, cache.contents().bytes) == (20, 0)


def test_nothing_is_kept_while_no_change_is_heard(clock: Clock) -> None:
    cache: Cache[Text] = Cache(3 * ROOM)
    fill(cache, "a", Held(TEXT))
    cache.begin(10)
    cache.confirm(clock.now)
    assert keys(cache) == ""
    fill(cache, "a", Held(TEXT))
    cache.lose()
    fill(cache, "b", Held(TEXT))
    assert cache.contents().entries == 0


@pytest.mark.parametrize("value", ["1", '"' + "x" * 5000 + '"', '"' + "ä" * 5000 + '"'])
def test_the_bytes_that_are_counted_are_no_fewer_than_those_that_are_used(value: str) -> None:
    cache = Cache[module.Sized](10**9)
    cache.begin(0)
    gc.collect()
    tracemalloc.start()
    for number in range(2000):
        with cache.filling((f"namespace-{number}", f"key-{number}")) as filling:
            entry = Entry(f"namespace-{number}", f"key-{number}", Json(value), 10**6 + number, datetime.now(UTC))
            filling.found = Held(represent(entry))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    counted = cache.contents().bytes
    assert used <= counted
    assert counted < used + 2000 * HELD_BYTES
