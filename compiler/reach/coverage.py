"""The coverage of a specification: the statements that something enforces, and those that nothing does.

A statement is *realised* if another value of it moves a leaf that a system acts on, in any environment; else *guarded*,
if a rule refuses another value; else *documented*, if it moves a page for people, or names a document; else unrealised.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Finding, has_errors
from compiler.errors import CouldNotRunError
from compiler.lineage.analysed import analysed
from compiler.lineage.experiment import artifacts, differing, files
from compiler.lineage.judge import Judge
from compiler.lineage.recording import Reads
from compiler.lineage.recording import recorded as recording
from compiler.lineage.variants import ENVIRONMENT, variants
from compiler.model.specification import SECTIONS
from compiler.reach.analysis import REFERENCES, Analysis
from compiler.resolve.resolved import resolve
from compiler.sources.files import load
from compiler.sources.nodes import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path as FilePath

    from compiler.lineage.leaves import Leaf
    from compiler.resolve.resolved import Resolved
    from compiler.sources.nodes import Path, ScalarNode

RECORD = "docs/coverage.json"
"""The committed record of a project's coverage, relative to its folder."""

_CLASSES = (_UNREALISED, _DOCUMENTED, _GUARDED, _REALISED) = ("unrealised", "documented", "guarded", "realised")
_PAGE = ".md"
_HASH = re.compile(r"/checksum~1[a-z-]+$")
_LABEL = re.compile(r"/labels/app\.kubernetes\.io~1[a-z-]+$")
_COPY = re.compile(r"/configmap-[a-z-]+\.yaml$")
"""A copy of the runtime's settings, which count where they are read: in ``runtime/settings.json``."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The names of the statements of each class, in the order of the specification."""

    realised: tuple[str, ...]
    guarded: tuple[str, ...]
    documented: tuple[str, ...]
    unrealised: tuple[str, ...]

    @property
    def leaves(self) -> int:
        """The number of all statements."""
        return len((*self.realised, *self.guarded, *self.documented, *self.unrealised))


def coverage(root: FilePath, policies: FilePath) -> Coverage:
    """Return the coverage of a project's specification, over all of its environments.

    Raises:
        CouldNotRunError: the specification has errors, or the policies cannot judge.
    """
    environments = _resolved(root)
    found: dict[str, str] = {}
    for item in environments:
        effects = _Effects(item)
        for path, node in _stated(item):
            name = _name(path, node)
            if found.get(name) != _REALISED:
                found[name] = _better(found.get(name, _UNREALISED), effects.of(path, node))
    judge = Judge(analysed(policies))
    for item in environments:
        analysis = Analysis(item, judge)
        for path, node in _stated(item):
            if found[_name(path, node)] not in (_REALISED, _GUARDED) and analysis.statement(path).rules:
                found[_name(path, node)] = _GUARDED
    of_class = {kind: tuple(name for name, of in found.items() if of == kind) for kind in _CLASSES}
    return Coverage(of_class[_REALISED], of_class[_GUARDED], of_class[_DOCUMENTED], of_class[_UNREALISED])


def as_record(found: Coverage) -> str:
    """Return the record of a coverage, which :func:`lost` compares a later one with."""
    return json.dumps({"realised": found.realised, "unrealised": found.unrealised}, indent=2, ensure_ascii=False) + "\n"


def recorded(root: FilePath) -> tuple[str, ...] | None:
    """Return the statements that the committed record of a project counts as realised; None without a record.

    Raises:
        CouldNotRunError: the record cannot be read.
    """
    file = root / RECORD
    if not file.is_file():
        return None
    try:
        return tuple(map(str, json.loads(file.read_bytes())["realised"]))
    except (ValueError, KeyError, TypeError) as error:
        raise CouldNotRunError(f"{RECORD} is no record of coverage: cbp coverage --write writes it anew") from error


def lost(root: FilePath) -> tuple[Finding, ...]:
    """Return a finding for each statement that the committed record counts as realised, and that no longer is.

    A statement that is no longer stated has none. Without a record there is nothing to compare.

    Raises:
        CouldNotRunError: the record cannot be read, or the specification has errors.
    """
    waiting = dict.fromkeys(recorded(root) or ())
    stated: set[str] = set()
    for item in _resolved(root) if waiting else ():
        effects = _Effects(item)
        for path, node in _stated(item):
            name = _name(path, node)
            stated.add(name)
            if name in waiting and effects.of(path, node) == _REALISED:
                del waiting[name]
    return tuple(_lost(name) for name in waiting if name in stated)


def _lost(name: str) -> Finding:
    return Finding(
        Code.COVER001,
        f"{name} was enforced, and nothing that a system reads depends on it any more",
        "let an emitter act on it again; where that is meant, cbp coverage --write records it",
        path=RECORD,
        resource=name,
    )


class _Effects:
    """What changes of the statements of one environment move in its files."""

    def __init__(self, resolved: Resolved) -> None:
        self._resolved = resolved
        self._reads = Reads()
        emitted = artifacts(replace(resolved, spec=recording(resolved.spec, self._reads)))
        self._base = files(emitted)

    def of(self, path: Path, node: ScalarNode) -> str:
        """Return whether a statement is realised, documented or unrealised."""
        found = _DOCUMENTED if path[0] == REFERENCES else _UNREALISED
        for changed in variants(self._resolved, path, node) if self._reads.hold(path) else ():
            moved = differing(self._base, files(artifacts(changed)))
            if any(map(_acted_on, moved)):
                return _REALISED
            found = _DOCUMENTED if moved else found
        return found


def _resolved(root: FilePath) -> tuple[Resolved, ...]:
    loaded = load(root, SECTIONS)
    resolved, findings = resolve(root, loaded)
    if has_errors((*loaded.findings, *findings)):
        raise CouldNotRunError("the specification has errors: cbp compile says which")
    return resolved


def _stated(resolved: Resolved) -> Iterator[tuple[Path, ScalarNode]]:
    return ((path, node) for path, node in leaves(resolved.tree) if path[0] != ENVIRONMENT)


def _acted_on(leaf: Leaf) -> bool:
    """Return whether a system acts on a leaf: not on pages, hashes, copies and the labels that only describe."""
    idle = _COPY.search(leaf.file), _HASH.search(leaf.pointer), _LABEL.search(leaf.pointer)
    return not (leaf.file.endswith(_PAGE) or any(idle))


def _better(one: str, other: str) -> str:
    return max(one, other, key=_CLASSES.index)


def _name(path: Path, node: ScalarNode) -> str:
    """Return the name of a statement, which stays the same when lines move: an entry of a list is named by its text."""
    *above, last = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return "".join((*above, f"[{node.text}]" if isinstance(path[-1], int) else last)).removeprefix(".")
