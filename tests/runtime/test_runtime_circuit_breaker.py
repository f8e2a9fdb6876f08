"""One circuit on a virtual clock, against a model of what the specification says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.ports.availability import CircuitState, Reason
from runtime.services import circuit_breaker as module
from runtime.services.circuit_breaker import CircuitBreaker
from runtime.settings import CircuitBreaker as Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

PROBE_SECONDS = 2


@dataclass
class Clock:
    """The monotonic clock, which only a test moves."""

    now: float = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Iterator[Clock]:
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "time", clock)
        yield clock


def opened(threshold: int = 3, reset: int = 10) -> CircuitBreaker:
    circuit = CircuitBreaker(Settings(failure_threshold=threshold, reset_seconds=reset), PROBE_SECONDS)
    for _ in range(threshold):
        assert circuit.permits()
        circuit.failed()
    return circuit


@pytest.mark.parametrize("threshold", [1, 3, 5])
def test_as_many_failures_in_a_row_as_the_settings_say_open_it(clock: Clock, threshold: int) -> None:
    circuit = CircuitBreaker(Settings(failure_threshold=threshold, reset_seconds=10), PROBE_SECONDS)
    for _ in range(threshold - 1):
        circuit.failed()
    circuit.succeeded()  # the row begins anew
    began = clock.now
    for _ in range(threshold):
        assert (circuit.permits(), circuit.state, circuit.outage) == (True, CircuitState.CLOSED, None)
        circuit.failed(Reason.SLOW)
        clock.now += 1
    assert (circuit.permits(), circuit.state) == (False, CircuitState.OPEN)
    assert circuit.outage is not None
    assert (circuit.outage.reason, circuit.outage.since) == (Reason.SLOW, began)


@pytest.mark.parametrize("reset", [1, 10, 30])
def test_a_probe_passes_after_the_reset_and_its_failure_opens_it_anew(clock: Clock, reset: int) -> None:
    circuit = opened(reset=reset)
    for _ in range(3):
        clock.now += reset - 0.1
        assert (circuit.permits(), circuit.state) == (False, CircuitState.OPEN)
        clock.now += 0.1
        assert [circuit.permits() for _ in range(3)] == [True, False, False]
        assert circuit.state is CircuitState.HALF_OPEN
        circuit.failed()
    clock.now += reset
    assert circuit.permits()
    circuit.succeeded()
    assert (circuit.permits(), circuit.state, circuit.outage) == (True, CircuitState.CLOSED, None)


def test_a_probe_of_which_nothing_is_heard_is_followed_by_another(clock: Clock) -> None:
    circuit = opened()
    clock.now += 10
    assert circuit.permits()
    clock.now += PROBE_SECONDS - 0.1
    assert not circuit.permits()
    clock.now += 0.1
    assert [circuit.permits(), circuit.permits()] == [True, False]


def test_calls_that_began_before_it_opened_do_not_keep_it_open_and_may_close_it(clock: Clock) -> None:
    circuit = opened()
    clock.now += 9
    circuit.failed()
    clock.now += 1
    assert (circuit.state, circuit.permits()) == (CircuitState.HALF_OPEN, True)
    circuit.succeeded()
    assert (circuit.state, circuit.permits()) == (CircuitState.CLOSED, True)


@pytest.mark.usefixtures("clock")
def test_waiting_for_a_lock_is_an_answer_and_a_refusal_is_told_before_the_circuit_opens() -> None:
    circuit = CircuitBreaker(Settings(failure_threshold=2, reset_seconds=10), PROBE_SECONDS)
    for _ in range(5):
        circuit.failed()
        circuit.failed(Reason.BUSY)
    assert (circuit.state, circuit.failing) == (CircuitState.CLOSED, False)
    circuit.failed(Reason.ACCESS_DENIED)
    assert circuit.state is CircuitState.CLOSED
    assert circuit.outage is not None


@pytest.mark.usefixtures("clock")
def test_without_settings_it_tells_of_outages_and_refuses_nothing() -> None:
    circuit = CircuitBreaker(None, PROBE_SECONDS)
    for _ in range(100):
        circuit.failed()
        assert circuit.permits()
    assert circuit.outage is not None
    circuit.succeeded()
    assert circuit.outage is None


Event = tuple[str, float]
EVENTS = st.lists(st.tuples(st.sampled_from(["call", "fail", "succeed", "wait"]), st.sampled_from([0.5, 1.0, 4.0])))


@settings(max_examples=200, deadline=None)
@given(threshold=st.integers(1, 4), reset=st.integers(1, 5), events=EVENTS)
def test_whatever_happens_an_open_circuit_lets_one_probe_pass_after_each_reset(
    clock: Clock, threshold: int, reset: int, events: list[Event]
) -> None:
    """Between two successes no more calls pass than the threshold needs, and one for each reset or lost probe."""
    circuit = CircuitBreaker(Settings(failure_threshold=threshold, reset_seconds=reset), PROBE_SECONDS)
    row, opened_at, probes = 0, None, list[float]()
    for event, seconds in events:
        if event == "wait":
            clock.now += seconds
        elif event == "succeed":
            circuit.succeeded()
            row, opened_at, probes = 0, None, []
        elif event == "fail":
            circuit.failed()
            row += 1
            if opened_at is None and row >= threshold:
                opened_at = clock.now
        else:
            permitted = circuit.permits()
            assert permitted or opened_at is not None
            if opened_at is not None and permitted:
                assert clock.now >= opened_at + reset
                assert not probes or clock.now >= probes[-1] + min(reset, PROBE_SECONDS)
                probes.append(clock.now)
    assert (circuit.state is CircuitState.CLOSED) == (opened_at is None)
