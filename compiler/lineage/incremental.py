"""Emission of variants of one environment: only those emitters run that read a value which differs.

Emitters are pure functions of models, and of the results of other emitters. Those of the unchanged environment run with
models that record what is read. An emitter whose values are the same, and which is given the same results, would return
for a variant what it returned before: those results are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import BaseModel

from compiler.emit.running import anew
from compiler.emit.settings import settings
from compiler.emit.site import Site, sites
from compiler.lineage.recording import Reads, recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from compiler.emit.component import T
    from compiler.emit.running import Run
    from compiler.resolve.resolved import Resolved
    from compiler.sources.nodes import Path
    from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Prepared:
    """An environment to emit: it, its clusters by their names, and the function that runs their emitters."""

    resolved: Resolved
    sites: Mapping[str, Site]
    run: Run = anew


def prepared(resolved: Resolved) -> Prepared:
    """Return an environment of which every emitter runs."""
    return Prepared(resolved, {site.name: site for site in sites(resolved)})


class Incremental:
    """The emission of one environment and of its variants.

    ``unchanged`` is emitted with models that record, and has to be emitted before a variant can keep results of it.
    ``reads`` holds what it has read so far: paths begin with ``spec``, ``environment``, or ``cluster`` or ``settings``
    and the name of a cluster.
    """

    def __init__(self, resolved: Resolved) -> None:
        self._kept: dict[Hashable, _Kept] = {}
        self.reads = Reads()
        recording = replace(
            resolved,
            spec=recorded(resolved.spec, self.reads, ("spec",)),
            environment=recorded(resolved.environment, self.reads, ("environment",)),
        )
        self._before = Prepared(resolved, _clusters(resolved, recording, self._keep))
        found = {name: self._recorded(site, recording) for name, site in self._before.sites.items()}
        self.unchanged = Prepared(recording, found, self._keep)

    def variant(self, changed: Resolved) -> Prepared:
        """Return a variant, to be emitted as the unchanged environment was: only what differs is emitted anew."""
        difference = _Difference()
        difference.add(("spec",), self._before.resolved.spec, changed.spec)
        difference.add(("environment",), self._before.resolved.environment, changed.environment)
        run = _Selective(self._kept, difference)
        clusters = _clusters(changed, changed, run)
        for name in self._before.sites.keys() & clusters.keys():
            old, new = self._before.sites[name], clusters[name]
            difference.add(("cluster", name), old.cluster, new.cluster)
            difference.add(("settings", name), old.settings, new.settings)
        return Prepared(changed, clusters, run)

    def _recorded(self, site: Site, recording: Resolved) -> Site:
        return replace(
            site,
            environment=recording.environment,
            spec=recording.spec,
            cluster=recorded(site.cluster, self.reads, ("cluster", site.name)),
            settings=recorded(site.settings, self.reads, ("settings", site.name)),
        )

    def _keep(self, key: Hashable, emit: Callable[[], Iterable[T]], /, *given: Sequence[object]) -> tuple[T, ...]:
        """Run an emitter of the unchanged environment once; one that runs others has read what they have read."""
        kept = self._kept.get(key)
        if kept is None or not kept.same(given):
            around = self.reads.taken()
            results = tuple(emit())
            kept = self._kept[key] = _Kept(results, self.reads.taken(), given)
            self.reads.add(around)
        self.reads.add(kept.reads)
        return kept.results


@dataclass(frozen=True, slots=True)
class _Kept:
    """The results of an emitter, with what it has read, and the results of others that it was given."""

    results: tuple[Any, ...]
    reads: Reads
    given: tuple[Sequence[object], ...]

    def same(self, given: tuple[Sequence[object], ...]) -> bool:
        """Return whether an emitter is given the very results that this one was."""
        return len(given) == len(self.given) and all(map(_identical, self.given, given))

    def shared(self, results: tuple[T, ...]) -> tuple[T, ...]:
        """Return results, each replaced by the kept one in its place if it is equal, so that nothing follows anew."""
        if len(results) != len(self.results):
            return results
        return tuple(old if _equal(old, new) else new for old, new in zip(self.results, results, strict=True))


class _Difference:
    """The values that differ between an environment and its variant."""

    def __init__(self) -> None:
        self._values: set[Path] = set()
        self._shapes: set[Path] = set()

    def concerns(self, reads: Reads) -> bool:
        """Return whether one of the values was read, or a model passed that is none, or of another class, now."""
        return not (self._values.isdisjoint(reads.paths) and self._shapes.isdisjoint(reads.passed))

    def add(self, path: Path, old: Any, new: Any) -> None:
        """Add the values that differ between two models, whose values have paths below ``path`` where they are read."""
        if old is new:
            return
        if type(old) is type(new) and isinstance(old, BaseModel):
            for name, value in old.__dict__.items():
                self.add((*path, name), value, new.__dict__[name])
        elif type(old) is not type(new) or not _same_value(old, new):
            self._shapes.add(path)
            # Whoever has read a model as a whole has read this value.
            self._values.update(path[:length] for length in range(1, len(path) + 1))


class _Selective:
    """The function that runs the emitters of a variant, but for those whose results are kept."""

    def __init__(self, kept: Mapping[Hashable, _Kept], difference: _Difference) -> None:
        self._kept = kept
        self._difference = difference

    def __call__(self, key: Hashable, emit: Callable[[], Iterable[T]], /, *given: Sequence[object]) -> tuple[T, ...]:
        """Return the results of an emitter."""
        kept = self._kept.get(key)
        if kept is None:
            return tuple(emit())
        if kept.same(given) and not self._difference.concerns(kept.reads):
            return kept.results
        return kept.shared(tuple(emit()))


def _clusters(resolved: Resolved, read: Resolved, run: Run) -> dict[str, Site]:
    """Return the clusters of an environment by their names, with the settings that follow from the models ``read``."""
    found: dict[str, Site] = {}
    for name, cluster in resolved.environment.clusters.items():
        (computed,) = run(("settings", name), partial(_settings, read, name))
        found[name] = Site(resolved.environment, resolved.spec, name, cluster, computed)
    return found


def _settings(resolved: Resolved, name: str) -> tuple[Settings]:
    return (settings(resolved.environment, resolved.spec, name),)


def _same_value(old: Any, new: Any) -> bool:
    """Return whether two values are equal; mappings have their entries in one order, too, which files show."""
    return bool(old == new) and (not isinstance(old, dict) or list(old) == list(new))


def _identical(old: Sequence[object], new: Sequence[object]) -> bool:
    return len(old) == len(new) and all(one is other for one, other in zip(old, new, strict=True))


def _equal(old: Any, new: Any) -> bool:
    """Return whether two results are equal; documents have their keys in one order, too."""
    return bool(old == new) and (not isinstance(old, dict) or orjson.dumps(old) == orjson.dumps(new))
