"""The circuit breaker: when a server is lost, and when it is asked again, on a clock that the test moves."""

from __future__ import annotations

import pytest

from runtime.services.breaker import MOST_SUCCESSES, STEADY_MICROSECONDS, WINDOW_MICROSECONDS, Breaker

MILLISECOND = 1_000
SECOND = 1_000_000


@pytest.fixture
def breaker() -> Breaker:
    """A breaker of a server that has succeeded once."""
    breaker = Breaker()
    breaker.succeeded(0)
    return breaker


def lose(breaker: Breaker, now: int) -> int:
    """Fail until the breaker opens; return when it did."""
    while not breaker.failed(now):
        now += 100 * MILLISECOND
    return now


def regain(breaker: Breaker, now: int) -> int:
    """Succeed until the breaker closes; return the number of successes."""
    successes = 1
    while not breaker.succeeded(now):
        successes += 1
    return successes


def test_a_hundred_failures_at_one_moment_are_one(breaker: Breaker) -> None:
    assert not any(breaker.failed(99 * MILLISECOND) for _ in range(100))
    assert breaker.suspicious
    assert not breaker.open


def test_three_failures_within_five_seconds_open_it_whatever_succeeds_between(breaker: Breaker) -> None:
    assert not breaker.failed(1 * SECOND)
    breaker.succeeded(2 * SECOND)
    assert not breaker.failed(3 * SECOND)
    breaker.succeeded(4 * SECOND)
    assert breaker.failed(5 * SECOND)
    assert breaker.open


def test_failures_that_are_further_apart_do_not(breaker: Breaker) -> None:
    assert not any(breaker.failed(n * (WINDOW_MICROSECONDS // 2 + 1)) for n in range(1, 20))


def test_suspicion_ends_with_a_success_after_the_last_failure_is_forgotten(breaker: Breaker) -> None:
    breaker.failed(SECOND)
    breaker.succeeded(2 * SECOND)
    assert breaker.suspicious
    breaker.succeeded(SECOND + WINDOW_MICROSECONDS + 1)
    assert not breaker.suspicious


def test_a_failure_between_successes_begins_the_row_anew(breaker: Breaker) -> None:
    now = lose(breaker, SECOND)
    breaker.succeeded(now)
    breaker.succeeded(now)
    breaker.failed(now)
    assert regain(breaker, now) == 3


def test_a_server_that_comes_and_goes_has_to_succeed_for_longer_each_time(breaker: Breaker) -> None:
    needed, now = [], SECOND
    for _ in range(7):
        now = lose(breaker, now)
        needed.append(regain(breaker, now))
    assert needed == [3, 6, 12, 24, 48, 48, 48]
    assert max(needed) == MOST_SUCCESSES


def test_a_server_that_was_steady_for_a_minute_is_trusted_again(breaker: Breaker) -> None:
    now = lose(breaker, SECOND)
    regain(breaker, now)
    now = lose(breaker, now + SECOND)
    assert regain(breaker, now) == 6
    lose(breaker, now + STEADY_MICROSECONDS)
    assert regain(breaker, now) == 3


def test_a_server_that_never_succeeded_is_lost_at_once_and_back_at_once() -> None:
    breaker = Breaker()
    assert breaker.failed(0)
    assert breaker.succeeded(1)
    assert regain(breaker, lose(breaker, 2)) == 3
