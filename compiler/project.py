"""The project's folder and its environments."""

from __future__ import annotations

from pathlib import Path

from compiler.errors import CouldNotRunError

_FOLDERS = ("spec", "environments")


class NoProjectError(CouldNotRunError):
    """The folder is in no project."""


def find(start: Path = Path()) -> Path:
    """Return the closest folder that holds a project: ``start`` or one above it, in the same git repository.

    Raises:
        NoProjectError: there is no such folder.
    """
    folder = start
    while not all((folder / name).is_dir() for name in _FOLDERS):
        above = folder / ".."
        if (folder / ".git").exists() or above.samefile(folder):
            raise NoProjectError(
                f"there is no project in {start.resolve()} or above it: "
                "go to a folder that holds spec/ and environments/, or give --root"
            )
        folder = above
    return folder


def environments(root: Path) -> tuple[str, ...]:
    """Return the sorted names of a project's environments."""
    return tuple(sorted(file.parent.name for file in root.glob("environments/*/environment.yaml")))
