"""``cbp diff`` as it is run: its sides, the compiler as a cause, noise, overlays, and a comment that has a bound."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from compiler.report.diff.markdown import LINES, MARK, code, prose
from tests.compiler.cli.running import cbp
from tests.compiler.history.git import commit, git

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def diff(project: Path, *arguments: str) -> Result:
    return cbp("diff", *arguments, "--root", str(project), "--as-of", "2026-01-15")


def found(project: Path, *arguments: str) -> Any:
    result = diff(project, *arguments, "--format", "json")
    assert result.exit_code == 0
    return json.loads(result.stdout)


def edit(project: Path, file: str, old: str, new: str) -> None:
    text = (project / file).read_text()
    assert text.count(old) == 1
    (project / file).write_text(text.replace(old, new))


def test_a_statement_in_another_spelling_means_the_same_and_nothing_changes(project: Path) -> None:
    edit(project, "spec/load_balancing.yaml", 'interval: "30s"', 'interval: "30 seconds"')
    report = found(project)
    assert [item["means_the_same"] for item in report["statements"]] == [True]
    assert (report["values"], report["happenings"]) == ([], [])
    assert "means the same" in diff(project).stdout


def test_a_statement_that_every_overlay_hides_names_the_lines_that_are_kept(project: Path) -> None:
    edit(project, "environments/staging/overlays/tuning.yaml", "connections:\n", "orchestration:\n"
         "  configuration:\n    rolling_update:\n      max_surge: 2\nconnections:\n")  # fmt: skip
    commit(project)
    edit(project, "spec/orchestration.yaml", "max_surge: 1", "max_surge: 3")
    (statement,) = found(project, "HEAD")["statements"]
    assert [item["environment"] for item in statement["kept_by"]] == ["staging"]
    assert "; staging keeps its own (environments/staging/overlays/tuning.yaml:" in diff(project, "HEAD").stdout


def test_what_no_statement_moves_is_the_work_of_the_compiler(project: Path) -> None:
    """An upgrade of the compiler is a base whose committed output it would not write any more."""
    file = "generated/staging/eu-central-1/kubernetes/cbp-application/poddisruptionbudget-configuration-api.yaml"
    text = (project / file).read_text()
    (project / file).write_text(re.sub("maxUnavailable: 1", "maxUnavailable: 2", text))
    assert (project / file).read_text() != text
    commit(project)
    edit(project, "spec/compute.yaml", "optimal: 4", "optimal: 5")
    report = found(project)
    assert report["compiler"] == {"differs": False, "values": 1}
    assert {tuple(value["causes"]) for value in report["values"]} == {(0,), (1,)}
    assert "This upgrade of the compiler changes 1 value." in diff(project).stdout


def test_an_upgrade_that_changes_nothing_says_so(project: Path) -> None:
    (project / "compiler").mkdir()
    (project / "compiler/new.py").write_text("# a compiler\n")
    git(project, "add", "--all")
    assert "This upgrade of the compiler changes 0 values." in diff(project).stdout


def test_two_commits_are_compared_by_what_each_has_committed(project: Path) -> None:
    git(project, "switch", "--quiet", "--create", "proposal")
    edit(project, "spec/compute.yaml", "optimal: 4", "optimal: 5")
    commit(project)
    report = found(project, "main", "proposal")
    assert (report["head"], report["values"]) == ("proposal", [])  # nobody compiled
    assert 5 in [value["after"] for value in found(project, "main")["values"]]


def test_an_environment_that_is_new_is_one_statement_and_one_value_for_each_of_its_files(project: Path) -> None:
    folder = project / "environments/uat"
    (folder / "overlays").mkdir(parents=True)
    for file in ("environment.yaml", "overlays/tuning.yaml"):
        text = (project / "environments/staging" / file).read_text()
        (folder / file).write_text(re.sub("(?<!: )staging", "uat", text).replace("name: staging", "name: uat"))
    edit(project, "environments/uat/environment.yaml", "client_id: vault-uat", "client_id: vault-of-uat")
    report = found(project)
    assert {item["environment"] for item in report["statements"]} == {"uat"}
    assert {place.partition("/")[0] for value in report["values"] for place in value["places"]} == {"uat"}
    assert all(value["before"] is None and value["path"] is None for value in report["values"])


def test_a_comment_of_a_great_change_has_a_bound_and_counts_what_it_cut(project: Path) -> None:
    for file in sorted((project / "spec").glob("*.yaml")):
        text = re.sub(r'"5m"', '"6m"', file.read_text())
        file.write_text(re.sub(r"\b(70|80|75)%", lambda match: f"{int(match[1]) - 1}%", text))
    edit(project, "spec/compute.yaml", "max: 8\n", "max: 7\n")
    edit(project, "spec/orchestration.yaml", "max: 8\n", "max: 7\n")
    comment = diff(project, "--format", "markdown").stdout
    assert comment.startswith(f"{MARK}\n### cbp diff: ")
    assert len(comment.splitlines()) <= LINES
    assert re.search(r"and \d+ more|\d+ values in |Cut here: \d+ statements", comment)


def test_a_specification_with_errors_is_left_to_the_compiler(project: Path) -> None:
    edit(project, "spec/compute.yaml", "optimal: 4", "optimal: four")
    result = diff(project)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("cbp: the policies could not judge: the specification has errors")


def test_a_commit_that_there_is_not_ends_the_command_in_one_line(project: Path) -> None:
    result = diff(project, "nowhere")
    assert result.exit_code == 2
    assert "there is no commit 'nowhere' here" in result.stderr


def test_nothing_is_said_of_a_project_in_which_nothing_changed(project: Path) -> None:
    result = diff(project, "HEAD")
    assert result.stdout.startswith("0 statements, 0 values, against HEAD (")
    assert "no value changes" in result.stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("188", "`188`"),
        ("a|b", "`a\\|b`"),
        ("`a`", "`` `a` ``"),
        ("a ``b` c", "```a ``b` c```"),
        ("line\x1b[31m\n@here", "`line\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}@here`"),
    ],
)
def test_a_value_is_code_that_nothing_in_it_ends(text: str, expected: str) -> None:
    assert code(text) == expected


def test_a_message_holds_no_link_mention_or_markup() -> None:
    said = prose("*see* https://evil.example, www.evil.example, @everybody and s3://bucket")
    assert "https:" not in said
    assert "www." not in said
    assert not set("*@") & set(re.sub("&#[0-9]+;", "", said))
    assert said.endswith("s3://bucket")


def test_a_check_shows_what_the_edit_does_and_calls_nothing_an_error(project: Path) -> None:
    edit(project, "spec/compute.yaml", "optimal: 4", "optimal: 5")
    result = cbp("compile", "--check", "--root", str(project), "--as-of", "2026-01-15")
    assert result.exit_code == 1
    assert result.stdout.startswith("spec/compute.yaml:10 compute.application_tier.instances.optimal: 4 → 5\n  Deploy")
    assert "\n differs  generated/production/eu-central-1/kubernetes/cbp-application/deployment-" in result.stdout
    assert "error" not in result.stdout.replace("0 errors", "")
    assert re.search(r"[0-9]+ files, \d+ to be written by cbp compile; 0 errors, ", result.stdout.replace("\n", " "))


def test_each_form_of_a_check_holds_the_difference(project: Path) -> None:
    edit(project, "spec/compute.yaml", "optimal: 4", "optimal: 5")
    check = ("compile", "--check", "--root", str(project), "--as-of", "2026-01-15", "--format")
    document = json.loads(cbp(*check, "json").stdout)
    assert document["difference"]["statements"][0]["line"] == 10
    assert document["exit_code"] == 1
    for form, start in (("markdown", f"{MARK}\n"), ("github", "::notice file=spec/compute.yaml,line=10,")):
        shown = cbp(*check, form).stdout
        assert shown.startswith(start)
        assert "to be written by cbp compile" in shown


def test_a_check_of_a_project_without_git_lists_the_files_alone(project: Path) -> None:
    (project / ".git").rename(project.with_name("elsewhere"))
    edit(project, "spec/compute.yaml", "optimal: 4", "optimal: 5")
    result = cbp("compile", "--check", "--root", str(project), "--as-of", "2026-01-15")
    assert result.exit_code == 1
    assert result.stdout.startswith(" differs  generated/development/")


def test_an_acknowledgement_that_is_stale_already_is_no_news(project: Path) -> None:
    reason = "reason: it costs less, owner: platform, ticket: PLAT-1, granted: 2026-01-05"
    file = "generated/staging/eu-central-1/kubernetes/cbp-data/objectstore-configuration-db-eu-central-1.yaml"
    entry = f"rule: TRN010, file: {file}, before: 40 days, after: 30 days, {reason}"
    (project / "environments/staging/acknowledgements.yaml").write_text(f"acknowledgements: [{{{entry}}}]\n")
    commit(project)
    edit(project, "spec/compute.yaml", "optimal: 4", "optimal: 5")
    assert found(project, "HEAD")["verdicts"]["new"] == []
