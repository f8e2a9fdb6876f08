"""The record of the last compilation: the fingerprints of its inputs and outputs, its report and its warnings.

It holds one fact: these inputs give these outputs and this report. The compiler is a pure function, so the fact stays
true; whether it applies to the project as it is now is checked each time, file by file. A person with write access to
the file can make ``cbp compile`` print any report on this machine, and no more than that: ``cbp verify`` and
``--check`` compute everything, and read only the known warnings from here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from compiler.compile_cache import fingerprint, folder
from compiler.write.lock import locked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NAME = "compiled.json"


@dataclass(frozen=True, slots=True)
class Record:
    """The record of a clean compilation: the fingerprints of its inputs and outputs, and its report by its forms."""

    inputs: str
    outputs: str
    reports: Mapping[str, str]
    warnings: tuple[str, ...]
    """The identity of every warning."""


def recall(root: Path, inputs: str | None) -> Record | None:
    """Return the record if it applies to the project exactly as it is now; None where there is any doubt.

    ``inputs`` is the fingerprint of the project's inputs.

    Raises:
        BusyError: another compilation is being written.
    """
    known = _read(root)
    if known is None or known.inputs != inputs:
        return None
    generated = root / "generated"
    with locked(generated, exclusive=False):
        return known if known.outputs == fingerprint.outputs(generated) else None


def known_warnings(root: Path) -> frozenset[str]:
    """Return the identities of the warnings that the last clean compilation of a project reported."""
    known = _read(root)
    return frozenset(known.warnings) if known else frozenset()


def remember(root: Path, record: Record) -> None:
    """Write a record in place of the last one; a project that cannot be written to gets none."""
    folder.write(root, _NAME, asdict(record))


def _read(root: Path) -> Record | None:
    found = folder.read(root, _NAME)
    try:
        record = Record(found["inputs"], found["outputs"], dict(found["reports"]), tuple(found["warnings"]))
    except (ValueError, KeyError, TypeError):
        return None
    texts = (record.inputs, record.outputs, *record.reports.values(), *record.warnings)
    return record if all(isinstance(text, str) for text in texts) else None
