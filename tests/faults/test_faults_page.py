"""What is said of a trial: gaps, recovery, admission beyond the quota, and the page that holds it all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.__main__ import written
from tests.faults.flood import Admitted, excess
from tests.faults.history import Kind, Operation
from tests.faults.report import failures
from tests.faults.rows import ROWS

PAGE = Path(__file__).parents[2] / "docs/reliability.md"
CAPACITY, A_SECOND = 30, 10  # of the deployment's quota


def every(seconds: float, number: int, start: float = 0.0, *, alone: bool = False) -> list[Admitted]:
    """Requests that were admitted one after another, each answered at once."""
    return [Admitted(start + seconds * index, start + seconds * index, alone) for index in range(number)]


@pytest.mark.parametrize(
    ("admitted", "forgotten", "restarted"),
    [
        (every(0, CAPACITY), 0, 0),
        (every(0, CAPACITY) + every(1 / A_SECOND, 50, start=1 / A_SECOND), 0, 0),
        (every(0, 2 * CAPACITY), 1, 0),
        (every(0, CAPACITY) + every(0, CAPACITY, alone=True), 0, 0),
        (every(0, CAPACITY + CAPACITY // 2, alone=True), 0, 2),
    ],
    ids=[
        "a full bucket",
        "and its refill",
        "twice, by a Redis that forgot",
        "by Redis and by the shares",
        "by workers that start",
    ],
)
def test_a_flood_within_its_bound_is_accepted(admitted: list[Admitted], forgotten: int, restarted: int) -> None:
    assert excess(admitted, forgotten, restarted) == ()


@pytest.mark.parametrize(
    ("admitted", "forgotten", "restarted"),
    [
        (every(0, CAPACITY + 1), 0, 0),
        (every(10, 20) + every(0, CAPACITY + 1, start=500.0), 0, 0),
        (every(0, CAPACITY) + every(0.9 / A_SECOND, 50, start=1 / A_SECOND), 0, 0),
        (every(0, 2 * CAPACITY) + every(0.9 / A_SECOND, 50, start=1 / A_SECOND), 1, 0),
        (every(0, CAPACITY + 1, alone=True), 1, 0),
        (every(0, CAPACITY + 1), 0, 2),
    ],
    ids=[
        "one more than a bucket",
        "late, after a calm",
        "a refill that is too fast",
        "a quota that came twice",
        "one more than the shares",
        "one more than a bucket, though workers start",
    ],
)
def test_a_flood_beyond_its_bound_is_found(admitted: list[Admitted], forgotten: int, restarted: int) -> None:
    assert excess(admitted, forgotten, restarted)


@pytest.mark.parametrize(("status", "fails"), [(200, False), (412, False), (429, True), (503, True), (None, True)])
def test_no_answer_and_one_of_a_service_that_does_not_work_is_a_failure(status: int | None, *, fails: bool) -> None:
    asked = Operation("c", 0, Kind.PUT, "k", 1.0, 2.0, status)
    assert bool(failures([asked])) is fails


def test_the_page_is_of_these_faults_and_says_what_is_judged_now() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = [line.split(" | ")[0].removeprefix("| ") for line in text.partition("|---")[2].splitlines()[1:]]
    assert named == [row.name for row in ROWS]
    assert text.partition("\n## As measured")[0] == written([]).partition("\n## As measured")[0]
