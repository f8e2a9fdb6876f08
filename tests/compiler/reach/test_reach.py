"""The analysis leaves out work, and nothing of its result."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from compiler.lineage.analysed import analysed
from compiler.lineage.judge import Judge
from compiler.lineage.variants import ENVIRONMENT, variants
from compiler.pipeline import emit_for_policies
from compiler.policy import gate
from compiler.policy.input import input_of
from compiler.reach.analysis import Analysis, reach
from compiler.reach.page import page, rows
from compiler.sources.nodes import leaves
from tests.compiler.project import ROOT, resolved

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PAGE = ROOT / "docs/reach.md"
MOST_FIXED = 25

pytestmark = pytest.mark.slow


@cache
def _analysis() -> Analysis:
    return Analysis(resolved()["production"], Judge(analysed(ROOT / "policies")))


def test_a_rule_that_is_not_asked_about_a_variant_answers_as_before() -> None:
    """Asked about a variant, and shown an excerpt of it, the judge adds what the gate adds when it sees all of it.

    Each cluster is judged with another value of the statement.
    """
    analysis, whole = _analysis(), gate.load(ROOT / "policies")
    asked_in_all = left_out = 0
    stated = [item for item in leaves(analysis.resolved.tree) if item[0][0] != ENVIRONMENT]
    for path, node in stated[::10]:
        of_clusters = zip(analysis.inputs, analysis.denials, strict=True)
        for (number, (before, denied)), changed in zip(
            enumerate(of_clusters), variants(analysis.resolved, path, node), strict=False
        ):
            document = input_of(emit_for_policies(changed)[number])
            asked = analysis.judge.concerned(before, document)
            added = analysis.judge.added(before, denied, document, asked)
            verdict = whole.engine.evaluate("gate.verdict", json.dumps(document))
            for rule in analysis.judge.rules:
                expected = _plain(map(json.dumps, verdict[rule]["denials"])) - _plain(denied[rule])
                assert _plain(added.get(rule, ())) == expected, (path, rule)
            asked_in_all += len(asked)
            left_out += len(analysis.judge.rules) - len(asked)
    assert left_out > 8 * asked_in_all


def _plain(denials: Iterable[str | bytes]) -> set[str]:
    """Denials, each with its keys in one order."""
    return {json.dumps(json.loads(denial), sort_keys=True) for denial in denials}


def test_a_variant_with_the_very_files_of_the_unchanged_environment_shares_its_input() -> None:
    analysis, shared = _analysis(), 0
    for path, node in list(leaves(analysis.resolved.tree))[::20]:
        for changed in list(variants(analysis.resolved, path, node))[:1]:
            for item, before in zip(analysis.emitted(changed), analysis.inputs, strict=True):
                found = analysis.judged(item, before)
                assert found == input_of(item), path
                shared += found["documents"] is before["documents"]
    assert shared > 1


def test_the_page_is_what_the_project_that_it_names_comes_to() -> None:
    text = PAGE.read_text()
    named = re.search(r"Computed from the project `(.+?)`, environment `(.+?)`", text)
    assert named
    project, environment = named.groups()
    found = reach(ROOT / project, ROOT / "policies", environment)
    assert text == page(found, project, environment), "make docs writes the page anew"
    stated = [row for row in rows(found.statements) if row.section != ENVIRONMENT]
    assert len(stated) > 150
    assert [row.name for row in stated if not row.acts and not row.because] == []
    assert sum(not row.acts for row in stated) <= MOST_FIXED
    files = {file for statement in found.statements for file in statement.files}
    # Envoy wants the paths of its certificate in a file of their own: they are the same everywhere.
    assert set(found.files) - files == {"envoy/server.json"}, "some file follows from nothing that is stated"


def test_an_environment_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nowhere does not compile"):
        reach(ROOT, ROOT / "policies", "nowhere")
