"""Changes of a project's files, noticed by their size, time and number at intervals: no dependency, no busy loop."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL_SECONDS = 0.4
"""The time between two looks, each of which takes a few milliseconds."""
_FOLDERS = ("spec", "environments", "policies")

Looks = dict[str, tuple[int, int, int]]
"""Time of change, size and inode of each file, by its path below the project's folder."""


class Watch:
    """A watch over ``spec/``, ``environments/`` and ``policies/``, without hidden files, as those of editors are."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._clock = clock
        self._next = clock() + INTERVAL_SECONDS
        self._known = self._last = _look(root)

    def changed(self) -> tuple[str, ...]:
        """Return the files that were changed, added or removed since the last result; none while they still change.

        Between two looks the answer is none at once, so that it may be asked for at any time.
        """
        if self._clock() < self._next:
            return ()
        self._next = self._clock() + INTERVAL_SECONDS
        found = _look(self._root)
        known, last, self._last = self._known, self._last, found
        if found != last or found == known:
            return ()
        self._known = found
        return tuple(sorted(path for path in known.keys() | found.keys() if known.get(path) != found.get(path)))


def _look(root: Path) -> Looks:
    found: Looks = {}
    for name in _FOLDERS:
        for folder, folders, files in os.walk(root / name):
            folders[:] = [folder for folder in folders if not folder.startswith(".")]
            for file in files:
                if not file.startswith("."):
                    _add(found, root, Path(folder, file))
    return found


def _add(found: Looks, root: Path, file: Path) -> None:
    try:
        state = file.lstat()
    except OSError:  # removed since it was listed
        return
    found[file.relative_to(root).as_posix()] = (state.st_mtime_ns, state.st_size, state.st_ino)
