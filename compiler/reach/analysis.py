"""An analysis that changes every statement of an environment alone, and compares files and denials.

Several processes share the statements. The project is compiled once where they are forks, else once in each.
"""

from __future__ import annotations

import gc
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import zip_longest
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from compiler.emit.cluster import cluster_artifacts, delivered, documents, enforced, pages
from compiler.lineage.analysed import known
from compiler.lineage.concerned import aligned
from compiler.lineage.incremental import Incremental, prepared
from compiler.lineage.judge import Judge
from compiler.lineage.variants import ENVIRONMENT, variants
from compiler.model.specification import SECTIONS
from compiler.policy.input import input_of, stated
from compiler.policy.rendering import Rendering
from compiler.policy.uniqueness import unique_values
from compiler.policy.workers import processors
from compiler.resolve.resolved import resolve
from compiler.sources.files import load
from compiler.sources.nodes import Path, ScalarNode, leaves, lookup

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path as FilePath

    from compiler.emit.artifact import Artifact
    from compiler.emit.site import Site
    from compiler.lineage.incremental import Prepared
    from compiler.resolve.resolved import Resolved

REFERENCES = "references"
"""The section with the names of documents for people."""

_ALLOCATIONS = 100_000
"""The number of new objects after which garbage is looked for: hardly any object of a variant is part of a cycle."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One value that is written: the files that depend on it, and the rules that refuse a change of it.

    Files are paths below the folder of the environment's first cluster. ``variants`` counts the other values that were
    tried; 0 means that no other value is valid.
    """

    path: Path
    text: str
    variants: int
    files: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """The statements of an environment in the order of their files, and every file of its first cluster.

    Rules do not judge statements of the environment's own file (their path begins with ``environment``).
    """

    statements: tuple[Statement, ...]
    files: tuple[str, ...]


def reach(root: FilePath, policies: FilePath, environment: str, processes: int | None = None) -> Reach:
    """Return the reach of every statement of one environment of a project, computed in one process per core.

    Raises:
        ValueError: the environment does not compile.
        PolicyError: the policies cannot judge.
    """
    analysis = _analysis(root, policies, environment)
    paths = [path for path, _ in leaves(analysis.resolved.tree) if path[0] != REFERENCES]
    context = get_context("fork" if processors() > 1 else "spawn")  # a fork has the analysis
    with ProcessPoolExecutor(processes, context) as pool:
        statements = tuple(pool.map(partial(_statement, root, policies, environment), paths))
    return Reach(statements, analysis.files)


class Analysis:
    """An unchanged environment: its files, and its inputs for the gate with their denials."""

    def __init__(self, resolved: Resolved, judge: Judge) -> None:
        self.resolved = resolved
        self.judge = judge
        self._emission = Incremental(resolved)
        recording = _renderings(self._emission.unchanged)
        sites = prepared(resolved).sites
        self.renderings = tuple(replace(item, resolved=resolved, site=sites[item.site.name]) for item in recording)
        self._before = _files(self.renderings[0].site, self.renderings[0].artifacts)
        self.inputs = [input_of(rendering) for rendering in self.renderings]
        self.denials = [self.judge.denials(document, self.judge.rules) for document in self.inputs]

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the first cluster, by their paths below its folder."""
        return tuple(sorted(self._before))

    def refused(self, path: Path) -> bool:
        """Return whether a rule refuses some other value of a statement of the specification."""
        changes = variants(self.resolved, path, self._single(path))
        return any(rule for changed in changes for rule in self.refusing(self.emitted(changed), ()))

    def statement(self, path: Path) -> Statement:
        """Return the reach of one statement."""
        node = self._single(path)
        files: set[str] = set()
        rules: set[str] = set()
        tried = 0
        for changed in variants(self.resolved, path, node):
            tried += 1
            if path[0] == ENVIRONMENT:
                files |= self._different(_first_files(self._emission.variant(changed)))
            else:
                renderings = self.emitted(changed)
                files |= self._different(_files(renderings[0].site, renderings[0].artifacts))
                for rule in self.refusing(renderings, rules):
                    rules.add(rule)
        return Statement(path, node.text, tried, tuple(sorted(files)), tuple(sorted(rules)))

    def emitted(self, changed: Resolved) -> tuple[Rendering, ...]:
        """Emit what differs in a variant; of clusters but the first, only the files that rules may read: no page."""
        return _renderings(self._emission.variant(changed))

    def judged(self, rendering: Rendering, before: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the input of a variant's cluster; ``before`` is that of the unchanged one, which it may share."""
        if any(_shared(rendering, kept) for kept in self.renderings):
            unique = unique_values(rendering.site, rendering.others)
            return {**before, **stated(rendering.site), "unique": unique}
        return input_of(rendering)

    def _different(self, after: Mapping[str, bytes]) -> set[str]:
        return {file for file in self._before.keys() | after.keys() if self._before.get(file) != after.get(file)}

    def _single(self, path: Path) -> ScalarNode:
        node = lookup(self.resolved.tree, path)
        if not isinstance(node, ScalarNode):
            raise TypeError("a path leads to more than a single value")
        return node

    def refusing(self, renderings: Sequence[Rendering], known: Collection[str]) -> Iterator[str]:
        """Yield the rules, except those that are ``known`` by then, that have a new denial in a variant."""
        answered: frozenset[str] = frozenset()
        for rendering, before, denied in zip(renderings, self.inputs, self.denials, strict=True):
            document = aligned(before, self.judged(rendering, before))
            concerned = self.judge.concerned(before, document)
            asked = [rule for rule in concerned if rule not in known and rule not in answered]
            answered = self.judge.shared
            yield from self.judge.added(before, denied, document, asked)


def _resolved(root: FilePath, environment: str) -> Resolved:
    found, findings = resolve(root, load(root, SECTIONS, [environment]))
    if not found:
        raise ValueError(f"{environment} does not compile: {'; '.join(finding.message for finding in findings)}")
    return found[0]


def _renderings(variant: Prepared) -> tuple[Rendering, ...]:
    """Return the clusters with their files, of which the first has its pages."""
    clusters, run = tuple(variant.sites.values()), variant.run
    rendered = {site.name: documents(site, run) for site in clusters}
    delivery = delivered(variant.resolved, rendered, run)
    artifacts = [enforced(site, rendered[site.name], run) for site in clusters]
    artifacts[0] = (*artifacts[0], *pages(clusters[0], artifacts[0], run))
    return tuple(Rendering(variant.resolved, *of_site, delivery) for of_site in zip(clusters, artifacts, strict=True))


def _shared(rendering: Rendering, kept: Rendering) -> bool:
    """Return whether a cluster has the very files of another one."""
    files = ((*item.artifacts, *item.delivery) for item in (rendering, kept))
    return all(one is other for one, other in zip_longest(*files))


def _first_files(variant: Prepared) -> Mapping[str, bytes]:
    """Return the emitted files of the first cluster."""
    site = next(iter(variant.sites.values()))
    return _files(site, cluster_artifacts(site, variant.run))


def _files(site: Site, artifacts: Sequence[Artifact]) -> Mapping[str, bytes]:
    """Return the files of a cluster, by their paths below its folder."""
    return {artifact.path.removeprefix(f"{site.folder}/"): artifact.content for artifact in artifacts}


@cache
def _analysis(root: FilePath, policies: FilePath, environment: str) -> Analysis:
    """Return the analysis of this process, which is made once because it holds an engine."""
    made = Analysis(_resolved(root, environment), Judge(known(policies, policies.resolve().parent, proven=False)))
    gc.freeze()  # it lives as long as the process: no search for garbage walks through it
    gc.set_threshold(_ALLOCATIONS)
    return made


def _statement(root: FilePath, policies: FilePath, environment: str, path: Path) -> Statement:
    return _analysis(root, policies, environment).statement(path)
