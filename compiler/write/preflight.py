"""Preflight checks: steps that would fail once the journal is in place are refused before anything is staged."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from compiler.write.staging import Step


def require_possible(generated: Path, steps: Sequence[Step]) -> None:
    """Raise OSError where this process cannot make one of the steps.

    Raises:
        OSError: a foreign file or folder is in the way, or a folder may not be changed; the error names it.
    """
    removed = {generated / step.path for step in steps if step.content is None}
    _require_writable(generated)
    present: dict[Path, bool] = {}
    for step in steps:
        target = generated / step.path
        folder = target.parent
        if folder not in present:
            present[folder] = _require_folder(generated, folder, removed)
        if present[folder]:
            _require_replaceable(target, removed)


def _require_folder(generated: Path, folder: Path, removed: set[Path]) -> bool:
    """Require that a folder can be written to, or created; return whether it exists."""
    nearest = folder
    while not nearest.is_dir() and nearest != generated:
        if nearest.exists() and nearest not in removed:
            raise NotADirectoryError(errno.ENOTDIR, "there is a file in the way", str(nearest))
        nearest = nearest.parent
    _require_writable(nearest)
    return nearest == folder


def _require_writable(folder: Path) -> None:
    """Require that a folder, or its nearest existing parent, can be written to."""
    while not folder.exists():
        folder = folder.parent
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "the folder may not be written to", str(folder))


def _require_replaceable(file: Path, removed: set[Path]) -> None:
    """Require that no foreign folder is in a file's place, and that an existing file may be replaced.

    Under the sticky bit only the owner of the file, or of the folder, may replace it. Root may be exempt from that, or
    not, as in a container: the check does not rely on it.
    """
    if file.is_dir() and any(path.is_file() and path not in removed for path in file.rglob("*")):
        raise IsADirectoryError(errno.EISDIR, "there is a folder in the way", str(file))
    if not file.exists():
        return
    folder = file.parent.stat()
    if folder.st_mode & stat.S_ISVTX and os.geteuid() not in {folder.st_uid, file.stat().st_uid}:
        raise PermissionError(errno.EPERM, "the file may not be replaced", str(file))
