"""The workflows: valid, pinned, with no more rights than they need, and about the environments that there are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from compiler.diagnostics import Source
from compiler.report.diff.markdown import MARK
from compiler.sources import yaml
from compiler.sources.nodes import Plain, lookup, plain
from tests.image.containerfile import PROJECT, containerfile

WORKFLOWS = PROJECT / ".github/workflows"
_PINNED = re.compile(r"(?:\./[\w./-]+|[\w-]+(?:/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+)")


def test_actionlint_has_nothing_to_say() -> None:
    # Of the linters that it would call for scripts, each machine has others: what it says must not depend on them.
    command = [str(Path(sys.executable).with_name("actionlint")), "-no-color", "-shellcheck=", "-pyflakes="]
    ran = subprocess.run([*command, *sorted(WORKFLOWS.glob("*.yml"))], cwd=PROJECT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_every_action_is_pinned_by_its_commit_with_the_version_beside_it() -> None:
    for file in WORKFLOWS.glob("*.yml"):
        used = re.findall(r"uses: (.+)", file.read_text())
        assert used
        assert [action for action in used if not _PINNED.fullmatch(action)] == []


def test_an_action_has_the_same_commit_wherever_it_is_used() -> None:
    used = {action for file in WORKFLOWS.glob("*.yml") for action in re.findall(r"uses: (.+@.+)", file.read_text())}
    assert len(used) == len({action.partition("@")[0] for action in used})


def test_each_job_of_a_release_has_the_rights_that_it_needs_and_no_other() -> None:
    assert release("permissions") == {}
    assert {name: release("jobs", name, "permissions") for name in mapping(release("jobs"))} == {
        "verify": {"contents": "read"},
        "image": {"contents": "read", "id-token": "write", "attestations": "write"},
        "environments": {"contents": "read"},
        "propose": {"contents": "write", "pull-requests": "write"},
    }


def test_nothing_is_built_before_it_is_verified_nor_proposed_before_it_is_built() -> None:
    assert release("jobs", "verify", "uses") == "./.github/workflows/verify.yml"
    assert (release("jobs", "image", "needs"), release("jobs", "environments", "needs")) == ("verify", "verify")
    assert release("jobs", "propose", "needs") == ["image", "environments"]


def test_the_digest_is_proposed_to_every_environment_that_there_is(tmp_path: Path) -> None:
    listed = "${{ fromJSON(needs.environments.outputs.names) }}"
    assert release("jobs", "propose", "strategy", "matrix", "environment") == listed
    for name in ("uat", "development"):
        (tmp_path / "environments" / name).mkdir(parents=True)
    assert json.loads(ran("release.yml", "environments", "list", tmp_path)["names"]) == ["development", "uat"]


def test_the_registry_that_is_signed_in_to_is_that_of_the_image(tmp_path: Path) -> None:
    """The compiler compares the image with the one that every environment runs (SPEC021)."""
    assert step("docker/login-action")["registry"] == "${{ steps.registry.outputs.host }}"
    named = ran("release.yml", "image", "registry", tmp_path, IMAGE="registry.example:5000/a/b")
    assert named == {"host": "registry.example:5000"}


def test_the_build_is_given_every_argument_of_the_containerfile() -> None:
    given = step("docker/build-push-action")
    arguments = {item.value.partition("=")[0] for item in containerfile().last if item.name == "ARG"}
    assert {line.partition("=")[0] for line in str(given["build-args"]).splitlines()} == arguments
    assert given["file"] == "Containerfile"
    assert (given["provenance"], given["sbom"]) == ("mode=max", "true")


def test_no_script_holds_what_somebody_else_may_have_written() -> None:
    """An expression in a script is pasted into it: values come as environment variables."""
    for file in WORKFLOWS.glob("*.yml"):
        for job in mapping(workflow(file, "jobs")):
            steps = workflow(file, "jobs", job, "steps") if "steps" in mapping(workflow(file, "jobs", job)) else []
            assert not [found for found in steps if "${{" in str(mapping(found).get("run", ""))]


@pytest.mark.parametrize(
    ("changed", "suite"),
    [
        (["spec/limits.yaml", "environments/uat/environment.yaml", "generated/manifest.json"], "false"),
        (["spec/limits.yaml", "compiler/pipeline.py"], "true"),
        (["docs/spec/limits.yaml"], "true"),
        ([], "true"),
    ],
)
def test_a_pull_request_of_the_specification_alone_leaves_the_suite_to_the_merge_queue(
    tmp_path: Path, changed: list[str], suite: str
) -> None:
    shutil.copytree(PROJECT / ".ci", tmp_path / ".ci")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    for name in changed:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    commit(tmp_path)
    assert ran("verify.yml", "scope", "scope", tmp_path, EVENT="pull_request") == {"suite": suite}
    for event in ("merge_group", "push"):
        assert ran("verify.yml", "scope", "scope", tmp_path, EVENT=event) == {"suite": "true"}


def test_a_file_that_leaves_the_specifications_folders_is_a_change_outside_them(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / ".ci", tmp_path / ".ci")
    (tmp_path / "spec").mkdir()
    (tmp_path / "rule.rego").write_text("package a\n")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    (tmp_path / "rule.rego").rename(tmp_path / "spec/rule.rego")
    commit(tmp_path)
    assert ran("verify.yml", "scope", "scope", tmp_path, EVENT="pull_request") == {"suite": "true"}


def test_what_a_merge_requires_reports_for_every_event() -> None:
    """GitHub takes a job that was left out for a success: `complete` always runs, and tells whether that was meant."""
    verify = WORKFLOWS / "verify.yml"
    assert {"pull_request", "merge_group"} <= set(mapping(workflow(verify, "on")))
    assert "paths" not in str(workflow(verify, "on"))
    assert "if" not in mapping(workflow(verify, "jobs", "gate"))
    assert workflow(verify, "jobs", "complete", "if") == "${{ always() }}"
    assert set(mapping(workflow(verify, "jobs"))) == {"complete", *workflow(verify, "jobs", "complete", "needs")}


@pytest.mark.parametrize(
    ("expected", "results", "passes"),
    [
        ("success", "success success success success", True),
        ("skipped", "success success skipped skipped", True),
        ("success", "success success success skipped", False),
        ("success", "success success failure success", False),
        ("skipped", "failure success skipped skipped", False),
        ("skipped", "success failure skipped skipped", False),
        ("skipped", "success cancelled skipped skipped", False),
    ],
)
def test_a_merge_needs_the_gate_and_the_suite_unless_it_was_left_to_the_merge_queue(
    tmp_path: Path, expected: str, results: str, passes: bool
) -> None:
    (script,) = (str(mapping(found)["run"]) for found in steps("verify.yml", "complete"))
    names = dict(zip(("GATE", "SCOPE", "SUITE", "OPA"), results.split(), strict=True))
    assert (bash(script, tmp_path, EXPECTED=expected, **names).returncode == 0) == passes


def test_drift_is_looked_for_in_every_cluster_that_there_is_on_the_branch_that_it_is_deployed_from(
    tmp_path: Path,
) -> None:
    for environment, cluster in (("uat", "eu-north-1"), ("uat", "eu-south-1"), ("development", "eu-north-1")):
        (tmp_path / "generated" / environment / cluster / "kubernetes").mkdir(parents=True)
        argocd = tmp_path / "generated/argocd" / environment
        argocd.mkdir(parents=True, exist_ok=True)
        (argocd / "applicationset.yaml").write_text(f'source:\n  targetRevision: "{environment}-branch"\n')
    assert json.loads(ran("drift.yml", "clusters", "list", tmp_path)["sites"]) == [
        {"environment": "development", "cluster": "eu-north-1", "revision": "development-branch"},
        {"environment": "uat", "cluster": "eu-north-1", "revision": "uat-branch"},
        {"environment": "uat", "cluster": "eu-south-1", "revision": "uat-branch"},
    ]
    assert workflow(WORKFLOWS / "drift.yml", "jobs", "check", "strategy", "matrix", "site") == (
        "${{ fromJSON(needs.clusters.outputs.sites) }}"
    )


def test_the_branch_of_every_environment_of_the_checkout_is_found(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "generated", tmp_path / "generated")
    sites = json.loads(ran("drift.yml", "clusters", "list", tmp_path)["sites"])
    assert len(sites) == len(list(PROJECT.glob("generated/*/*/kubernetes")))
    for site in sites:
        folder = PROJECT / "environments" / site["environment"]
        assert f"revision: {site['revision']}" in (folder / "environment.yaml").read_text()


def test_the_checks_run_on_a_schedule_and_read_alone() -> None:
    drift = WORKFLOWS / "drift.yml"
    assert "schedule" in mapping(workflow(drift, "on"))
    assert workflow(drift, "permissions") == {}
    assert {name: workflow(drift, "jobs", name, "permissions") for name in mapping(workflow(drift, "jobs"))} == {
        "clusters": {"contents": "read"},
        "check": {"contents": "read", "id-token": "write"},
        "drills": {"contents": "read"},
        "alert": {"issues": "write"},
    }
    found = (*steps("drift.yml", "check"), *steps("drift.yml", "drills"))
    scripts = "\n".join(str(mapping(each).get("run", "")) for each in found)
    assert ".venv/bin/cbp cluster check " in scripts
    assert ".venv/bin/cbp vault check " in scripts
    assert ".venv/bin/cbp drill due >> " in scripts  # no pipe, which would hide that it failed
    assert "secrets." not in drift.read_text()


TITLE = "A cluster or Vault differs from what is compiled, or a drill is due"


@pytest.mark.parametrize(
    ("results", "is_open", "done"),
    [
        ("success success success", False, []),
        ("success success success", True, ["issue close 7"]),
        ("success failure success", False, ["issue create --title"]),
        ("success success failure", False, ["issue create --title"]),
        ("success failure success", True, ["issue comment 7"]),
        ("success cancelled success", False, ["issue create --title"]),
        ("failure skipped skipped", False, ["issue create --title"]),
    ],
)
def test_a_check_that_failed_or_could_not_run_is_an_open_issue(
    tmp_path: Path, results: str, is_open: bool, done: list[str]
) -> None:
    issues = [{"number": 3, "title": f"Re: {TITLE}"}, *([{"number": 7, "title": TITLE}] if is_open else [])]
    gh = tmp_path / "gh"
    gh.write_text(f"#!/bin/sh\necho \"$@\" >> {tmp_path}/asked\n[ $2 != list ] || echo '{json.dumps(issues)}'\n")
    gh.chmod(0o755)
    (script,) = (str(mapping(found)["run"]) for found in steps("drift.yml", "alert"))
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    bash(script, tmp_path, PATH=path, RESULTS=results, RUN="https://run.example").check_returncode()
    asked = (tmp_path / "asked").read_text().splitlines()[1:]
    assert [line.startswith(begin) for line, begin in zip(asked, done, strict=True)] == [True] * len(done)


def test_the_comment_and_the_page_are_kept_with_each_pull_request() -> None:
    *_, compare, upload = (mapping(step) for step in steps("diff.yml", "compare"))
    folder = "$RUNNER_TEMP/diff"
    assert f'cbp diff "$BRANCH" --format markdown > "{folder}/comment.md"' in str(compare["run"])
    assert f'cbp report "$BRANCH" > "{folder}/report.html"' in str(compare["run"])
    assert mapping(upload["with"])["path"] == "${{ runner.temp }}/diff"


def test_what_writes_the_comment_runs_nothing_of_the_pull_request() -> None:
    diff = WORKFLOWS / "diff.yml"
    assert workflow(diff, "permissions") == {}
    assert workflow(diff, "jobs", "compare", "permissions") == {"contents": "read"}
    assert workflow(diff, "jobs", "comment", "permissions") == {"pull-requests": "write"}
    used = [str(mapping(found).get("uses", "")) for found in steps("diff.yml", "comment")]
    assert not [action for action in used if "checkout" in action]


@pytest.mark.parametrize(
    ("known", "done"),
    [
        ([], "api --method POST repos/a/issues/5/comments"),
        (["<!-- cbp diff -->"], "api --method PATCH repos/a/issues/comments/11"),
        (["not of it", "<!-- cbp diff -->"], "api --method PATCH repos/a/issues/comments/12"),
    ],
)
def test_a_pull_request_has_one_comment_which_each_push_replaces(tmp_path: Path, known: list[str], done: str) -> None:
    ours = {"login": "github-actions[bot]"}
    comments = [{"id": 11 + number, "user": ours, "body": f"{body}\nof old"} for number, body in enumerate(known)]
    comments.append({"id": 99, "user": {"login": "somebody"}, "body": MARK})
    (tmp_path / "comments.json").write_text(json.dumps(comments))
    gh = tmp_path / "gh"
    # As gh does, the stand-in hands the query of --jq to jq; it is the last argument.
    gh.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n'
        f'[ "$2" != --paginate ] || for query; do :; done\n'
        f'[ "$2" != --paginate ] || jq -r "$query" {tmp_path}/comments.json\n'
    )
    gh.chmod(0o755)
    (script,) = (str(mapping(found)["run"]) for found in steps("diff.yml", "comment") if "run" in mapping(found))
    variables = {"COMMENTS": "repos/a/issues/5/comments", "COMMENT": "repos/a/issues/comments"}
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    bash(script, tmp_path, PATH=path, **variables).check_returncode()
    assert (tmp_path / "asked").read_text().splitlines()[-1].startswith(f"{done} --field body=@diff/comment.md")


def ran(file: str, job: str, step: str, folder: Path, **variables: str) -> dict[str, str]:
    """Run the script of a step in a folder, and return the outputs that it set."""
    (script,) = (str(found["run"]) for found in map(mapping, steps(file, job)) if found.get("id") == step)
    outputs = folder / "outputs"
    outputs.write_text("")
    bash(script, folder, GITHUB_OUTPUT=str(outputs), **variables).check_returncode()
    return dict(line.split("=", 1) for line in outputs.read_text().splitlines())


def bash(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a runner does."""
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False)


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", folder, *arguments], check=True)


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    author = ("-c", "user.name=a", "-c", "user.email=a@bank.example")
    git(folder, *author, "commit", "--quiet", "--allow-empty", "--message", "a change")


def steps(file: str, job: str) -> Sequence[Plain]:
    found = workflow(WORKFLOWS / file, "jobs", job, "steps")
    assert isinstance(found, Sequence)
    return found


def step(action: str) -> Mapping[str, Plain]:
    """Return what the one step of the image's job that uses an action is given."""
    (found,) = (item for item in map(mapping, release("jobs", "image", "steps")) if action in str(item.get("uses")))
    return mapping(found["with"])


def release(*path: str) -> Plain:
    return workflow(WORKFLOWS / "release.yml", *path)


def workflow(file: Path, *path: str) -> Plain:
    """Return a value of a workflow, as text, list or mapping."""
    root, findings = yaml.parse(Source(file.name, file.read_text()))
    assert root
    assert not findings
    found = lookup(root, path)
    assert found, path
    return plain(found)


def mapping(value: Plain) -> Mapping[str, Plain]:
    assert isinstance(value, Mapping)
    return value
