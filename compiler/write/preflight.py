"""What would fail once the journal is in place is refused before anything is staged."""

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
    """Refuse steps that this process, or anybody, cannot make.

    Raises:
        OSError: somebody's file or folder is in the way, or a folder may not be changed; it is named.
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
    """Require that entries of a folder may come and go, or that it can be made; say whether it is there."""
    nearest = folder
    while not nearest.is_dir() and nearest != generated:
        if nearest.exists() and nearest not in removed:
            raise NotADirectoryError(errno.ENOTDIR, "there is a file in the way", str(nearest))
        nearest = nearest.parent
    _require_writable(nearest)
    return nearest == folder


def _require_writable(folder: Path) -> None:
    """Require that entries of a folder, or of the one that it will be made in, may come and go."""
    while not folder.exists():
        folder = folder.parent
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "the folder may not be written to", str(folder))


def _require_replaceable(file: Path, removed: set[Path]) -> None:
    """Require that no folder of somebody's is in a file's place, and that a file that is there may go.

    Under the sticky bit that is for its owner, or the folder's. Root may have the right to pass over that, or may not,
    as in a container: it is not relied on.
    """
    if file.is_dir() and any(path.is_file() and path not in removed for path in file.rglob("*")):
        raise IsADirectoryError(errno.EISDIR, "there is a folder in the way", str(file))
    if not file.exists():
        return
    folder = file.parent.stat()
    if folder.st_mode & stat.S_ISVTX and os.geteuid() not in {folder.st_uid, file.stat().st_uid}:
        raise PermissionError(errno.EPERM, "the file may not be replaced", str(file))
