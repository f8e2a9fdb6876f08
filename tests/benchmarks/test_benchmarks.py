"""The benchmarks measure what they say; how much they measure is up to the machine, and nothing is asserted of it."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from benchmarks import compiling
from benchmarks.__main__ import FEW, MANY, of_compiler
from benchmarks.processes import CBP, FailedError, Usage, run
from benchmarks.projects import ROOT, make_project
from benchmarks.table import Aim, Row, machine, table
from tests.compiler.project import FROZEN
from tests.e2e.states import small

if TYPE_CHECKING:
    from pathlib import Path


def test_a_round_measures_every_command_and_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "make_project", lambda project, _: small(project))
    (measured,) = compiling.measure(environments=1, rounds=1, warm_up=0)
    parts = (measured.fresh, measured.edited, measured.check, measured.again, measured.floor)
    assert all(part.wall > 0 and part.cpu > 0 and part.peak > 1 for part in parts)
    assert measured.above_floor == measured.fresh.cpu / measured.floor.cpu


def test_a_compilation_that_is_measured_as_the_first_one_knows_nothing(tmp_path: Path) -> None:
    small(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    run([CBP, "compile"], tmp_path)
    compiling.forget(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == before


def test_as_many_environments_as_there_are_make_the_real_project(tmp_path: Path) -> None:
    real = {path.relative_to(ROOT): path.read_bytes() for path in (ROOT / "environments").rglob("*.yaml")}
    names = {path.parts[1] for path in real}
    make_project(tmp_path, len(names))
    assert {
        path.relative_to(tmp_path): path.read_bytes() for path in (tmp_path / "environments").rglob("*.yaml")
    } == real


def test_a_copy_differs_in_what_is_its_own_and_is_as_valid(tmp_path: Path) -> None:
    make_project(tmp_path, 5, FROZEN)
    names = sorted(folder.name for folder in (tmp_path / "environments").iterdir())
    assert names == ["development", "development-1", "production", "production-1", "staging"]
    real, copy = (
        yaml.safe_load((tmp_path / "environments" / name / "environment.yaml").read_bytes())["environment"]
        for name in ("production", "production-1")
    )
    assert {key for key in real if real[key] != copy[key]} == {"name", "host", "clusters"}
    assert real.keys() == copy.keys()
    run([CBP, "compile"], tmp_path)


def test_a_process_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="what went wrong"):
        run([sys.executable, "-c", "import sys; sys.exit('what went wrong')"], tmp_path)


def test_the_kernel_counts_what_a_process_used(tmp_path: Path) -> None:
    used = run([sys.executable, "-c", "x = b'x' * (512 << 20)"], tmp_path)
    assert 512 < used.peak < 1024
    assert used.cpu > 0
    assert used.wall > 0


def test_the_table_shows_the_spread_and_judges_the_median() -> None:
    rows = [
        Row("one, s", [3.0, 1.0, 2.0], Aim(2.5)),
        Row("two", [0.25], Aim(0.5, under=False)),
        Row("three", [7, 1800.4]),
    ]
    assert table(rows) == (
        "| | minimum | median | maximum | aim | met |\n"
        "|---|--:|--:|--:|---|---|\n"
        "| one, s | 1 | 2 | 3 | under 2.5 | yes |\n"
        "| two | 0.25 | 0.25 | 0.25 | at least 0.5 | no |\n"
        "| three | 7 | 904 | 1800 |  |  |\n"
    )


def test_every_aim_of_the_compiler_is_judged() -> None:
    usage = Usage(wall=1, cpu=1, peak=1)
    rounds = [compiling.Round(usage, usage, usage, usage, usage)]
    aims = [row.name for count in (FEW, MANY) for row in of_compiler(count, rounds) if row.aim]
    assert aims == [
        "3 environments: compile after an edit, wall s",
        "3 environments: unchanged, wall s",
        "100 environments: compile, peak MiB",
        "100 environments: compile / floor, CPU",
    ]


def test_the_machine_is_named() -> None:
    assert machine().startswith(f"{platform.node()}: ")
    assert machine().endswith(platform.python_version())
