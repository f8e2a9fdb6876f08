"""Transitions: each mistake on the way from what is committed is refused, and a deliberate one is acknowledged once."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from compiler.emit.pages.disaster import steps
from runtime.embedded import stack
from tests.compiler.cli.running import cbp
from tests.compiler.history.git import commit, git
from tests.compiler.project import site
from tests.copying import copy_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

TODAY = "2026-01-15"
PRODUCTION = "environments/production/environment.yaml"
ACKNOWLEDGEMENTS = "environments/production/acknowledgements.yaml"


def verify(project: Path, *options: str, command: str = "verify") -> Result:
    return cbp(command, "--root", str(project), "--as-of", TODAY, *options)


def found(project: Path, *options: str) -> dict[str, list[dict[str, Any]]]:
    """Return the findings about transitions, by their code."""
    listed: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(verify(project, "--format", "json", *options).stdout)["findings"]:
        if finding["code"].startswith(("TRN", "ACKN", "ENV006")):
            listed.setdefault(finding["code"], []).append(finding)
    return listed


def edit(project: Path, file: str, old: str, new: str) -> None:
    text = (project / file).read_text()
    assert old in text, old
    (project / file).write_text(text.replace(old, new, 1))


def smaller(project: Path) -> None:
    edit(project, "spec/storage.yaml", 'initial: "100GB"', 'initial: "50GB"')


def exchanged(project: Path) -> None:
    edit(project, PRODUCTION, "role: primary", "role: recovering")
    edit(project, PRODUCTION, "role: recovery\n", "role: primary\n")
    edit(project, PRODUCTION, "role: recovering", "role: recovery")


def partitioned(project: Path) -> None:
    file = project / "environments/production/overlays/tuning.yaml"
    file.write_text(re.sub(r"sharding: \S+", "sharding: 2", file.read_text()))


def another_archive(project: Path) -> None:
    edit(project, PRODUCTION, "location: s3://bank-cbp-production-eu-central-1", "location: s3://elsewhere-cbp")


def kept_shorter(project: Path) -> None:
    edit(project, "spec/storage.yaml", 'retention: "30 days"', 'retention: "21 days"')
    edit(project, "spec/backup.yaml", 'retention: "30 days"', 'retention: "21 days"')


def another_source(project: Path) -> None:
    edit(project, PRODUCTION, "platform/cbp-config.git", "platform/another.git")


def without_a_cluster(project: Path) -> None:
    edit(project, PRODUCTION, "    eu-west-1:\n", "    eu-north-1:\n")


KINDS: dict[str, Callable[[Path], None]] = {
    "TRN001": smaller,
    "TRN004": exchanged,
    "TRN005": partitioned,
    "TRN006": without_a_cluster,
    "TRN009": another_archive,
    "TRN010": kept_shorter,
    "TRN011": another_source,
}


@pytest.mark.parametrize("code", KINDS)
def test_a_transition_that_loses_something_is_refused_at_the_line_that_causes_it(code: str, project: Path) -> None:
    KINDS[code](project)
    (first, *_) = found(project)[code]
    assert first["severity"] == "error"
    assert first["path"].startswith(("spec/", "environments/production/"))
    assert first["line"]
    assert first["before"]
    assert first["after"]
    compiled = verify(project, command="compile")
    assert compiled.exit_code == 1
    assert "nothing was written" in compiled.stdout


def test_the_committed_state_itself_has_no_transition_and_every_rule_of_them_has_something_to_judge(
    project: Path,
) -> None:
    report = json.loads(verify(project, "--format", "json").stdout)
    assert found(project) == {}
    assert [rule for rule in report["policy"]["vacuous"] if rule.startswith("TRN")] == []
    assert set(report["transitions"]["bases"]) == {"development", "staging", "production"}


def test_the_old_side_survives_the_compilation_that_overwrites_the_working_tree(project: Path) -> None:
    smaller(project)
    copy_tree(project / ".git", project.with_name("kept"))
    shutil.rmtree(project / ".git")
    assert verify(project, command="compile").exit_code == 0  # nothing to compare with: written
    copy_tree(project.with_name("kept"), project / ".git")
    assert "TRN001" in found(project)


def test_an_exchange_with_a_handover_is_the_safe_way_and_passes_at_each_step(project: Path) -> None:
    exchanged(project)
    handover = "      role: primary\n      handover: {predecessor: eu-central-1}\n"
    edit(project, PRODUCTION, "      role: primary\n", handover)
    assert "TRN004" not in found(project)
    assert verify(project, command="compile").exit_code == 0
    commit(project)
    edit(project, PRODUCTION, "eu-central-1}", f"eu-central-1, token: {'A' * 32}}}")
    assert "TRN004" not in found(project)
    edit(project, PRODUCTION, handover.partition("\n")[2].replace("}", f", token: {'A' * 32}}}"), "")
    assert "TRN004" in found(project)  # without the token the rest of the log is lost all the same


def test_an_acknowledgement_lives_from_the_transition_until_it_is_done(project: Path) -> None:
    exchanged(project)
    (denied,) = found(project)["TRN004"]
    acknowledge(project, denied)
    (acknowledged,) = found(project)["TRN004"]
    assert acknowledged["waived"]["word"] == "acknowledged"
    compiled = verify(project, command="compile")
    assert compiled.exit_code == 0
    assert "acknowledged[TRN004]" in compiled.stdout
    commit(project)
    for base in ((), ("--base", "HEAD")):
        (stale,) = found(project, *base)["ACKN003"]
        assert (stale["path"], stale["line"], stale["severity"]) == (ACKNOWLEDGEMENTS, 2, "warning")
    assert verify(project, command="compile").exit_code == 0  # a merged acknowledgement blocks nobody
    expired = verify(project, "--as-of", "2026-04-16")
    assert expired.exit_code == 1
    assert "ACKN001" in expired.stdout
    (project / ACKNOWLEDGEMENTS).unlink()
    assert "ACKN003" not in found(project)


def test_the_steps_after_a_disaster_commit_the_whole_exchange_with_its_acknowledgement(project: Path) -> None:
    """The acknowledgement and the objects of the new primary are files that the repository did not have."""
    (commands,) = (step.commands for step, _ in steps(site(cluster="eu-west-1"), "eu-central-1") if "Git" in step.title)
    *edited, last = commands
    assert [PRODUCTION in edited[0], "TRN004" in edited[1], ACKNOWLEDGEMENTS in edited[2]] == [True, True, True]
    exchanged(project)
    (denied,) = found(project)["TRN004"]
    acknowledge(project, denied)
    assert verify(project, command="compile").exit_code == 0
    compiled, added, committed, pushed = (shlex.split(part) for part in last.split(" && "))
    assert (compiled, pushed[:2]) == (["cbp", "compile"], ["git", "push"])
    for program, *arguments in (added, committed):
        assert program == "git"
        git(project, *arguments)
    assert git(project, "status", "--porcelain", "--untracked-files=all", *added[3:]) == ""
    assert "deployment-configuration-api" in git(
        project, "ls-tree", "-r", "--name-only", "HEAD", "generated/production/eu-west-1"
    )


def test_an_acknowledgement_that_a_change_adds_without_its_transition_is_an_error(project: Path) -> None:
    original = (project / PRODUCTION).read_text()
    exchanged(project)
    (denied,) = found(project)["TRN004"]
    (project / PRODUCTION).write_text(original)
    acknowledge(project, denied)
    (needless,) = found(project)["ACKN003"]
    assert needless["severity"] == "error"


@pytest.mark.parametrize("code", ["TRN001", "TRN011"])
def test_the_entry_that_a_report_ends_with_is_copied_as_it_is(code: str, project: Path) -> None:
    KINDS[code](project)
    copied = []
    for block in verify(project).stdout.split("\n\n"):
        if f"[{code}]" in block:
            _, _, entries = block.partition(" granted to:\n")
            said = "    reason: carried over\n    owner: data\n    ticket: PLAT-1\n    granted: 2026-01-15\n"
            copied += [f"  - {entry.rstrip()}\n{said}" for entry in entries.split("  - ")[1:]]
    assert copied
    for name in ("development", "staging", "production"):
        own = [entry for entry in copied if f"/{name}/" in entry]
        if own:
            file = project / f"environments/{name}/acknowledgements.yaml"
            file.write_text("acknowledgements:\n" + "".join(own))
    report = found(project)
    assert {finding["waived"] is None for finding in report.pop(code)} == {False}
    assert report == {}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"after": "eu-north-1 serves"}, "ACKN004"),
        ({"file": "generated/staging/eu-central-1/kubernetes/x.yaml"}, "ACKN004"),
        ({"rule": "CON001"}, "ACKN005"),
        ({"granted": "2026-01-16"}, "ACKN002"),
        ({"granted": "2025-01-15"}, "ACKN001"),
    ],
)
def test_a_wrong_acknowledgement_is_an_error_and_lets_nothing_pass(
    changes: dict[str, str], code: str, project: Path
) -> None:
    exchanged(project)
    acknowledge(project, found(project)["TRN004"][0], **changes)
    report = found(project)
    assert [finding["waived"] for finding in report["TRN004"]] == [None]
    assert [finding["path"] for finding in report[code]] == [ACKNOWLEDGEMENTS]


def test_two_acknowledgements_of_one_transition_are_an_error(project: Path) -> None:
    exchanged(project)
    acknowledge(project, *found(project)["TRN004"] * 2)
    assert [finding["path"] for finding in found(project)["ACKN006"]] == [ACKNOWLEDGEMENTS]


def test_a_removed_environment_is_named_with_its_files_until_that_is_acknowledged(project: Path) -> None:
    folder = project / "environments/staging"
    shutil.rmtree(folder)
    (gone,) = found(project)["ENV006"]
    number = len(git(project, "ls-files", "generated/staging", "generated/argocd/staging").splitlines())
    assert gone["message"].startswith(f"removed: staging, {number} files")
    assert gone["path"] == "environments/staging"
    folder.mkdir()
    acknowledge(project, gone, environment="staging")
    compiled = verify(project, command="compile")
    assert compiled.exit_code == 0
    assert "removed: staging, " in compiled.stdout
    assert "pruned  generated/staging/" not in compiled.stdout
    commit(project)
    assert "ACKN003" in found(project)
    shutil.rmtree(folder)
    assert found(project) == {}


def test_a_renamed_environment_is_a_removed_one(project: Path) -> None:
    (project / "environments/staging").rename(project / "environments/uat")
    edit(project, "environments/uat/environment.yaml", "name: staging", "name: uat")
    assert [finding["path"] for finding in found(project)["ENV006"]] == ["environments/staging"]


def test_production_is_judged_from_what_is_deployed_there_until_it_is_promoted(project: Path) -> None:
    git(project, "branch", "production")
    exchanged(project)
    acknowledge(project, found(project)["TRN004"][0])
    assert verify(project, command="compile").exit_code == 0
    merged = commit(project)
    work = project.with_name("work")
    git(project.parent, "clone", "--quiet", str(project), "work")
    assert set(found(work)) == {"TRN004"}  # merged, but not promoted: still acknowledged, and not stale
    git(project, "branch", "--force", "production", merged)
    git(work, "fetch", "--quiet")
    assert set(found(work)) == {"ACKN003"}


def test_without_a_base_a_desk_is_told_and_ci_could_not_run(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(project / ".git")
    report = verify(project)
    assert report.exit_code == 0, report.output
    assert "transitions not judged: no base: " in report.stdout
    assert "TRN" not in report.stdout
    monkeypatch.setenv("CI", "true")
    refused = verify(project)
    assert refused.exit_code == 2
    assert "transitions could not be judged" in refused.stderr


def test_the_api_can_be_tried_without_a_base(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(project / ".git")
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(stack, "run", lambda *_, **__: 0)
    tried = cbp("up", "--root", str(project))
    assert tried.exit_code == 0, tried.output


def test_ci_is_content_with_the_commit_that_it_names(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("CBP_BASE", "HEAD")
    report = verify(project)
    assert report.exit_code == 0
    assert "nothing to compare: HEAD is the base: development, production, staging" in report.stdout
    assert "transitions judged from" not in report.stdout
    monkeypatch.setenv("CBP_BASE", "nowhere")
    assert verify(project).exit_code == 2


def test_a_base_without_output_has_nothing_that_could_be_lost(project: Path) -> None:
    shutil.rmtree(project / "generated")
    commit(project)
    smaller(project)
    assert found(project) == {}


def test_objects_are_recognised_in_files_that_an_older_compiler_named_otherwise(project: Path) -> None:
    folder = project / "generated/production/eu-west-1/kubernetes"
    (folder / "cbp-data/cluster-configuration-db.yaml").rename(folder / "database.yaml")
    commit(project)
    exchanged(project)
    assert "TRN004" in found(project)


def test_a_base_that_cannot_be_read_stops_ci_and_not_the_desk_that_repairs_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "generated/production/eu-west-1/kubernetes/broken.yaml").write_text("spec: [\n")
    commit(project)
    (project / "generated/production/eu-west-1/kubernetes/broken.yaml").unlink()
    report = verify(project)
    assert report.exit_code == 0
    assert "is not YAML" in report.stdout
    monkeypatch.setenv("CI", "true")
    assert verify(project).exit_code == 2


def test_a_repeated_compilation_is_judged_anew_once_the_base_is_another(project: Path) -> None:
    exchanged(project)
    acknowledge(project, found(project)["TRN004"][0])
    for _ in range(2):
        assert "1 acknowledged" in verify(project, command="compile").stdout
    commit(project)
    assert "ACKN003" in verify(project, command="compile").stdout


def test_authors_of_rules_see_both_sides(project: Path) -> None:
    exchanged(project)
    cluster = "production/eu-west-1"
    before = json.loads(cbp("policy", "input", cluster, "--root", str(project), "--at", "before").stdout)
    assert before["clusters"] == ["eu-central-1", "eu-west-1"]
    evaluated = cbp("policy", "eval", "TRN004", cluster, "--root", str(project), "--base", "HEAD").stdout
    assert evaluated.startswith(f"TRN004 on {cluster}: 1 examined, 1 denied")


def acknowledge(project: Path, *denied: dict[str, Any], environment: str = "production", **changes: str) -> None:
    """Write acknowledgements of findings with the keys that their reports print."""
    written = [
        {
            "rule": finding["code"],
            "file": place["file"],
            **({"pointer": place["pointer"]} if place["pointer"] else {}),
            "before": finding["before"],
            "after": finding["after"],
            "reason": "the region is lost since this morning",
            "owner": "reliability",
            "ticket": "PLAT-1",
            "granted": TODAY,
            **changes,
        }
        for finding in denied
        for place in finding["rendered"]
    ]
    file = project / f"environments/{environment}/acknowledgements.yaml"
    file.write_text(yaml.safe_dump({"acknowledgements": written}, sort_keys=False))
