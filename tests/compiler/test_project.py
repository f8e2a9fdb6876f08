"""A project is found from any folder in it, and no further than its git repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.project import NoProjectError, environments, find


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository that holds a project in a folder of its own."""
    project = tmp_path / "repository/config"
    for folder in ("repository/.git", "repository/other", "repository/config/spec", "repository/config/generated/a"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("staging", "production"):
        (project / "environments" / name).mkdir(parents=True)
        (project / "environments" / name / "environment.yaml").touch()
    (project / "environments/notes").mkdir()
    return project


@pytest.mark.parametrize("folder", [".", "spec", "generated/a", "environments/staging"])
def test_a_project_is_found_from_every_folder_in_it(root: Path, folder: str) -> None:
    assert find(root / folder).samefile(root)


def test_the_current_folder_is_where_the_search_begins_and_the_path_stays_short(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    assert find() == Path()
    monkeypatch.chdir(root / "environments/staging")
    assert find() == Path("../..")


def test_the_search_ends_at_the_root_of_the_repository(root: Path, tmp_path: Path) -> None:
    (tmp_path / "spec").mkdir()
    (tmp_path / "environments").mkdir()
    with pytest.raises(
        NoProjectError, match=r"^there is no project in .*/repository/other or above it: go to a folder"
    ):
        find(root.parent / "other")


def test_the_search_ends_at_the_root_of_the_file_system() -> None:
    with pytest.raises(NoProjectError, match="there is no project in / or above it"):
        find(Path("/"))


def test_an_environment_is_a_folder_with_an_environment_file(root: Path) -> None:
    assert environments(root) == ("production", "staging")
