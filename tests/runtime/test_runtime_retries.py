"""Retries: their pauses, and the budget that bounds how much they add to an outage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ports.availability import TransientError, UnavailableError
from runtime.services.asking import Asking
from runtime.services.retries import Retries
from runtime.settings import Retry

if TYPE_CHECKING:
    from runtime.settings import Settings


def retry(**members: Any) -> Retry:
    """Return settings of retries that are right, with some members of their own."""
    usual: dict[str, Any] = {
        "attempts": 3,
        "exponential": True,
        "jitter": False,
        "initial_milliseconds": 100,
        "maximum_milliseconds": 1000,
        "budget_percent": 20,
        "budget_retries": 10,
    }
    return Retry(**(usual | members))


@pytest.mark.parametrize("jitter", [True, False])
@pytest.mark.parametrize(
    ("exponential", "longest"), [(True, [0, 0.1, 0.2, 0.4, 0.8, 1, 1, 1]), (False, [0, *[0.1] * 7])]
)
def test_the_first_repetition_follows_at_once_and_the_others_after_pauses(
    *, jitter: bool, exponential: bool, longest: list[float]
) -> None:
    retries = Retries(retry(jitter=jitter, exponential=exponential))
    pauses = [retries.pause_seconds(failures) for failures in (1, 2, 3, 4, 5, 6, 7, 10_000)]
    assert all(0 <= pause <= most for pause, most in zip(pauses, longest, strict=True))
    assert jitter or pauses == longest


@pytest.mark.parametrize(("attempts", "repeated"), [(1, 0), (3, 2), (None, 10)])
def test_a_call_is_made_as_often_as_the_settings_say_or_as_the_budget_lasts(
    attempts: int | None, repeated: int
) -> None:
    retries = Retries(retry(attempts=attempts))
    failures = 1
    while retries.permits(failures):
        failures += 1
    assert failures - 1 == repeated


@given(percent=st.integers(0, 100), full=st.integers(1, 20), calls=st.integers(0, 300), wanted=st.integers(1, 5))
def test_the_repetitions_of_any_calls_stay_within_the_budget(percent: int, full: int, calls: int, wanted: int) -> None:
    retries = Retries(retry(attempts=None, budget_percent=percent, budget_retries=full))
    made = 0
    for _ in range(calls):
        retries.earn()
        made += sum(retries.permits(failures) for failures in range(1, wanted + 1))
    assert made <= full + calls * percent / 100


@pytest.mark.anyio
async def test_an_outage_is_not_multiplied_by_readers_who_all_repeat(settings: Settings) -> None:
    """Without a circuit every reader reaches the store: a thousand calls become 1,210 at most, and not 3,000."""
    database = settings.database.model_copy(update={"circuit_breaker": None})
    asking = Asking(database)
    asked = 0

    async def lost() -> None:
        nonlocal asked
        asked += 1
        raise TransientError

    readers = 1000
    for _ in range(readers):
        with pytest.raises(UnavailableError):
            await asking.ask(lost)
    assert readers < asked <= readers * 1.2 + 10
