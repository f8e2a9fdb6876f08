"""The programs in installed wheels, and the advice for a platform without wheels."""

from __future__ import annotations

import platform
import sys
from importlib.util import find_spec
from pathlib import Path

from runtime.embedded.process import ServerError

INSTEAD = (
    "Start a PostgreSQL and a Redis of your own, and run `python -m runtime --settings FILE` with their addresses in "
    "CBP_DATABASE_URL and CBP_REDIS_URL."
)


class UnsupportedPlatformError(ServerError):
    """The embedded servers do not run on this platform; the message offers an alternative."""


def package(name: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = find_spec(name) if sys.platform == "linux" else None
    if spec is None or not spec.submodule_search_locations:
        raise _unsupported(name)
    return Path(next(iter(spec.submodule_search_locations)))


def program(path: Path) -> Path:
    """Return ``path``, after checking that it exists."""
    if not path.is_file():
        raise _unsupported(path.name)
    return path


def _unsupported(name: str) -> UnsupportedPlatformError:
    machine = f"{platform.system()} on {platform.machine()}"
    return UnsupportedPlatformError(
        f"{name} is not installed: it needs the extra `embedded`, and Linux on a common "
        f"processor (this is {machine}).\n{INSTEAD}"
    )
