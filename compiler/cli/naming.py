"""Names on a command line that have to be those of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler import project
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from pathlib import Path


def require_environment(root: Path, name: str) -> None:
    """Refuse a name that no environment of the project has; where there is none at all, the compiler reports that."""
    from compiler.diagnostics import did_you_mean

    names = project.environments(root)
    if names and name not in names:
        raise CouldNotRunError(f"there is no environment '{name}': {did_you_mean(name, names)}")
