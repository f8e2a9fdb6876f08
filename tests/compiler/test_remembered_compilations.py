"""A compilation after an edit asks the rules that can see it, and says what a compilation says that asks every rule."""

from __future__ import annotations

import json
import os
import shutil
import sys
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from compiler.cli import main
from compiler.compile_cache import fingerprint
from compiler.lineage import engine_process
from compiler.policy.regorus import Regorus
from tests.compiler.project import copy
from tests.policy.policies import one_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from click.testing import Result

_TRUSTING = engine_process.trusting  # before the suite replaces it (tests/policy/proven.py)
_NUMBERS = count()
HEAP = 70


@pytest.fixture(autouse=True)
def _remembering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_process, "trusting", _TRUSTING)
    # The engine of another process would be asked unseen.
    monkeypatch.setattr("compiler.policy.workers.processors", lambda: 1)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rules that were asked by name, one by one, for each cluster."""
    found: list[str] = []
    evaluate = Regorus.evaluate_some

    def evaluating(engine: Regorus, rules: Iterable[str], document: str) -> object:
        names = tuple(rules)
        found.extend(name.rpartition(".")[2] for name in names)
        return evaluate(engine, names, document)

    monkeypatch.setattr(Regorus, "evaluate_some", evaluating)
    return found


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one rule, about the heap, after two compilations, the second of which asked nothing."""
    project = copy(tmp_path_factory.mktemp("compiled") / "project")
    _write_heap(project, HEAP)
    one_rule(project, 80)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_process, "trusting", _TRUSTING)
        for _ in range(2):
            assert _after_an_edit(project).exit_code == 0
    return project


@pytest.fixture
def known(compiled: Path, tmp_path: Path) -> Path:
    """A project with one rule, about the heap, and with answers of it for every cluster."""
    return Path(shutil.copytree(compiled, tmp_path / "project"))


def _write_heap(project: Path, percent: int) -> None:
    lines = (project / "spec/limits.yaml").read_text().splitlines()
    written = [f"    heap: {percent}% maximum" if line.strip().startswith("heap:") else line for line in lines]
    (project / "spec/limits.yaml").write_text("\n".join([*written, ""]))


def _compile(project: Path, *options: str) -> Result:
    arguments = ["compile", *options, "--root", str(project)]
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def _after_an_edit(project: Path, *options: str) -> Result:
    """Compile after a comment was added, so that the last report is not repeated."""
    with (project / "spec/compute.yaml").open("a") as file:
        file.write(f"# {next(_NUMBERS)}\n")
    return _compile(project, *options)


def test_a_rule_is_asked_when_what_it_reads_has_changed_and_else_not(known: Path, asked: list[str]) -> None:
    _after_an_edit(known)
    assert not asked
    _write_heap(known, HEAP - 1)
    assert _compile(known).exit_code == 0
    assert set(asked) == {"TST001"}
    asked.clear()
    _write_heap(known, HEAP)
    assert _compile(known).exit_code == 0
    assert not asked, "this answer was known before"


def test_an_edit_that_a_rule_denies_is_refused_as_often_as_it_is_compiled(known: Path) -> None:
    _write_heap(known, 90)
    first, again, later = _compile(known), _compile(known), _after_an_edit(known)
    assert first.exit_code == 1
    assert "error[TST001]" in first.output
    assert (first.output, first.exit_code) == (again.output, again.exit_code) == (later.output, later.exit_code)
    shutil.rmtree(known / ".cbp")
    assert _compile(known).output == first.output


def test_remembered_answers_give_the_report_of_a_compilation_that_asks_everything(known: Path) -> None:
    remembered = _after_an_edit(known, "--format", "json")
    shutil.rmtree(known / ".cbp")
    assert remembered.output == _compile(known, "--format", "json").output


def test_a_rule_that_denies_more_now_is_proven_and_asked(known: Path) -> None:
    one_rule(known, HEAP - 1)
    assert "error[TST001]" in _compile(known).output


def test_a_forged_answer_passes_no_check(known: Path) -> None:
    """Whoever may write to the project's folder may fool its own compilations, and no other command."""
    _write_heap(known, 90)
    assert _compile(known).exit_code == 1
    record = known / ".cbp/verdicts.json"
    content = json.loads(record.read_bytes())
    content["answers"] = {key: {"denials": [], "examined": 1} for key in content["answers"]}
    record.write_text(json.dumps(content))
    assert _compile(known).exit_code == 0
    assert "error[TST001]" in _compile(known, "--check").output
    verified = CliRunner().invoke(main, ["verify", "--root", str(known)], catch_exceptions=False)
    assert verified.exit_code == 1
    assert "TST001" in verified.output


_OTHERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "answers that are none": ("verdicts.json", lambda record: {**record, "answers": None}),
    "answers without their form": (
        "verdicts.json",
        lambda record: {**record, "answers": dict.fromkeys(record["answers"])},
    ),
    "no answers": ("verdicts.json", lambda record: {"fingerprint": record["fingerprint"]}),
    "no rule": ("analysed.json", lambda record: {**record, "reads": {}}),
    "parts that are no paths": ("analysed.json", lambda record: {**record, "reads": {"TST001": [[5]]}}),
    "another rule": ("analysed.json", lambda record: {**record, "reads": {"TST002": []}}),
    "no policies": (
        "analysed.json",
        lambda record: {**record, "reads": {}, "library": {**record["library"], "rules": []}},
    ),
}


@pytest.mark.parametrize("name", _OTHERS)
def test_a_record_of_another_shape_is_none(known: Path, name: str) -> None:
    """The fingerprint is right, and what is below it is not what a compilation writes."""
    file, change = _OTHERS[name]
    record = known / ".cbp" / file
    record.write_text(json.dumps(change(json.loads(record.read_bytes()))))
    assert _after_an_edit(known).exit_code == 0
    assert json.loads(record.read_bytes())["reads" if file == "analysed.json" else "answers"]


@pytest.mark.parametrize("name", ["analysed.json", "verdicts.json", "compiled.json", "verdicts.json.new"])
def test_a_pipe_in_the_place_of_a_record_is_not_waited_for(known: Path, name: str) -> None:
    file = known / ".cbp" / name
    file.unlink(missing_ok=True)
    os.mkfifo(file)
    _write_heap(known, HEAP - 1)
    assert _compile(known).exit_code == 0


def test_a_flag_of_the_shell_forgets_no_proof(monkeypatch: pytest.MonkeyPatch, known: Path) -> None:
    """``PYTHONDONTWRITEBYTECODE`` differs between terminals, hooks and editors."""
    before = fingerprint.proof(known / "policies")
    names = sys.flags.__match_args__
    flags = SimpleNamespace(__match_args__=names, **{name: getattr(sys.flags, name) for name in names})
    flags.dont_write_bytecode = 1 - flags.dont_write_bytecode
    monkeypatch.setattr(sys, "flags", flags)
    assert fingerprint.proof(known / "policies") == before
    flags.optimize += 1
    assert fingerprint.proof(known / "policies") != before
