"""The release workflow: valid, pinned, with no more rights than it needs, and about the environments that there are."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from compiler.diagnostics import Source
from compiler.sources import yaml
from compiler.sources.nodes import Plain, lookup, plain
from tests.compiler.project import live
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
        "propose": {"contents": "write", "pull-requests": "write"},
    }


def test_nothing_is_built_before_it_is_verified_nor_proposed_before_it_is_built() -> None:
    assert release("jobs", "verify", "uses") == "./.github/workflows/verify.yml"
    assert (release("jobs", "image", "needs"), release("jobs", "propose", "needs")) == ("verify", "image")


def test_the_digest_is_proposed_to_every_environment_whose_image_was_built() -> None:
    named = release("jobs", "propose", "strategy", "matrix", "environment")
    assert isinstance(named, list)
    assert sorted(named) == sorted(item.environment.name for item in live())
    repositories = {item.environment.image.repository for item in live()}
    assert {release("jobs", "image", "env", "IMAGE")} == repositories
    (registry,) = {repository.split("/")[0] for repository in repositories}
    assert registry == step("docker/login-action")["registry"]


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
