"""Fingerprints of what a compilation reads and of what it wrote: contents alone, since a time of change proves nothing.

What cannot be told for certain has no fingerprint: None, which is equal to nothing that was ever recorded.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import compiler
import runtime
from compiler.resolve.repeated import REPETITIONS
from compiler.write import journal, manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

_READ = ("spec", "environments", "policies")
_DISTRIBUTION = (".dist-info", ".egg-info")
_LARGEST = 1 << 26  # bytes; what is larger is nothing that a compilation reads or writes


class _UncertainError(Exception):
    """There is a link, a giant or the like: what it leads to might change unseen, or cannot be read at once."""


def inputs(root: Path, as_of: date) -> str | None:
    """Return the fingerprint of all that decides what a compilation says.

    These are the project's files, the compiler's and the runtime's own source, Python, the version of every
    distribution that can be imported, with the engine of the policies and the schemas of Kubernetes among them, and
    the day ``as_of`` which waivers are judged.
    """
    found = hashlib.sha256(repr((sys.version, sys.flags, sys.path, _distributions(), str(as_of))).encode())
    sources = {module.__name__: Path(*module.__path__) for module in (compiler, runtime)}
    try:
        for name, folder in (*sources.items(), *((name, root / name) for name in _READ)):
            for path, content in _files(folder):
                found.update(os.fsencode(f"{name}/{path} {manifest.digest(content)}\n"))
        for file in sorted({repetition.file for repetition in REPETITIONS}):
            content = (root / file).read_bytes() if (root / file).is_file() else b""
            found.update(os.fsencode(f"{file} {manifest.digest(content)}\n"))
    except (_UncertainError, OSError):
        return None
    return found.hexdigest()


def outputs(generated: Path) -> str | None:
    """Return the fingerprint of ``generated/`` when every file, and no other, is there as its manifest says."""
    try:
        if generated.is_symlink() or journal.pending(generated):
            return None
        files = {path: manifest.digest(content) for path, content in _files(generated, journal.FOLDER)}
    except (_UncertainError, OSError):
        return None
    own = files.pop(manifest.NAME, None)
    return own if own == expected(files) else None


def expected(files: Mapping[str, str]) -> str:
    """Return the fingerprint of ``generated/`` with these files, each with its digest."""
    return manifest.digest(manifest.serialise(files))


def _distributions() -> list[str]:
    """Every distribution that can be imported, with its version, by the name of its metadata's folder."""
    folders = (folder for folder in map(Path, sys.path) if folder.is_dir())
    return sorted(entry.name for folder in folders for entry in folder.iterdir() if entry.name.endswith(_DISTRIBUTION))


def _files(folder: Path, *without: str) -> Iterator[tuple[str, bytes]]:
    """Yield every file below a folder with its path there (POSIX), in order; what Python compiled is left out."""
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.is_symlink():
            raise _UncertainError(entry.path)
        if entry.is_dir():
            if entry.name not in ("__pycache__", *without):
                for path, content in _files(Path(entry.path)):
                    yield f"{entry.name}/{path}", content
        elif entry.is_file() and entry.stat().st_size <= _LARGEST:
            yield entry.name, Path(entry.path).read_bytes()
        else:
            raise _UncertainError(entry.path)
