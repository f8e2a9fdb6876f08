"""The search for edits: propose, compile with them, and go on until nothing is proposed any more."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from compiler.fix.edit import Edit, apply
from compiler.fix.intent import intent
from compiler.fix.propose import proposals
from compiler.model.specification import SECTIONS
from compiler.resolve.resolved import Resolved, resolve
from compiler.sources.files import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from compiler.diagnostics import Finding, Place
    from compiler.history.base import History
    from compiler.pipeline import Compilation
    from compiler.sources.nodes import Path as Keys

MOST_ROUNDS = 8
"""The most often that edits lead to further ones: no chain of statements has as many links."""
_FOLDERS = ("spec", "environments")


@dataclass(frozen=True, slots=True)
class Fix:
    """The edits that were found, the findings that they leave, and the errors that they would bring."""

    edits: tuple[Edit, ...]
    files: Mapping[str, bytes]
    """The new content of each file that the edits change, by its path."""
    left: tuple[Finding, ...]
    brought: tuple[Finding, ...]


def fix(root: Path, compile_: Callable[[Path], Compilation], history: History) -> Fix:
    """Return the edits that mend the findings of a project; ``compile_`` compiles the sources of a folder in memory.

    Nothing is written in the project.

    Raises:
        EditError: a value cannot be edited in place.
        CouldNotRunError: the compilation could not run.
    """
    with TemporaryDirectory(prefix="cbp-fix-") as folder:
        sources = Path(folder)
        for name in _FOLDERS:
            shutil.copytree(root / name, sources / name, symlinks=True)
        first = compilation = compile_(sources)
        resolved = _resolved(root, sources)
        meant = intent(history, resolved)
        made: dict[tuple[str, Keys], Edit] = {}

        def decided(finding: Finding, place: Place) -> bool:
            now = [resolved[name] for name in _environments(finding)]
            written = (place.span.source.path, place.path) in made
            return written or any(meant.edited(item, place.path) for item in now)

        for _ in range(MOST_ROUNDS):
            found = proposals(compilation.findings, decided)
            if not found:
                break
            apply(sources, found)
            for edit in found:
                key = edit.place.span.source.path, edit.place.path
                made[key] = dataclasses.replace(made[key], text=edit.text) if key in made else edit
            compilation = compile_(sources)
        known = {_relation(finding) for finding in first.findings}
        brought = tuple(item for item in compilation.findings if item.refuses and _relation(item) not in known)
        left = tuple(item for item in compilation.findings if item.refuses and _relation(item) in known)
        files = {path: (sources / path).read_bytes() for path, _ in made}
    return Fix(tuple(made.values()), files, left, brought)


def _resolved(root: Path, sources: Path) -> dict[str, Resolved]:
    found, _ = resolve(root, load(sources, SECTIONS))
    return {item.environment.name: item for item in found}


def _environments(finding: Finding) -> Iterable[str]:
    return dict.fromkeys(cluster.partition("/")[0] for cluster in finding.clusters)


def _relation(finding: Finding) -> tuple[object, ...]:
    """Return what a finding is about, without the values, which an edit changes."""
    paths = frozenset(place.path for place in finding.places)
    return finding.code, finding.place.partition(":")[0], finding.resource, finding.clusters, paths
