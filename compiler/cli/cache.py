"""The cache of the last compilation's report, which is repeated while nothing has changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compiler.cli.outcome import TEXT, rendered
from compiler.compile_cache import fingerprint
from compiler.compile_cache.record import Record, recall, remember
from compiler.write import manifest

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from compiler.history.base import History
    from compiler.report.outcome import Outcome


class CompileCache:
    """A cache of one run of ``cbp compile`` over a whole project; construct it before the run reads anything."""

    def __init__(self, root: Path, as_of: date, history: History) -> None:
        self._root = root
        self._as_of = as_of
        self._history = history
        self._inputs = self._fingerprint()

    def _fingerprint(self, *, anew: bool = False) -> str | None:
        return fingerprint.inputs(self._root, self._as_of, self._history.fingerprint(), anew=anew)

    def report(self, form: str) -> str | None:
        """Return the recorded report of an equal run, or None.

        Raises:
            BusyError: another compilation is writing.
        """
        known = recall(self._root, self._inputs)
        return known.reports.get(form) if known else None

    def keep(self, outcome: Outcome, form: str) -> None:
        """Record a clean compilation, if its inputs have not changed meanwhile and all of it was written.

        Its report is kept as text, and in the ``form`` that was asked for.
        """
        settled = not outcome.exit_code and len(outcome.written or ()) == len(outcome.drift.changes)
        if not settled or self._inputs is None or self._inputs != self._fingerprint(anew=True):
            return
        files = {artifact.path: manifest.digest(artifact.content) for artifact in outcome.compilation.artifacts}
        repeated = replace(outcome, drift=replace(outcome.drift, changes=()), written=())
        warnings = tuple(finding.identity for finding in outcome.warnings)
        reports = {each: rendered(repeated, each, known=warnings) for each in {*TEXT, form}}
        remember(self._root, Record(self._inputs, fingerprint.expected(files), reports, warnings))
