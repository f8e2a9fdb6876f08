"""The report of an import as text: its findings with errors last, the written files, and a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.diagnostics.text import render
from compiler.report.outcome import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from compiler.diagnostics import Finding
    from compiler.importer.document import Imported


def findings(found: Sequence[Finding], *, colour: bool) -> str:
    """Return the findings in full: warnings first, and errors at the end, where a terminal shows them."""
    return render(sorted(found, key=lambda finding: finding.refuses), colour=colour)


def refused(imported: Imported, mended: Imported | None) -> str:
    """Return the summary of a refused document; ``mended`` is the same document as ``--lenient`` reads it."""
    summary = f"refused: {_counts(imported.findings)}; nothing was written"
    if mended is None or len(left := _errors(mended.findings)) == len(_errors(imported.findings)):
        return f"{summary}\n"
    return f"{summary}; --lenient leaves {counted(len(left), 'error')}\n"


def written(imported: Imported, paths: Collection[Path]) -> str:
    """Return the written files and the summary."""
    files = "".join(f"{'wrote':>8}  {path.as_posix()}\n" for path in paths)
    sections = counted(len(imported.sections), "section")
    changed = f"{counted(len(paths), 'file')} written" if paths else "every file is there already"
    return f"{files}{imported.document}: {sections}, {changed}; {_counts(imported.findings)}\n"


def _counts(found: Collection[Finding]) -> str:
    errors = len(_errors(found))
    return f"{counted(errors, 'error')}, {counted(len(found) - errors, 'warning')}"


def _errors(found: Collection[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in found if finding.refuses)
