"""Find the project's folder, and list its environments."""

from __future__ import annotations

from pathlib import Path

from compiler.errors import CouldNotRunError

_FOLDERS = ("spec", "environments")


class NoProjectError(CouldNotRunError):
    """There is no project where one was looked for."""


def find(start: Path = Path()) -> Path:
    """Return the closest folder that holds a project: ``start`` or one above it, in the same git repository.

    Raises:
        NoProjectError: no such folder is one.
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
    """Return the names of a project's environments in order."""
    return tuple(sorted(file.parent.name for file in root.glob("environments/*/environment.yaml")))
