"""A change of the project's files is noticed once it is complete, and the watch costs nothing between two looks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from compiler.watching import INTERVAL_SECONDS, Watch

if TYPE_CHECKING:
    from pathlib import Path

SPEC = "spec/limits.yaml"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(project: Path, clock: Clock) -> Watch:
    return Watch(project, clock)


def look(watch: Watch, clock: Clock) -> tuple[str, ...]:
    clock.now += INTERVAL_SECONDS
    return watch.changed()


def test_a_change_is_reported_once_when_it_has_settled(project: Path, watch: Watch, clock: Clock) -> None:
    assert look(watch, clock) == ()
    (project / SPEC).write_text("limits: [")
    assert look(watch, clock) == ()
    (project / SPEC).write_text("limits: []")
    assert look(watch, clock) == ()
    assert look(watch, clock) == (SPEC,)
    assert look(watch, clock) == ()


def test_between_two_looks_nothing_is_read(project: Path, watch: Watch, clock: Clock) -> None:
    (project / SPEC).write_text("limits: [")
    assert [watch.changed() for _ in range(5)] == [()] * 5
    look(watch, clock)
    assert watch.changed() == ()
    assert look(watch, clock) == (SPEC,)


def test_files_that_are_added_removed_or_replaced_have_changed(project: Path, watch: Watch, clock: Clock) -> None:
    before = (project / SPEC).stat()
    (project / "spec/aside.yaml").write_bytes((project / SPEC).read_bytes())
    os.utime(project / "spec/aside.yaml", ns=(before.st_atime_ns, before.st_mtime_ns))
    (project / "spec/aside.yaml").replace(project / SPEC)
    (project / "environments/staging/waivers.yaml").write_text("waivers: []")
    (project / "spec/compute.yaml").unlink()
    look(watch, clock)
    assert look(watch, clock) == ("environments/staging/waivers.yaml", "spec/compute.yaml", SPEC)


def test_an_edit_that_is_taken_back_before_it_was_reported_is_none(project: Path, watch: Watch, clock: Clock) -> None:
    (project / "spec/new.yaml").write_text("")
    look(watch, clock)
    (project / "spec/new.yaml").unlink()
    assert [look(watch, clock) for _ in range(3)] == [()] * 3


def test_hidden_files_and_those_elsewhere_are_not_looked_at(project: Path, watch: Watch, clock: Clock) -> None:
    for path in ("spec/.limits.yaml.swp", "environments/.uat.new/environment.yaml", "generated/manifest.json"):
        (project / path).parent.mkdir(exist_ok=True)
        (project / path).write_text("")
    assert [look(watch, clock) for _ in range(3)] == [()] * 3
