"""Writing the changes: each file replaced at once, the manifest last."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.write import manifest

if TYPE_CHECKING:
    from compiler.write.drift import Change, Drift

_FILE_MODE, _FOLDER_MODE = 0o644, 0o755


def apply(generated: Path, drift: Drift) -> tuple[Change, ...]:
    """Write what differs and prune what is no longer produced; return the changes that were made.

    An orphan that the compiler did not write, or that was edited since, is left where it is.

    Raises:
        ValueError: the drift was refused, and nothing may be written.
        OSError: a file cannot be written; the manifest is then still the old one.
    """
    if drift.refused:
        raise ValueError("a refused drift is not written")
    made = []
    for change in sorted(drift.changes, key=_turn):
        if change.content is not None:
            _replace(generated / change.path, change.content)
        elif change.prunable:
            _prune(generated, generated / change.path)
        else:
            continue
        made.append(change)
    return tuple(made)


def _turn(change: Change) -> tuple[bool, bool]:
    """What goes makes room for what comes; the manifest says that all of it is done."""
    return change.path == manifest.NAME, change.content is not None


def _replace(file: Path, content: bytes) -> None:
    """Put a file in place in one step, with the same mode under every umask."""
    try:
        _make_folder(file.parent)
        _swap(file, content)
    except OSError as error:  # it names the temporary file, which means nothing to anybody
        raise OSError(error.errno, error.strerror, str(file)) from error


def _swap(file: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".cbp-", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            os.fchmod(stream.fileno(), _FILE_MODE)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink()
        raise


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir()
        folder.chmod(_FOLDER_MODE)


def _prune(generated: Path, file: Path) -> None:
    """Remove a file, and the folders that it leaves empty."""
    file.unlink()
    for folder in file.parents:
        if folder == generated:
            return
        with suppress(OSError):
            folder.rmdir()
