"""A compilation with nothing changed says what it said last time; whatever has changed is compiled in full.

Each test writes a word of its own into the recorded reports: a run that prints it has read the record.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from compiler.cli import main
from tests.compiler.project import ROOT, copy
from tests.copying import copy_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RECORD = ".cbp/compiled.json"
MARK = "(from the record)"
DEPLOYMENT = "generated/staging/eu-central-1/kubernetes/cbp-application/deployment-configuration-api.yaml"


def cbp(project: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*(arguments or ("compile",)), "--root", str(project)], catch_exceptions=False)


def mark(project: Path) -> None:
    file = project / RECORD
    record = json.loads(file.read_bytes())
    record["reports"] = dict.fromkeys(record["reports"], MARK)
    file.write_text(json.dumps(record))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was just compiled, with the mark in its record; not to be changed."""
    project = copy(tmp_path_factory.mktemp("compiled") / "a project", "staging")
    assert cbp(project).exit_code == 0
    mark(project)
    return project


@pytest.fixture
def marked(compiled: Path, tmp_path: Path) -> Path:
    """A copy of that project, which is known to be up to date."""
    project = copy_tree(compiled, tmp_path / "a project")
    assert cbp(project).stdout == MARK
    return project


def append(path: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        with (project / path).open("a") as file:
            file.write("# more\n")

    return change


def create(path: str) -> Callable[[Path], None]:
    return lambda project: (project / path).touch()


def remove(path: str) -> Callable[[Path], None]:
    return lambda project: (project / path).unlink()


def link(project: Path) -> None:
    file = project / DEPLOYMENT
    aside = project / "aside.yaml"
    file.rename(aside)
    file.symlink_to(aside)


CHANGES: dict[str, Callable[[Path], None]] = {
    "a section": append("spec/compute.yaml"),
    "a document beside the sections": remove("spec/SECURITY_SPEC.md"),
    "an environment": append("environments/staging/environment.yaml"),
    "another overlay": create("environments/staging/overlays/more.yaml"),
    "an overlay that is gone": remove("environments/staging/overlays/tuning.yaml"),
    "a rule": append("policies/environment/zones_missing/zones_missing.rego"),
    "a rule's fixture": append("policies/environment/zones_missing/fixture.yaml"),
    "the policies' data": append("policies/thresholds/data.yaml"),
    "a generated file, by hand": append(DEPLOYMENT),
    "a generated file that is gone": remove(DEPLOYMENT),
    "a generated file that is a link": link,
    "a file among the generated": create("generated/staging/more.yaml"),
    "the manifest": append("generated/manifest.json"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_has_changed_is_compiled_in_full(marked: Path, change: Callable[[Path], None]) -> None:
    change(marked)
    again = copy_tree(marked, marked.with_name("again"))
    shutil.rmtree(again / ".cbp")
    result, full = (cbp(folder, "compile", "--format", "json") for folder in (marked, again))
    assert (result.stdout, result.exit_code) == (full.stdout, full.exit_code)
    assert MARK not in result.stdout


def test_a_time_of_change_is_no_change(marked: Path) -> None:
    for file in (marked / "spec/compute.yaml", marked / DEPLOYMENT):
        os.utime(file, (1, 1))
    assert cbp(marked).stdout == MARK


def test_another_day_is_compiled_in_full(marked: Path) -> None:
    """A waiver may have expired since."""
    assert MARK not in cbp(marked, "compile", "--as-of", "2026-11-25").stdout


@pytest.mark.parametrize("format_", ["json", "github", "markdown"])
def test_a_form_that_was_not_asked_for_is_compiled_in_full_and_kept(marked: Path, format_: str) -> None:
    full = cbp(marked, "compile", "--format", format_).stdout
    record = json.loads((marked / RECORD).read_bytes())
    assert set(record["reports"]) == {"text", "colour", format_}
    (marked / RECORD).write_text(json.dumps({**record, "reports": {format_: MARK}}))
    assert full != MARK
    assert cbp(marked, "compile", "--format", format_).stdout == MARK


def test_what_was_taken_back_is_no_change(marked: Path) -> None:
    file = marked / "spec/compute.yaml"
    content = file.read_bytes()
    append("spec/compute.yaml")(marked)
    file.write_bytes(content)
    assert cbp(marked).stdout == MARK


@pytest.mark.parametrize("format_", ["text", "json", "github"])
def test_the_record_holds_exactly_what_a_full_compilation_says(project: Path, format_: str) -> None:
    assert cbp(project, "compile", "--format", format_).exit_code == 0
    known = cbp(project, "compile", "--format", format_)
    record = json.loads((project / RECORD).read_bytes())
    (project / RECORD).write_text(json.dumps({**record, "inputs": "others"}))
    full = cbp(project, "compile", "--format", format_)
    assert (known.stdout, known.stderr, known.exit_code) == (full.stdout, full.stderr, full.exit_code)
    assert "none changed" in full.stdout or '"changes": []' in full.stdout


@pytest.mark.parametrize("command", [("verify",), ("compile", "--check"), ("compile", "--environment", "staging")])
def test_only_a_compilation_of_everything_that_writes_reads_the_record(marked: Path, command: tuple[str, ...]) -> None:
    assert MARK not in cbp(marked, *command).stdout


def test_no_record_lets_a_hand_edited_file_pass(marked: Path) -> None:
    append(DEPLOYMENT)(marked)
    assert cbp(marked, "verify").exit_code == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"inputs": 1, "outputs": 2, "reports": {"text": 3}}', "[" * 9999])
def test_a_record_that_cannot_be_read_is_none(marked: Path, text: str) -> None:
    (marked / RECORD).write_text(text)
    result = cbp(marked)
    assert result.exit_code == 0
    assert "none changed" in result.stdout


def test_a_refused_specification_is_judged_each_time(project: Path) -> None:
    file = project / "spec/limits.yaml"
    file.write_text(file.read_text().replace("80% maximum", "80 maximum"))
    first, second = cbp(project), cbp(project)
    assert (first.exit_code, first.stdout) == (second.exit_code, second.stdout) == (1, first.stdout)
    assert not (project / RECORD).exists()


def test_a_file_that_nobody_produces_is_reported_each_time(project: Path) -> None:
    assert cbp(project).exit_code == 0
    create("generated/mine.yaml")(project)
    assert all("GEN004" in cbp(project).stdout for _ in range(2))


def test_a_project_that_cannot_hold_a_record_is_compiled_all_the_same(project: Path) -> None:
    (project / ".cbp").write_text("in the way")
    assert [cbp(project).exit_code for _ in range(2)] == [0, 0]


def test_version_control_leaves_the_record_out(marked: Path) -> None:
    subprocess.run(["git", "init", "--quiet", marked], check=True)
    status = subprocess.run(["git", "status", "--porcelain"], cwd=marked, capture_output=True, check=True, text=True)
    assert ".cbp" not in status.stdout


def test_another_compiler_compiles_in_full(project: Path, tmp_path: Path) -> None:
    """The source of the compiler is an input like any other: here a copy of it, whose report is then worded anew."""
    for package in ("compiler", "runtime"):
        copy_tree(ROOT / package, tmp_path / "source" / package)
    assert "judged by" in _with_source(project, tmp_path / "source")
    mark(project)
    assert _with_source(project, tmp_path / "source") == MARK
    text = tmp_path / "source/compiler/report/text.py"
    text.write_text(text.read_text().replace("judged by", "weighed by"))
    assert "weighed by" in _with_source(project, tmp_path / "source")


def test_a_compiler_that_changes_while_it_compiles_records_nothing(project: Path, tmp_path: Path) -> None:
    """It may have run both sources: what it imported late is of the second."""
    for package in ("compiler", "runtime"):
        copy_tree(ROOT / package, tmp_path / "source" / package)
    module = tmp_path / "source/compiler/pipeline.py"
    module.write_text(f"{module.read_text()}\nopen(__file__, 'a').write('# a comment\\n')\n")
    _with_source(project, tmp_path / "source")
    assert not (project / RECORD).exists()


def _with_source(project: Path, source: Path) -> str:
    program = "from compiler.cli import main; main()"
    arguments = [sys.executable, "-c", program, "compile", "--root", str(project)]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    return subprocess.run(arguments, cwd=source, env=environment, capture_output=True, check=True, text=True).stdout


def test_a_warning_that_the_last_compilation_reported_is_known_and_a_new_one_is_shown(project: Path) -> None:
    assert "warning[DEP002]" in cbp(project).stdout
    known = re.compile(
        r"^\d+ warnings? known since the last compilation: .*\bDEP002\b.*; --all shows them$", re.MULTILINE
    )
    for arguments in ((), ("verify",), ("compile", "--check")):
        shown = cbp(project, *arguments).stdout
        assert known.search(shown), shown
        assert "warning[" not in shown
    assert cbp(project, "compile", "--all").stdout.count("warning[DEP002]") == 1
    references = project / "spec/references.yaml"
    references.write_text(references.read_text().replace("SECURITY_SPEC.md", "SAFETY_SPEC.md"))
    shown = cbp(project, "verify").stdout
    assert re.findall(r"^warning.*", shown, re.MULTILINE) == ["warning[SPEC020]: the document SAFETY_SPEC.md is absent"]
    assert known.search(shown)
