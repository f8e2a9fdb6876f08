"""The benchmark of questions asks each of them once in a round, and leaves the project as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import answering
from benchmarks.__main__ import of_answers
from tests.e2e.states import small

if TYPE_CHECKING:
    import pytest


def test_a_round_measures_every_question_and_the_start_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "make_project", lambda project, _: small(project))
    rounds = answering.measure(environments=1, rounds=1, warm_up=0)
    (measured,) = rounds
    assert all(part.cpu > 0 for part in (measured.diff, measured.impact, measured.explain, measured.floor))
    names = [row.name for row in of_answers(1, rounds)]
    assert [name.rpartition(": ")[2] for name in names] == [
        "diff, CPU s",
        "impact, CPU s",
        "explain, CPU s",
        "--version, CPU s",
    ]
