"""Fingerprints of the inputs and of the outputs of a compilation, from contents alone: times prove nothing.

A state that cannot be read for certain has the fingerprint None, which equals no recorded one.
"""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import compiler
import runtime
from compiler.resolve.repeated import REPETITIONS
from compiler.write import journal, manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

_READ = ("spec", "environments", "policies")
_ENGINE = "regorus"
_DISTRIBUTION = (".dist-info", ".egg-info")
_OF_BYTECODE = "dont_write_bytecode"
"""The flag of Python that no result depends on, and that shells differ in."""
_LARGEST = 1 << 26  # bytes; a compilation reads and writes no larger file


class _UncertainError(Exception):
    """A link, a huge file or a special one: it might change unseen, or cannot be read at once."""


def inputs(root: Path, as_of: date, history: str, *, anew: bool = False) -> str | None:
    """Return the fingerprint of everything that a compilation's result depends on; None where it is uncertain.

    These are the project's files, the source of the compiler and of the runtime, Python, the version of every
    distribution that can be imported (the policy engine and the schemas of Kubernetes among them), ``as_of``, the day
    for which waivers are judged, and the fingerprint of the ``history`` that transitions are judged from. The source is
    read once in a process, which runs what it found then, or ``anew``, to tell whether it has changed meanwhile.
    """
    files = {name: root / name for name in _READ}
    repeated = sorted({repetition.file for repetition in REPETITIONS})
    return _fingerprint(files, (str(as_of), history), ((name, root / name) for name in repeated), anew=anew)


def proof(policies: Path, *, anew: bool = False) -> str | None:
    """Return the fingerprint of everything that the proof of the policies depends on; None where it is uncertain.

    These are all files of the folder ``policies``, fixtures and data among them, the engine's own files, the source of
    the compiler and of the runtime, Python, and the version of every distribution that can be imported. For ``anew``,
    see :func:`inputs`.
    """
    found = find_spec(_ENGINE)
    engine = Path(*found.submodule_search_locations or ()) if found else Path(_ENGINE)
    return _fingerprint({"policies": policies, _ENGINE: engine}, anew=anew)


def program(*, anew: bool = False) -> str | None:
    """Return the fingerprint of the compiler itself, without a project; None where it is uncertain.

    It covers the source of the compiler and of the runtime, Python, and the version of every distribution that can be
    imported. For ``anew``, see :func:`inputs`.
    """
    return _fingerprint({}, anew=anew)


def outputs(generated: Path) -> str | None:
    """Return the fingerprint of ``generated/``; None unless it holds exactly the files of its manifest."""
    try:
        if generated.is_symlink() or journal.pending(generated):
            return None
        files = {path: manifest.digest(content) for path, content in _files(generated, journal.FOLDER)}
    except (_UncertainError, OSError):
        return None
    own = files.pop(manifest.NAME, None)
    return own if own == expected(files) else None


def expected(files: Mapping[str, str]) -> str:
    """Return the fingerprint that ``generated/`` has with these files, a mapping from path to digest."""
    return manifest.digest(manifest.serialise(files))


def _fingerprint(
    folders: Mapping[str, Path],
    facts: Iterable[str] = (),
    files: Iterable[tuple[str, Path]] = (),
    *,
    anew: bool = False,
) -> str | None:
    """Return the fingerprint of the compiler, of the named folders and files, and of other facts."""
    flags = [(name, getattr(sys.flags, name)) for name in sys.flags.__match_args__ if name != _OF_BYTECODE]
    found = hashlib.sha256(repr((sys.version, flags, *_imported(), *facts)).encode())
    try:
        found.update(_source.__wrapped__() if anew else _source())
        for name, folder in folders.items():
            found.update(_digests(name, folder))
        for name, file in files:
            content = file.read_bytes() if file.is_file() else b""
            found.update(os.fsencode(f"{name} {manifest.digest(content)}\n"))
    except (_UncertainError, OSError):
        return None
    return found.hexdigest()


@cache
def _source() -> bytes:
    """Return the digests of the source files of the compiler and of the runtime."""
    return b"".join(_digests(module.__name__, Path(*module.__path__)) for module in (compiler, runtime))


def _digests(name: str, folder: Path) -> bytes:
    """Return a line with the path and the digest of each file of a folder with a name."""
    return b"".join(os.fsencode(f"{name}/{path} {manifest.digest(content)}\n") for path, content in _files(folder))


def _imported() -> Iterator[object]:
    """Yield where Python imports from, and the metadata folders of all distributions there; each holds the version.

    The checkout itself has no place: one that is moved or copied, with its records, has the same fingerprint.
    """
    checkout = str(Path(*compiler.__path__).parent)
    folders = list(dict.fromkeys(Path(path).resolve() for path in sys.path if Path(path).exists()))
    yield ["" if str(folder) == checkout else str(folder) for folder in folders]
    entries = (entry.name for folder in folders if folder.is_dir() for entry in folder.iterdir())
    yield sorted(name for name in entries if name.endswith(_DISTRIBUTION))


def _files(folder: str | Path, *without: str) -> Iterator[tuple[str, bytes]]:
    """Yield the relative path (POSIX) and content of every file below a folder, in order, without Python's bytecode."""
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.is_symlink():
            raise _UncertainError(entry.path)
        if entry.is_dir():
            if entry.name not in ("__pycache__", *without):
                for path, content in _files(entry.path):
                    yield f"{entry.name}/{path}", content
        elif entry.is_file() and entry.stat().st_size <= _LARGEST:
            with open(entry.path, "rb", buffering=0) as file:  # noqa: PTH123 - thousands of files, for each command
                yield entry.name, file.readall()
        else:
            raise _UncertainError(entry.path)
