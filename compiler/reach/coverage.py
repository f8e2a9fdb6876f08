"""The coverage of a specification: the statements that something enforces, and those that nothing does.

A statement is *realised* if another value of it moves a leaf that a system acts on, in any environment; else *guarded*,
if a rule refuses another value; else *documented*, if it moves a page for people, or names a document; else unrealised.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Finding, Severity, has_errors
from compiler.emit.argocd import argocd
from compiler.emit.cluster import documents, enforced, pages
from compiler.emit.site import sites
from compiler.errors import CouldNotRunError
from compiler.lineage.analysed import known
from compiler.lineage.experiment import differing, files
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
    from collections.abc import Iterable, Iterator
    from pathlib import Path as FilePath

    from compiler.emit.artifact import Artifact
    from compiler.lineage.leaves import Leaf
    from compiler.resolve.resolved import Resolved
    from compiler.sources.nodes import Path, ScalarNode

RECORD = "docs/coverage.json"
"""The committed record of a project's coverage, relative to its folder."""

_CLASSES = (_UNREALISED, _DOCUMENTED, _GUARDED, _REALISED) = ("unrealised", "documented", "guarded", "realised")
_PAGE = ".md"
_HASH = re.compile(r"/volumes/[^/]+/configMap/name$")
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
    specification: str
    """The digest of every value that is stated, in all environments."""

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
    judge = Judge(known(policies, policies.parent, proven=False))
    for item in environments:
        analysis = Analysis(item, judge)
        for path, node in _stated(item):
            if found[_name(path, node)] not in (_REALISED, _GUARDED) and analysis.refused(path):
                found[_name(path, node)] = _GUARDED
    of_class = {kind: tuple(name for name, of in found.items() if of == kind) for kind in _CLASSES}
    return Coverage(
        of_class[_REALISED],
        of_class[_GUARDED],
        of_class[_DOCUMENTED],
        of_class[_UNREALISED],
        _digest(environments),
    )


def as_record(found: Coverage) -> str:
    """Return the record of a coverage, which :func:`lost` compares a later one with."""
    record = {"specification": found.specification, "realised": found.realised, "unrealised": found.unrealised}
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def recorded(root: FilePath) -> tuple[str, tuple[str, ...]] | None:
    """Return the digest of the specification in the committed record, and its realised statements; None without one.

    Raises:
        CouldNotRunError: the record cannot be read.
    """
    file = root / RECORD
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_bytes())
        return str(found["specification"]), tuple(map(str, found["realised"]))
    except (ValueError, KeyError, TypeError) as error:
        raise CouldNotRunError(f"{RECORD} is no record of coverage: cbp coverage --write writes it anew") from error


def lost(root: FilePath) -> tuple[Finding, ...]:
    """Return a finding for each statement that the committed record counts as realised, and that no longer is.

    It is an error if the specification is that of the record: then the compiler took the effect away. After an edit it
    is a warning, as the edit may turn off what a statement is about. A statement that is no longer stated has none.
    Without a record there is nothing to compare.

    Raises:
        CouldNotRunError: the record cannot be read, or the specification has errors.
    """
    if (record := recorded(root)) is None:
        return ()
    environments = _resolved(root)
    waiting = dict.fromkeys(record[1])
    stated: set[str] = set()
    for item in environments:
        effects = _Effects(item)
        for path, node in _stated(item):
            name = _name(path, node)
            stated.add(name)
            if name in waiting and effects.of(path, node) == _REALISED:
                del waiting[name]
    severity = Severity.ERROR if record[0] == _digest(environments) else Severity.WARNING
    return tuple(_lost(name, severity) for name in waiting if name in stated)


def digest_of(root: FilePath) -> str:
    """Return the digest of every value that the specification of a project states, in all environments."""
    return _digest(_resolved(root))


def _lost(name: str, severity: Severity) -> Finding:
    return Finding(
        Code.COVER001,
        f"{name} was enforced, and nothing that a system reads depends on it any more",
        "let an emitter act on it again; where that is meant, cbp coverage --write records it",
        path=RECORD,
        severity=severity,
        resource=name,
    )


def _digest(environments: Iterable[Resolved]) -> str:
    stated = [
        (item.environment.name, *map(str, path), node.text) for item in environments for path, node in leaves(item.tree)
    ]
    return hashlib.sha256(json.dumps(stated).encode()).hexdigest()


class _Effects:
    """The effects of changed statements of one environment on its files."""

    def __init__(self, resolved: Resolved) -> None:
        self._resolved = resolved
        self._reads = Reads()
        self._base = [*map(files, _parts(replace(resolved, spec=recording(resolved.spec, self._reads))))]
        self._enforced = len(resolved.environment.clusters) + 1

    def of(self, path: Path, node: ScalarNode) -> str:
        """Return whether a statement is realised, documented or unrealised."""
        found = _DOCUMENTED if path[0] == REFERENCES else _UNREALISED
        for changed in variants(self._resolved, path, node) if self._reads.hold(path) else ():
            parts = zip(self._base, _parts(changed), strict=True)
            for before, part in islice(parts, self._enforced):
                moved = differing(before, files(part))
                if any(map(_acted_on, moved)):
                    return _REALISED
                found = _DOCUMENTED if moved else found
            if found == _UNREALISED and any(differing(before, files(part)) for before, part in parts):
                found = _DOCUMENTED
        return found


def _parts(resolved: Resolved) -> Iterator[tuple[Artifact, ...]]:
    """Yield the files of each cluster that systems read, then those for Argo CD, then each cluster's pages."""
    clusters = sites(resolved)
    rendered = {site.name: documents(site) for site in clusters}
    found: list[tuple[Artifact, ...]] = []
    for site in clusters:
        found.append(enforced(site, rendered[site.name]))
        yield found[-1]
    yield tuple(argocd(resolved, rendered))
    yield from map(pages, clusters, found)


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
