"""A gate that remembers answers says exactly what a gate says that evaluates every rule for every cluster."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from compiler.history.base import History
from compiler.lineage.variants import variants
from compiler.lineage.verdicts import remembering
from compiler.model.specification import SECTIONS
from compiler.pipeline import rendered
from compiler.policy.errors import PolicyError
from compiler.policy.gate import load
from compiler.policy.regorus import Regorus
from compiler.resolve.resolved import resolve
from compiler.sources.files import load as load_sources
from compiler.sources.nodes import leaves
from tests.compiler.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from compiler.policy.denial import Answer
    from compiler.policy.gate import Gate
    from compiler.policy.rendering import Rendering
    from compiler.resolve.resolved import Resolved


@dataclass
class _Asked:
    """The rules that the engine evaluated, one entry for each cluster."""

    rules: list[tuple[str, ...]] = field(default_factory=list)


@pytest.fixture
def project(project: Path) -> Path:
    """A copy of the repository in which nothing is remembered."""
    shutil.rmtree(project / ".cbp")
    return project


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> _Asked:
    found, evaluate = _Asked(), Regorus.evaluate_some

    def evaluating(engine: Regorus, rules: Iterable[str], document: str) -> object:
        names = tuple(rules)
        found.rules.append(tuple(name.rpartition(".")[2] for name in names))
        return evaluate(engine, names, document)

    monkeypatch.setattr(Regorus, "evaluate_some", evaluating)
    # The engine of another process would be asked unseen.
    monkeypatch.setattr("compiler.policy.workers.processors", lambda: 1)
    return found


@pytest.fixture(scope="module")
def whole() -> Gate:
    """The gate that evaluates everything."""
    return load(ROOT / "policies", lambda: Regorus())  # no engine of the suite's own, which remembers too


def _production(project: Path) -> Resolved:
    resolved, _ = resolve(project, load_sources(project, SECTIONS, ["production"]))
    return resolved[0]


def _answers(judge: Gate, renderings: Iterable[Rendering]) -> list[dict[str, Answer]]:
    return [answers for _, answers in judge.answers(renderings, None)]


def _changed(project: Path, every: int) -> list[tuple[str, Resolved]]:
    """Production with another value of every so many statements."""
    production = _production(project)
    return [
        (".".join(map(str, path)), changed)
        for path, node in [*leaves(production.tree)][::every]
        for changed in [*variants(production, path, node)][-1:]
    ]


@pytest.mark.slow
def test_remembered_answers_are_those_of_a_judgement_of_everything(project: Path, whole: Gate, asked: _Asked) -> None:
    """Each statement in turn has another value; both gates judge every cluster, compared with what is deployed."""
    judge, history = remembering(project / "policies", project), History(project)
    _answers(judge, rendered([_production(project)], history))
    asked.rules.clear()
    for name, changed in _changed(project, 37):
        renderings = [*rendered([changed], history)]
        assert _answers(judge, renderings) == _answers(whole, renderings), name
    assert sum(map(len, asked.rules)) < len(asked.rules) * len(whole.library.rules) / 2


def test_what_was_judged_is_not_evaluated_again_by_another_process_either(project: Path, asked: _Asked) -> None:
    renderings = [*rendered([_production(project)], History(project))]
    first = remembering(project / "policies", project).judge(renderings)
    assert len(asked.rules) == len(renderings)
    again = remembering(project / "policies", project).judge(renderings)
    assert (again.findings, again.vacuous) == (first.findings, first.vacuous)
    assert len(asked.rules) == len(renderings)


def test_another_threshold_of_the_policies_forgets_every_answer(project: Path, asked: _Asked) -> None:
    renderings = [*rendered([_production(project)], History(project))]
    remembering(project / "policies", project).judge(renderings)
    asked.rules.clear()
    file = project / "policies/schedules/data.yaml"
    file.write_text(f"{file.read_text()}# edited\n")
    judge = remembering(project / "policies", project)
    judge.judge(renderings)
    everything = {rule.id for rule in judge.library.rules}
    first, *others = map(set, asked.rules)
    assert first == everything
    assert all(rules < everything for rules in others), "clusters share what rules read"


def test_a_record_that_says_something_else_is_no_record(project: Path, asked: _Asked) -> None:
    renderings = [*rendered([_production(project)], History(project))]
    first = remembering(project / "policies", project).judge(renderings)
    verdicts = [("verdicts.json", content) for content in ("", "[]", '{"fingerprint": "another", "answers": {}}')]
    for name, content in [*verdicts, ("analysed.json", '{"inputs": 1}')]:
        (project / ".cbp" / name).write_text(content)
        asked.rules.clear()
        assert remembering(project / "policies", project).judge(renderings).findings == first.findings
        assert len(asked.rules) == (len(renderings) if name == "verdicts.json" else 0)


def test_policies_are_proven_before_they_are_known(project: Path) -> None:
    fixture = next((project / "policies").glob("*/*/fixture.yaml"))
    fixture.write_text(fixture.read_text().replace("must_deny:", "must_pass:", 1))
    with pytest.raises(PolicyError):
        remembering(project / "policies", project)
    assert not (project / ".cbp/analysed.json").exists()
