"""The checker of histories: it accepts every right one, and finds each kind of wrong one that is sown into them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import pytest

from tests.faults.history import Condition, Kind, Operation, Rewind
from tests.faults.judgement import Bounds, violations

BOUNDS = Bounds(live=3, marked=3)
ANY = Condition(if_match="*")
NEW = Condition(if_none_match="*")


def put(
    at: tuple[float, float], value: str, tag: str | None, condition: Condition = NEW, status: int | None = 200
) -> Operation:
    return Operation("writer", 0, Kind.PUT, "k", *at, status, condition, value, tag=tag)


def read(at: tuple[float, float], value: str | None, tag: str | None, kind: Kind = Kind.READ_AT_LEAST) -> Operation:
    since = at[0] if kind is Kind.READ_AT_LEAST else None
    return Operation("reader", 0, kind, "k", *at, 404 if value is None else 200, since=since, found=value, tag=tag)


def unmodified(at: tuple[float, float], tag: str) -> Operation:
    return Operation("reader", 0, Kind.READ, "k", *at, 304, Condition(if_none_match=tag), tag=tag)


def delete(at: tuple[float, float], condition: Condition = ANY, status: int | None = 204) -> Operation:
    return Operation("writer", 0, Kind.DELETE, "k", *at, status, condition)


FIRST = put((0, 1), "a", "1")
SECOND = put((2, 3), "b", "2", Condition(if_match="1"))

RIGHT = {
    "changes one after another": [FIRST, SECOND, read((4, 5), "b", "2")],
    "a read beside a change sees either": [FIRST, replace(SECOND, returned=9), read((4, 5), "a", "1")],
    "a plain read within its bound": [FIRST, SECOND, read((5.5, 6), "a", "1", Kind.READ)],
    "an unanswered change that happened": [FIRST, replace(SECOND, status=None, tag=None), read((4, 5), "b", "2")],
    "an unanswered change that happens much later": [
        FIRST,
        replace(SECOND, status=503, tag=None),
        read((7, 8), "a", "1"),
        read((9, 10), "b", "2"),
    ],
    "an unanswered change that was replaced unseen": [
        FIRST,
        put((2, 3), "b", None, ANY, None),
        put((4, 5), "c", "2", Condition(if_match="1"), 412),
    ],
    "a refusal, and nothing of it": [FIRST, put((2, 3), "b", "1", NEW, 412), read((4, 5), "a", "1")],
    "a replacement without a precondition is refused": [FIRST, put((2, 3), "b", "1", Condition(), 428)],
    "an entry that was removed and written again": [FIRST, delete((2, 3)), put((4, 5), "b", "2")],
    "a removal of nothing": [delete((0, 1), status=412), delete((2, 3), Condition(), 404)],
    "memory says unmodified within its bound": [FIRST, SECOND, unmodified((5.5, 6), "1")],
}

WRONG = {
    "an acknowledged change is lost": [FIRST, SECOND, read((4, 5), "a", "1")],
    "an acknowledged creation is lost": [FIRST, read((2, 3), None, None)],
    "an acknowledged removal is undone": [FIRST, delete((2, 3)), read((4, 5), "a", "1")],
    "a change happens after a read that followed it had not seen it": [
        FIRST,
        SECOND,
        read((4, 5), "b", "2"),
        read((6, 7), "a", "1"),
    ],
    "an update is lost between two writers": [FIRST, SECOND, put((2, 3), "c", "3", Condition(if_match="1"))],
    "two clients create the same key": [FIRST, put((2, 3), "b", "2")],
    "a change that was not sent is read": [
        FIRST,
        replace(SECOND, status=503, tag=None, refused=True),
        read((4, 5), "b", "2"),
    ],
    "a refused change is read": [FIRST, replace(SECOND, status=412, tag=None), read((4, 5), "b", "2")],
    "a retried change is refused by its own success": [
        FIRST,
        replace(SECOND, status=412, tag="2"),
        put((4, 5), "c", "3", Condition(if_match="2")),
    ],
    "a value that nobody wrote": [FIRST, read((2, 3), "z", "2")],
    "a read of at least a change misses it": [
        FIRST,
        SECOND,
        replace(read((3.5, 4), "a", "1"), since=SECOND.invoked, at_least=SECOND.tag),
    ],
    "a plain read beyond its bound": [FIRST, SECOND, read((6.5, 7), "a", "1", Kind.READ)],
    "memory says unmodified beyond its bound": [FIRST, SECOND, unmodified((6.5, 7), "1")],
    "absence is remembered beyond its bound": [FIRST, read((4.5, 5), None, None, Kind.READ)],
    "one entity tag for two values": [FIRST, delete((2, 3)), put((4, 5), "b", "1")],
    "two entity tags for one change": [FIRST, read((2, 3), "a", "9")],
    "an entry is said to be absent": [FIRST, put((2, 3), "b", None, NEW, 412)],
    "a precondition that holds is refused": [FIRST, put((2, 3), "b", "1", Condition(if_match="1"), 412)],
    "a precondition on a removed entry holds": [FIRST, delete((2, 3)), put((4, 5), "b", "2", Condition(if_match="1"))],
    "a replacement without a precondition": [FIRST, put((2, 3), "b", "2", Condition())],
    "a defect is answered": [FIRST, replace(read((2, 3), None, None), status=500)],
}

REWIND = Rewind(saved=(1.2, 1.5), restored=(4, 5))

RIGHT_AFTER_REWIND = {
    "the restored value has another tag": [FIRST, SECOND, read((6, 7), "a", "3")],
    "a revision that is given out again, in another tag": [
        FIRST,
        SECOND,
        put((6, 7), "c", "4", ANY),
        put((8, 9), "d", "4", Condition(if_match="2"), 412),
    ],
    "a memory that is within its bound": [FIRST, SECOND, read((6, 7), "b", "2", Kind.READ)],
}

WRONG_AFTER_REWIND = {
    "a tag of what was lost matches": [FIRST, SECOND, put((6, 7), "c", "4", Condition(if_match="2"))],
    "a tag of what was restored matches": [FIRST, SECOND, put((6, 7), "c", "4", Condition(if_match="1"))],
    "a tag of before is unmodified": [FIRST, SECOND, unmodified((9, 10), "1")],
    "a tag of before is handed out": [FIRST, SECOND, read((9, 10), "a", "1")],
    "a tag is given out again": [FIRST, SECOND, put((6, 7), "c", "2", ANY)],
    "the state is another one than was saved": [FIRST, SECOND, read((6, 7), None, None)],
    "what was lost comes back": [FIRST, SECOND, read((9, 10), "b", "5")],
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_history_is_accepted(name: str) -> None:
    assert violations(RIGHT[name], BOUNDS) == ()


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_history_is_refused(name: str) -> None:
    assert violations(WRONG[name], BOUNDS)


@pytest.mark.parametrize("name", RIGHT_AFTER_REWIND)
def test_a_restored_state_under_new_tags_is_accepted(name: str) -> None:
    assert violations(RIGHT_AFTER_REWIND[name], BOUNDS, rewinds=[REWIND]) == ()


@pytest.mark.parametrize("name", WRONG_AFTER_REWIND)
def test_whatever_outlives_a_restore_is_refused(name: str) -> None:
    assert violations(WRONG_AFTER_REWIND[name], BOUNDS, rewinds=[REWIND])


def test_a_marked_read_may_be_as_old_as_the_settings_say() -> None:
    old = [FIRST, SECOND, replace(read((20, 21), "a", "1", Kind.READ), marked=True)]
    assert violations(old, Bounds(3, 18)) == ()
    assert violations(old, Bounds(3, 16.9))


@dataclass
class Register:
    """One entry that answers concurrent clients on a virtual clock, rightly or with one fault."""

    random: random.Random
    fault: str = ""
    value: str | None = None
    tag: str | None = None
    given: int = 0
    past: list[tuple[float, str | None, str | None]] = field(default_factory=list)

    def operate(self, number: int, started: float) -> tuple[float, Operation]:
        """Return the time of the next operation, and one that takes effect at some time while it runs."""
        happens = started + self.random.random() * 0.1
        returned = happens + self.random.random() * 0.1
        kind = self.random.choice((Kind.PUT, Kind.PUT, Kind.PUT, Kind.DELETE, Kind.READ, Kind.READ_AT_LEAST))
        if kind in (Kind.READ, Kind.READ_AT_LEAST):
            value, tag = self.value, self.tag
            if kind is Kind.READ and self.past and self.random.random() < 0.5:
                limit = happens - (0.5 if self.fault != "stale" else 1.5)
                fresh = [i for i, (until, _, _) in enumerate(self.past) if until > limit]
                if fresh:
                    _, value, tag = self.past[fresh[0]]
            status = 404 if value is None else 200
            since = started if kind is Kind.READ_AT_LEAST else None
            return happens, Operation("c", 0, kind, "k", started, returned, status, since=since, found=value, tag=tag)
        held = self.tag if self.random.random() < 0.6 else str(self.given - 1)
        condition = self.random.choice((Condition(if_match=held or "*"), ANY, NEW if kind is Kind.PUT else ANY))
        permitted = self._permits(condition)
        if self.fault == "overwrite" and self.value is not None and self.random.random() < 0.3:
            permitted = True
        unanswered = self.random.random() < 0.1
        happened = permitted and not (unanswered and self.random.random() < 0.5)
        if self.fault == "lost" and happened and self.random.random() < 0.1:
            happened = False
        written = f"v{number}" if kind is Kind.PUT else None
        tag = self.tag
        if permitted:
            tag = str(self.given + 1) if kind is Kind.PUT else None
            if self.fault != "reuse" or self.random.random() < 0.9:
                self.given += 1
        if happened:
            self.past.append((happens, self.value, self.tag))
            self.value, self.tag = written, tag
        if unanswered:
            return happens, Operation("c", 0, kind, "k", started, returned, None, condition, written)
        status = (200 if kind is Kind.PUT else 204) if permitted else 412
        return happens, Operation("c", 0, kind, "k", started, returned, status, condition, written, tag=tag)

    def _permits(self, condition: Condition) -> bool:
        if condition.if_none_match:
            return self.value is None
        return self.value is not None and condition.if_match in ("*", self.tag)


def recorded(seed: int, fault: str = "") -> list[Operation]:
    """A history of 120 overlapping operations. They happen in the order in which the register is asked."""
    register = Register(random.Random(seed), fault)  # noqa: S311 - histories, not secrets
    operations, clock = [], 10.0
    for number in range(120):
        happened, operation = register.operate(number, clock - register.random.random() * 0.05)
        if happened < clock:  # it would have happened before the one before it
            later = clock - happened
            happened, operation = clock, replace(operation, returned=operation.returned + later)
        operations.append(operation)
        clock = happened + 1e-6
    return operations


@pytest.mark.parametrize("seed", range(60))
def test_histories_of_a_right_register_are_accepted(seed: int) -> None:
    assert violations(recorded(seed), Bounds(0.5, 0.5)) == ()


@pytest.mark.parametrize("fault", ["lost", "overwrite", "reuse", "stale"])
def test_a_faulty_register_is_found_out(fault: str) -> None:
    found = [seed for seed in range(20) if violations(recorded(seed, fault), Bounds(0.5, 0.5))]
    assert len(found) >= 15, found
