"""The base of an environment: the newest commit that the checkout has in common with the branch that it follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.history.base import History, NoBaseError
from compiler.history.repository import GitError, Repository
from tests.compiler.history.git import commit, git

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit on main."""
    folder = tmp_path / "origin"
    (folder / "generated/production/a/kubernetes").mkdir(parents=True)
    write(folder, "one")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    return folder


def write(folder: Path, text: str) -> None:
    (folder / "generated/production/a/kubernetes/object.yaml").write_text(text)


def chosen(folder: Path, reference: str | None = None, follows: str | None = "production") -> str | None:
    base = History(folder, reference).base(follows)
    return base.commit if base else None


def clone(repository: Path, *options: str) -> Path:
    target = repository.with_name("clone")
    git(repository.parent, "clone", "--quiet", *options, f"file://{repository}", target.name)
    return target


def test_files_are_read_from_a_commit_and_never_from_the_working_tree(repository: Path) -> None:
    write(repository, "changed in the working tree")
    base = History(repository).base()
    assert base
    path = "production/a/kubernetes/object.yaml"
    assert base.read([path]) == {path: b"one"}
    assert (base.environments, base.clusters("production"), base.count("production")) == (("production",), ("a",), 1)


def test_a_pull_request_is_compared_with_its_merge_base_and_not_with_what_the_trunk_has_since(repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    git(repository, "switch", "--quiet", "--create", "topic")
    write(repository, "topic")
    commit(repository)
    git(repository, "switch", "--quiet", "main")
    write(repository, "main")
    commit(repository)
    git(repository, "switch", "--quiet", "topic")
    assert chosen(repository) == first


def test_an_environment_with_a_branch_of_its_own_is_compared_with_what_is_deployed_there(repository: Path) -> None:
    released = git(repository, "rev-parse", "HEAD")
    git(repository, "branch", "production")
    write(repository, "two")
    latest = commit(repository)
    work = clone(repository)
    assert chosen(work, follows="production") == released
    assert chosen(work, follows="main") == latest
    assert chosen(work, "HEAD", "staging") == latest  # nothing follows staging yet: the named commit itself
    assert chosen(work, released, "main") == released


def test_a_clone_without_the_history_in_common_is_no_base_and_says_what_to_fetch(repository: Path) -> None:
    git(repository, "branch", "production")
    commit(repository)
    work = clone(repository, "--depth=1", "--no-single-branch")
    write(work, "work")
    commit(work)
    history = History(work)
    assert history.base("production") is None
    assert "git fetch --unshallow" in history.missing
    with pytest.raises(NoBaseError, match="git fetch --unshallow"):
        History(work, required=True).base("production")


def test_a_clone_without_a_remote_is_compared_with_the_named_commit(repository: Path) -> None:
    assert chosen(repository, "HEAD") == git(repository, "rev-parse", "HEAD")


@pytest.mark.parametrize("name", ["nowhere", "--output=x", "origin/production", "0" * 40])
def test_a_name_that_stands_for_no_commit_is_an_error_wherever_it_is_given(name: str, repository: Path) -> None:
    with pytest.raises(NoBaseError, match="there is no commit"):
        History(repository, name).base()


def test_without_git_a_commit_or_a_trunk_there_is_no_base(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "none").mkdir()
    history = History(tmp_path / "none")
    assert history.base() is None
    assert "not a git repository" in history.missing
    with pytest.raises(NoBaseError, match="check the repository out with Git, or set CBP_REQUIRE_BASE=false"):
        History(tmp_path / "none", required=True).base()
    git(tmp_path / "none", "init", "--quiet")
    assert (history.base(), history.missing) == (None, "nothing is committed yet")
    git(repository, "branch", "--move", "elsewhere")
    history = History(repository)
    assert history.base() is None
    assert "there is no branch main" in history.missing


def test_a_machine_without_git_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GitError, match="git is not installed"):
        Repository(repository).commit("HEAD")


def test_another_layout_of_an_environment_is_refused_rather_than_taken_for_an_empty_one(repository: Path) -> None:
    git(repository, "mv", "generated/production/a/kubernetes/object.yaml", "generated/production/object.yaml")
    commit(repository)
    base = History(repository).base()
    assert base
    with pytest.raises(NoBaseError, match="another layout"):
        base.clusters("production")


def test_the_variables_of_a_hook_do_not_name_another_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    assert Repository(repository).commit("HEAD")


def test_settings_of_git_in_the_environment_are_kept(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "no number")
    with pytest.raises(GitError, match="GIT_CONFIG_COUNT"):
        Repository(repository).commit("HEAD")


def test_the_state_changes_with_each_commit_and_each_ref(repository: Path) -> None:
    history = History(repository)
    states = [history.fingerprint()]
    commit(repository)
    states.append(history.fingerprint())
    git(repository, "branch", "another")
    states.append(history.fingerprint())
    states.append(History(repository, "another").fingerprint())
    assert len(set(states)) == len(states)
