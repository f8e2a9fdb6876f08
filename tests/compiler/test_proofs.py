"""A compilation proves its policies, unless nothing has changed of all that their proof depends on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from compiler.cli import main
from compiler.compile_cache import fingerprint
from compiler.lineage import analysed, engine_process
from compiler.lineage.analysed import proved
from compiler.lineage.verdicts import remembering
from compiler.policy.errors import PolicyError
from compiler.policy.gate import Gate
from tests.compiler.project import ROOT
from tests.copying import copy_tree
from tests.policy.policies import RULE, changed, one_rule, with_tests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

RECORD = ".cbp/analysed.json"
PLACE = "testing/heap_large"


_TRUSTING = engine_process.trusting


def trusting(policies: Path) -> Gate:
    return remembering(policies, policies.parent)


@pytest.fixture(autouse=True)
def _trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    # The suite replaces them (tests/policy/proven.py).
    monkeypatch.setattr(engine_process, "trusting", _TRUSTING)
    monkeypatch.setattr(analysed, "proved", proved)
    # Another process would prove them unseen.
    monkeypatch.setattr("compiler.policy.workers.processors", lambda: 1)


@pytest.fixture
def proven(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rules that were proven, in the order of their proofs."""
    found: list[str] = []
    prove = Gate.prove

    def proving(gate: Gate) -> None:
        found.extend(rule.id for rule in gate.library.rules)
        prove(gate)

    monkeypatch.setattr(Gate, "prove", proving)
    return found


@pytest.fixture
def policies(tmp_path: Path, proven: list[str]) -> Path:
    """A folder of policies that was proven a moment ago."""
    folder = with_tests(tmp_path)
    (folder / "thresholds").mkdir()
    (folder / "thresholds/data.yaml").write_text("heap: 50\n")
    trusting(folder)
    assert proven == ["TST001"]
    trusting(folder)
    assert proven == ["TST001"]
    proven.clear()
    return folder


def cbp(project: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--root", str(project)], catch_exceptions=False)


@pytest.mark.parametrize(
    "file",
    [
        f"{PLACE}/heap_large.rego",
        f"{PLACE}/heap_large_test.rego",
        f"{PLACE}/fixture.yaml",
        "testing/domain.yaml",
        "thresholds/data.yaml",
        "rules.yaml",
    ],
)
def test_policies_with_any_file_changed_are_proven(policies: Path, proven: list[str], file: str) -> None:
    with (policies / file).open("a") as stream:
        stream.write("# more\n")
    trusting(policies)
    assert proven == ["TST001"]


def test_another_file_among_the_policies_is_a_change(policies: Path, proven: list[str]) -> None:
    (policies / "README.md").touch()
    trusting(policies)
    assert proven == ["TST001"]


def another_engine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of the same name and version, with other bytes; the fingerprint alone sees it."""
    (folder / "engine").mkdir()
    (folder / "engine/regorus.abi3.so").write_bytes(b"another build")
    found = ModuleSpec("regorus", None)
    found.submodule_search_locations = [str(folder / "engine")]
    monkeypatch.setattr(fingerprint, "find_spec", lambda _: found)


def another_python(_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version", f"{sys.version} of another build")


def another_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(folder)


@pytest.mark.parametrize("change", [another_engine, another_python, another_path])
def test_policies_are_proven_in_another_engine_or_interpreter(
    policies: Path,
    proven: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path, pytest.MonkeyPatch], None],
) -> None:
    change(tmp_path, monkeypatch)
    trusting(policies)
    assert proven == ["TST001"]


def test_another_version_of_a_library_is_a_change(
    policies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    before = fingerprint.proof(policies)
    (tmp_path / "another-1.0.dist-info").mkdir()
    assert fingerprint.proof(policies) != before


def test_policies_are_proven_by_another_compiler_but_not_by_one_that_moved(tmp_path: Path) -> None:
    """Each run is a process with a copy of the compiler's source, which moves, and is then changed in one comment."""
    source, folder = tmp_path / "source", with_tests(tmp_path / "project")
    for package in ("compiler", "runtime"):
        copy_tree(ROOT / package, source / package)
    records = []
    for text in ("", "", "# a comment\n"):
        with (source / "compiler/policy/rego_safety.py").open("a") as stream:
            stream.write(text)
        _prove_by(source, folder)
        records.append((folder.parent / RECORD).read_bytes())
        source = source.rename(tmp_path / f"moved {len(records)}")
    assert records[0] == records[1] != records[2]


def _prove_by(source: Path, policies: Path) -> None:
    program = (
        "from pathlib import Path\nfrom compiler.lineage.verdicts import remembering\n"
        f"remembering(Path({str(policies)!r}), Path({str(policies.parent)!r}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(source)}
    subprocess.run([sys.executable, "-c", program], cwd=source, env=environment, check=True)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '"proven"', '{"inputs": null, "loaded": null}', "[" * 9999])
def test_policies_are_proven_where_the_record_cannot_be_read(policies: Path, proven: list[str], text: str) -> None:
    (policies.parent / RECORD).write_text(text)
    trusting(policies)
    assert proven == ["TST001"]


@pytest.mark.parametrize(("part", "value"), [("inputs", "another"), ("proven", False), ("proven", 1)])
def test_policies_are_proven_where_the_record_is_of_others_or_says_that_they_are_not(
    policies: Path, proven: list[str], part: str, value: object
) -> None:
    file = policies.parent / RECORD
    record = json.loads(file.read_bytes())
    file.write_text(json.dumps({**record, part: value}))
    trusting(policies)
    assert proven == ["TST001"]
    assert json.loads(file.read_bytes()) == record


def test_policies_that_change_after_their_fingerprint_was_taken_judge_as_they_were(
    policies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read that could differ from the fingerprint."""
    known = fingerprint.proof(policies)
    monkeypatch.setattr(fingerprint, "proof", lambda _, **__: known)
    (policies / PLACE / "heap_large.rego").write_text(changed("memory.heap > 50", "memory.heap > 99"))
    assert _judgement(trusting(policies), 51)["denials"]


def test_policies_that_change_while_they_are_proven_are_not_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = with_tests(tmp_path)
    monkeypatch.setattr(Gate, "prove", lambda _: (policies / "thresholds").mkdir())
    monkeypatch.setattr(fingerprint, "proof", lambda _, **__: str((policies / "thresholds").exists()))
    trusting(policies)
    assert not (tmp_path / RECORD).exists()


def test_a_link_among_the_policies_makes_every_record_uncertain(tmp_path: Path) -> None:
    policies = with_tests(tmp_path)
    (policies / "notes.txt").symlink_to(tmp_path / "elsewhere")
    assert fingerprint.proof(policies) is None


def test_policies_that_no_longer_prove_themselves_judge_nothing(policies: Path) -> None:
    """The rule denies more than it did when it was proven: its own input that has to pass."""
    (policies / PLACE / "heap_large.rego").write_text(changed("memory.heap > 50", "memory.heap > 40"))
    record = (policies.parent / RECORD).read_bytes()
    for _ in range(2):
        with pytest.raises(PolicyError, match="TST001 denies its own must_pass"):
            trusting(policies)
    assert (policies.parent / RECORD).read_bytes() == record


def test_a_proof_is_known_again_when_a_change_is_taken_back(policies: Path, proven: list[str]) -> None:
    file = policies / PLACE / "heap_large.rego"
    file.write_text(changed("memory.heap > 50", "memory.heap > 40"))
    with pytest.raises(PolicyError):
        trusting(policies)
    file.write_text(RULE)
    proven.clear()
    trusting(policies)
    assert proven == []


def test_policies_that_are_known_to_be_proven_judge_as_they_did(policies: Path) -> None:
    first, again = (_judgement(trusting(policies), heap) for heap in (51, 51))
    (policies.parent / RECORD).unlink()
    assert first == again == _judgement(trusting(policies), 51)
    assert first["denials"]


def _judgement(gate: Gate, heap: int) -> dict[str, object]:
    document = json.dumps({"spec": {"limits": {"memory": {"heap": heap}}}})
    found: dict[str, object] = gate.engine.evaluate("gate.TST001", document)
    assert [rule.fixture.must_pass for rule in gate.library.rules] == [{"spec": {"limits": {"memory": {"heap": 50}}}}]
    return found


def test_commands_of_a_desk_prove_once_and_verify_and_check_prove_each_time(project: Path, proven: list[str]) -> None:
    """An edit of the specification is judged by the rules that were proven; what a pull request runs proves them."""
    network = "10.20.0.0/16=10.40.0.0/16"
    one_rule(project)
    edited = project / "spec/compute.yaml"
    expected = {
        ("compile",): 1,
        ("compile", "--environment", "staging"): 0,
        ("compile", "--format", "json"): 0,
        ("compile", "--check"): 1,
        ("verify",): 1,
        ("fix",): 0,
        ("env", "new", "uat", "--like", "staging", "--network", network): 0,
    }
    for command, proofs_made in expected.items():
        edited.write_text(f"{edited.read_text()}# {command}\n")
        proven.clear()
        assert cbp(project, *command).exit_code == 0
        assert len(proven) == proofs_made, command


def test_compile_says_the_same_with_and_without_the_record(project: Path) -> None:
    one_rule(project)
    assert cbp(project, "compile").exit_code == 0
    (project / ".cbp/compiled.json").unlink()
    known = cbp(project, "compile", "--format", "json")
    shutil.rmtree(project / ".cbp")
    full = cbp(project, "compile", "--format", "json")
    assert (known.stdout, known.stderr) == (full.stdout, full.stderr)


def test_a_refused_specification_leaves_the_proof_known(project: Path, proven: list[str]) -> None:
    one_rule(project, most=1)
    assert [cbp(project, "compile").exit_code for _ in range(2)] == [1, 1]
    assert proven == ["TST001"]


def test_a_project_that_cannot_hold_a_record_proves_each_time(project: Path, proven: list[str]) -> None:
    one_rule(project)
    (project / ".cbp").write_text("in the way")
    assert [cbp(project, "compile").exit_code for _ in range(2)] == [0, 0]
    assert proven == ["TST001", "TST001"]
