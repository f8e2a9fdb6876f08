"""Every changed value has its causes: the statements that alone give it its value, or those that act together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.difference.causes import attribute
from compiler.difference.comparison import compare
from compiler.difference.side import Side
from tests.compiler.project import FROZEN
from tests.copying import copy_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from compiler.difference.causes import Attribution

BEFORE = Side(FROZEN, None)
MAXIMUM = ("spec/compute.yaml", "max: 8\n", "max: 12\n")
MEMORY = ("spec/containers.yaml", 'memory: "4GB"', 'memory: "6GB"')
WORKERS = ("environments/staging/overlays/tuning.yaml", "worker: 40", "worker: 50")
ADDRESS = ("environments/production/environment.yaml", '"10.30.250.32/28"', '"10.30.251.0/24"')


def edited(folder: Path, *edits: tuple[str, str, str]) -> Side:
    copy_tree(FROZEN, folder)
    for file, old, new in edits:
        text = (folder / file).read_text()
        assert text.count(old) == 1
        (folder / file).write_text(text.replace(old, new))
    return Side(folder, None)


def causes(found: Attribution) -> Mapping[str, set[str]]:
    """Return the names of each value's causes, by its file and path."""
    names = {cause.number: cause.statement.name for cause in found.causes}
    return {
        f"{item.change.file}: {item.change.name}": {names[number] for number in item.causes} for item in found.values
    }


@pytest.mark.parametrize("edits", [(MAXIMUM,), (WORKERS, ADDRESS), (MAXIMUM, MEMORY, WORKERS, ADDRESS)])
def test_every_changed_value_is_told_once_and_a_single_cause_gives_it_its_value(
    edits: tuple[tuple[str, str, str], ...], tmp_path: Path
) -> None:
    after = edited(tmp_path / "project", *edits)
    found = attribute(BEFORE, after)
    assert [item.change for item in found.values] == list(compare(BEFORE.compiled, after.compiled).values())
    alone = {cause.number: cause.alone or {} for cause in found.causes}
    assert len(alone) == len(edits)
    for item in found.values:
        assert item.causes
        assert set(item.causes) <= alone.keys()
        if len(item.causes) == 1:
            assert alone[item.causes[0]][item.change.key].after == item.change.after


def test_statements_that_act_together_are_named_together(tmp_path: Path) -> None:
    found = causes(attribute(BEFORE, edited(tmp_path / "project", MAXIMUM, MEMORY)))
    quota = "production/eu-central-1/kubernetes/cbp-application/resourcequota-configuration-api.yaml: spec.hard"
    replicas, memory = "compute.application_tier.instances.max", "containers.application.resource_limits.memory"
    assert found[f'{quota}["limits.memory"]'] == {replicas, memory}
    assert found[f"{quota}.pods"] == {replicas}


def test_a_statement_of_an_environment_moves_nothing_elsewhere(tmp_path: Path) -> None:
    found = causes(attribute(BEFORE, edited(tmp_path / "project", WORKERS, ADDRESS)))
    assert {name.partition("/")[0] for name, said in found.items() if "limits.threads.worker" in said} == {"staging"}
    assert {name.partition("/")[0] for name, said in found.items() if "environment.addresses.fis" in said} == {
        "production"
    }
