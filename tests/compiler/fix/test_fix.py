"""``cbp fix`` on broken projects: what it prints, and what it changes in the files.

A case is a folder below ``golden/``: ``case.yaml`` is the author's edit of the committed project
(:class:`tests.golden.cases.Case`), and ``expected.txt`` is what the command prints, and the difference to what was
committed. Write the files anew with ``CBP_UPDATE_GOLDEN=1``, and read them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from compiler.cli import main
from tests.compiler.history.git import commit, git
from tests.compiler.project import POLICIES
from tests.copying import copy_tree
from tests.golden.cases import Case, apply, base
from tests.policy.mutation import AS_OF

CASES = Path(__file__).parent / "golden"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The specification and staging of the frozen project, committed."""
    base(tmp_path)
    copy_tree(POLICIES, tmp_path / "policies")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path)
    return tmp_path


def run(project: Path, command: str, *options: str) -> Result:
    arguments = [command, "--root", str(project), "--as-of", str(AS_OF), *options]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False, env={"CI": ""})
    assert not result.stderr
    return result


def difference(project: Path) -> str:
    lines = git(project, "diff", "-U0", "--", "spec", "environments").splitlines()
    return "".join(f"{line}\n" for line in lines if not re.match("diff|index|---", line))


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir()))
def test_what_follows_an_edit_is_printed_and_written(name: str, project: Path) -> None:
    broken = Case.model_validate(yaml.safe_load((CASES / name / "case.yaml").read_text(encoding="utf-8")))
    apply(broken, project)
    result = run(project, "fix", *broken.arguments)
    said = f"{result.stdout}exit status {result.exit_code}\n\n{difference(project)}"
    expected = CASES / name / "expected.txt"
    if "CBP_UPDATE_GOLDEN" in os.environ:
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")
    assert result.exit_code == broken.exit


def test_what_was_fixed_compiles_and_nothing_is_left_to_fix(project: Path) -> None:
    file = project / "spec/compute.yaml"
    file.write_text(file.read_text().replace("scale_up: 70%", "scale_up: 75%"))
    assert run(project, "compile", "--check").stdout.count("error[CON002]") == 2
    assert run(project, "fix").exit_code == 0
    assert "error[CON" not in run(project, "compile", "--check").stdout
    assert run(project, "fix").stdout == "nothing to fix\n"


def test_an_edit_that_was_committed_on_a_branch_is_the_intent_too(project: Path) -> None:
    git(project, "switch", "--quiet", "--create", "raise")
    file = project / "spec/orchestration.yaml"
    file.write_text(file.read_text().replace("min: 2", "min: 3"))
    commit(project)
    report = run(project, "fix", "--check").stdout
    assert report.startswith("spec/compute.yaml:8:12: compute.application_tier.instances.min: 2 -> 3 (CON001, follows")
    assert not difference(project)
