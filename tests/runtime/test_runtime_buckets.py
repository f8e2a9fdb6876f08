"""Token bucket arithmetic, against exact rational numbers."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.buckets import LARGEST, Shape, State, debited, filled, refilled, wait_microseconds

SHAPES = st.builds(Shape, st.integers(1, LARGEST), st.integers(1, LARGEST), shares=st.sampled_from((1, 2, 3, 7, 64)))
STEPS = st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 50)), max_size=30)


def tokens(shape: Shape, state: State) -> Fraction:
    return Fraction(state.level, shape.token)


@given(st.integers(1, LARGEST), st.integers(1, LARGEST), st.integers(1, 10**6))
def test_a_bucket_whose_tokens_are_used_late_holds_less_by_what_it_gains_meanwhile(
    capacity: int, refill: int, lag: int
) -> None:
    late, prompt = Shape(capacity, refill, lag=lag), Shape(capacity, refill)
    assert prompt.token <= late.full <= prompt.full
    # A window and the lag before it debit less than one token above the capacity and the refill of the window.
    if late.full > late.token:
        assert late.full + lag * refill < prompt.full + prompt.token


@given(SHAPES, STEPS)
def test_the_level_is_exactly_the_rational_one_whatever_happens(shape: Shape, steps: list[tuple[int, int]]) -> None:
    state, expected = filled(shape, 0), max(Fraction(1), Fraction(shape.capacity, shape.shares))
    full = expected
    for elapsed, wanted in steps:
        state = refilled(shape, state, state.at + elapsed)
        expected = min(full, expected + Fraction(shape.refill * elapsed, 60_000_000 * shape.shares))
        taken = min(wanted, int(expected))
        state, expected = debited(shape, state, taken), expected - taken
        assert tokens(shape, state) == expected


@given(SHAPES, st.integers(0, 2**53))
def test_the_wait_is_the_first_microsecond_with_a_token(shape: Shape, level: int) -> None:
    state = State(min(level, shape.full), 0)
    wait = wait_microseconds(shape, state)
    assert tokens(shape, refilled(shape, state, wait)) >= 1
    assert wait == 0 or tokens(shape, refilled(shape, state, wait - 1)) < 1


@given(SHAPES, st.integers(1, 10**6))
def test_a_clock_that_steps_back_adds_nothing_and_blocks_nothing(shape: Shape, step: int) -> None:
    empty = State(0, 10**9)
    behind = refilled(shape, empty, empty.at - step)
    assert behind == State(0, empty.at - step)
    assert refilled(shape, behind, behind.at + 60_000_000).level > 0


# A bucket of one token is full whenever it holds one: what it gains until it is asked, a microsecond later, is lost.
@given(st.integers(2, 40), st.integers(1, 2000), st.integers(1, 180))
def test_a_flood_from_a_full_bucket_is_admitted_to_the_floor_of_capacity_and_refill(
    capacity: int, refill: int, seconds: int
) -> None:
    shape = Shape(capacity, refill)
    state, admitted = filled(shape, 0), 0
    while state.at <= seconds * 1_000_000:
        if wait := wait_microseconds(shape, state):
            state = refilled(shape, state, state.at + wait)
        else:
            state, admitted = debited(shape, state, 1), admitted + 1
    assert admitted == capacity + refill * seconds // 60


def test_a_full_bucket_of_the_largest_size_is_counted_exactly_by_a_double() -> None:
    assert Shape(LARGEST, LARGEST).full < 2**53
