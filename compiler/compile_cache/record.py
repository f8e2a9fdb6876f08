"""The record of the last compilation: the fingerprints of its inputs and outputs, its report and its warnings.

It lies in the project's folder ``.cbp/``, which Git ignores, and holds one fact: these inputs give these outputs and
this report. The compiler is a pure function, so the fact stays true; whether it applies to the project as it is now is
checked each time, file by file. A person with write access to the file can make ``cbp compile`` print any report on
this machine, and no more than that: ``cbp verify`` and ``--check`` compute everything, and read only the known warnings
from here.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from compiler.compile_cache import fingerprint
from compiler.write.lock import locked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOLDER = ".cbp"
_NAME = "compiled.json"


@dataclass(frozen=True, slots=True)
class Record:
    """The record of a clean compilation: the fingerprints of its inputs and outputs, and its report in every format."""

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
    known = _read(root / FOLDER / _NAME)
    if known is None or known.inputs != inputs:
        return None
    generated = root / "generated"
    with locked(generated, exclusive=False):
        return known if known.outputs == fingerprint.outputs(generated) else None


def known_warnings(root: Path) -> frozenset[str]:
    """Return the identities of the warnings that the last clean compilation of a project reported."""
    known = _read(root / FOLDER / _NAME)
    return frozenset(known.warnings) if known else frozenset()


def remember(root: Path, record: Record) -> None:
    """Write a record in place of the last one; a project that cannot be written to gets none."""
    folder = root / FOLDER
    draft = folder / f"{_NAME}.new"
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        draft.write_text(json.dumps(asdict(record)), encoding="utf-8")
        draft.replace(folder / _NAME)


def _read(file: Path) -> Record | None:
    try:
        found = json.loads(file.read_bytes())
        record = Record(found["inputs"], found["outputs"], dict(found["reports"]), tuple(found["warnings"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    texts = (record.inputs, record.outputs, *record.reports.values(), *record.warnings)
    return record if all(isinstance(text, str) for text in texts) else None
