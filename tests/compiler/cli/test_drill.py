"""A drill times the steps of a takeover and is recorded; ``cbp drill due`` says when one has to be done again."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from compiler import drills
from compiler.cli import main
from compiler.errors import CouldNotRunError
from compiler.model.drill import Outcome
from tests.compiler.cli.running import cbp, compile_
from tests.compiler.project import changed, copy, resolved

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.model.drill import Drill

TARGET = "production/eu-west-1"
ALL = "d\nd\nn\n" + "d\n" * 8
"""The answers of a drill in which everything is done, and the database was not lost."""
DAY = date(2026, 1, 15)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy(tmp_path / "project", "production")


@pytest.fixture(autouse=True)
def each_step_takes_three_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = count()
    monkeypatch.setattr("compiler.cli.drill.time", SimpleNamespace(monotonic=lambda: 180.0 * next(asked)))


def run(project: Path, answers: str, target: str = TARGET) -> Result:
    return CliRunner().invoke(main, ["drill", "run", "--root", str(project), target], input=answers)


def due(project: Path, as_of: date) -> Result:
    return cbp("drill", "due", "--root", str(project), "--as-of", str(as_of), "production")


def only(project: Path) -> Drill:
    (found,) = drills.recorded(project, "production")
    return found


def test_each_step_is_shown_with_its_commands_and_recorded_with_its_time(project: Path) -> None:
    result = run(project, ALL)
    assert result.exit_code == 0, result.output
    steps = drills.takeover(resolved()["production"], "eu-west-1").steps
    for number, (step, _) in enumerate(steps, 1):
        assert f"{number} of {len(steps)}: {step.title}, within " in result.output
        assert all(command in result.output for command in step.commands)
    drill = only(project)
    assert (drill.cluster, drill.former, drill.objective_seconds) == ("eu-west-1", "eu-central-1", 3600)
    assert [(step.title, step.share_seconds) for step in drill.steps] == [(step.title, share) for step, share in steps]
    assert {step.took_seconds for step in drill.steps} == {180}
    assert [step.outcome for step in drill.steps].count(Outcome.NOT_NEEDED) == 1
    assert "33 min of 60 min: the objective was shown" in result.output
    assert f"recorded in environments/production/drills/{drill.day}-eu-west-1.yaml: commit it" in result.output


@pytest.mark.parametrize("answers", [ALL[:4] + "q\n", ALL[:4], "d\nf\nn\n" + "d\n" * 8], ids=["q", "no more", "failed"])
def test_a_drill_that_is_ended_or_fails_keeps_what_was_measured_and_shows_nothing(project: Path, answers: str) -> None:
    result = run(project, answers)
    assert result.exit_code == 1
    assert "the objective was not shown" in result.output
    drill = only(project)
    assert drill.steps[0].outcome is Outcome.DONE
    assert drill.steps[0].took_seconds == 180
    assert len(drill.steps) == 11
    assert due(project, drill.day).exit_code == 1


def test_a_drill_that_takes_longer_than_the_objective_does_not_show_it(project: Path) -> None:
    file = project / "spec/recovery.yaml"
    file.write_text(file.read_text().replace('target: "1 hour"', 'target: "30 minutes"'))
    assert "33 min of 30 min: the objective was not shown" in run(project, ALL).output


def test_only_a_step_that_may_not_be_needed_can_be_left_out(project: Path) -> None:
    result = run(project, "n\n" + ALL)
    assert "'n' is not one of 'd', 'f', 'q'" in result.output
    assert result.exit_code == 0


def test_drills_of_one_day_are_kept_beside_each_other_and_are_no_files_of_the_specification(project: Path) -> None:
    assert compile_(project).exit_code == 0
    assert [run(project, ALL).exit_code for _ in range(2)] == [0, 0]
    stems = {file.stem for file in (project / "environments/production/drills").iterdir()}
    assert {f"{stem}-2" for stem in stems} & stems
    assert "none changed" in compile_(project).stdout


def test_a_drill_is_due_without_one_and_again_after_the_stated_time(project: Path) -> None:
    first = due(project, DAY)
    assert first.stdout == "production: no drill has shown the objective of 1 hour: quarterly\n"
    assert first.exit_code == 1
    run(project, ALL)
    day = only(project).day
    assert due(project, day + timedelta(days=92)).stdout == "production: no drill is due\n"
    late = due(project, day + timedelta(days=93))
    assert late.stdout == f"production: the last drill that showed the objective was 93 days ago, on {day}: quarterly\n"
    assert late.exit_code == 1
    assert due(project, day - timedelta(days=1)).exit_code == 1


def test_the_stated_time_decides() -> None:
    monthly = changed({"recovery.rto.validation": "Monthly"})
    run_at = SimpleNamespace(day=DAY, shown=True)
    for days, expected in ((31, False), (32, True)):
        assert bool(drills.due(monthly, [run_at], DAY + timedelta(days=days))) is expected  # type: ignore[list-item]


def test_without_a_standby_none_is_due_and_none_can_be_done(project: Path) -> None:
    assert drills.due(resolved()["development"], (), DAY) is None
    with pytest.raises(CouldNotRunError, match="stands by for no cluster"):
        drills.takeover(resolved()["development"], "eu-central-1")
    with pytest.raises(CouldNotRunError, match="stands by for no cluster"):
        drills.takeover(resolved()["production"], "eu-central-1")
    result = run(project, "", "production/eu-west-9")
    assert result.exit_code == 2
    assert "production has no cluster 'eu-west-9': it has eu-central-1, eu-west-1" in result.output


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("took_seconds: 180", "took_seconds: soon", "2026-01-15-eu-west-1.yaml:10:19: "),
        ("outcome: done", "outcome: nearly", "nearly"),
        ("drill:", "dril:", "2026-01-15-eu-west-1.yaml:2:1: "),
    ],
)
def test_a_record_that_is_none_is_named_with_its_place(project: Path, old: str, new: str, fault: str) -> None:
    run(project, ALL)
    (file,) = (project / "environments/production/drills").iterdir()
    text = file.read_text()
    assert old in text
    file.unlink()
    file.with_name("2026-01-15-eu-west-1.yaml").write_text(text.replace(old, new, 1))
    result = due(project, DAY)
    assert result.exit_code == 2
    assert fault in result.stderr
