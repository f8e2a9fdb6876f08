"""The circuit detector: when a server is lost, and when it is asked again, on a clock that the test moves."""

from __future__ import annotations

import pytest

from runtime.services.loss_detector import MOST_SUCCESSES, STEADY_MICROSECONDS, WINDOW_MICROSECONDS, LossDetector

MILLISECOND = 1_000
SECOND = 1_000_000


@pytest.fixture
def detector() -> LossDetector:
    """A detector of a server that has succeeded once."""
    detector = LossDetector()
    detector.succeeded(0)
    return detector


def lose(detector: LossDetector, now: int) -> int:
    """Fail until the detector opens; return when it did."""
    while not detector.failed(now):
        now += 100 * MILLISECOND
    return now


def regain(detector: LossDetector, now: int) -> int:
    """Succeed until the detector closes; return the number of successes."""
    successes = 1
    while not detector.succeeded(now):
        successes += 1
    return successes


def test_a_hundred_failures_at_one_moment_are_one(detector: LossDetector) -> None:
    assert not any(detector.failed(99 * MILLISECOND) for _ in range(100))
    assert detector.suspicious
    assert not detector.lost


def test_three_failures_within_five_seconds_open_it_whatever_succeeds_between(detector: LossDetector) -> None:
    assert not detector.failed(1 * SECOND)
    detector.succeeded(2 * SECOND)
    assert not detector.failed(3 * SECOND)
    detector.succeeded(4 * SECOND)
    assert detector.failed(5 * SECOND)
    assert detector.lost


def test_failures_that_are_further_apart_do_not(detector: LossDetector) -> None:
    assert not any(detector.failed(n * (WINDOW_MICROSECONDS // 2 + 1)) for n in range(1, 20))


def test_suspicion_ends_with_a_success_after_the_last_failure_is_forgotten(detector: LossDetector) -> None:
    detector.failed(SECOND)
    detector.succeeded(2 * SECOND)
    assert detector.suspicious
    detector.succeeded(SECOND + WINDOW_MICROSECONDS + 1)
    assert not detector.suspicious


def test_a_failure_between_successes_begins_the_row_anew(detector: LossDetector) -> None:
    now = lose(detector, SECOND)
    detector.succeeded(now)
    detector.succeeded(now)
    detector.failed(now)
    assert regain(detector, now) == 3


def test_a_server_that_comes_and_goes_has_to_succeed_for_longer_each_time(detector: LossDetector) -> None:
    needed, now = [], SECOND
    for _ in range(7):
        now = lose(detector, now)
        needed.append(regain(detector, now))
    assert needed == [3, 6, 12, 24, 48, 48, 48]
    assert max(needed) == MOST_SUCCESSES


def test_a_server_that_was_steady_for_a_minute_is_trusted_again(detector: LossDetector) -> None:
    now = lose(detector, SECOND)
    regain(detector, now)
    now = lose(detector, now + SECOND)
    assert regain(detector, now) == 6
    lose(detector, now + STEADY_MICROSECONDS)
    assert regain(detector, now) == 3


def test_a_server_that_never_succeeded_is_lost_at_once_and_back_at_once() -> None:
    detector = LossDetector()
    assert detector.failed(0)
    assert detector.succeeded(1)
    assert regain(detector, lose(detector, 2)) == 3
