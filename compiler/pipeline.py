"""The pipeline of the compiler on one screen: load, resolve, emit, check, judge; then compare or write.

A cluster's documents are freed once it is judged, so that a hundred environments need little more memory than three.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Finding, Rendered, has_errors, in_source_order
from compiler.emit.cluster import all_artifacts, judged_artifacts, pages
from compiler.emit.editor import editor_artifacts
from compiler.history.base import NoBaseError
from compiler.history.repository import GitError
from compiler.model.specification import SECTIONS
from compiler.policy import gate
from compiler.policy.before import before
from compiler.policy.errors import PolicyError
from compiler.policy.rendering import Rendering
from compiler.resolve.entries import placed_acknowledgements
from compiler.resolve.resolved import Resolved, resolve
from compiler.schemas import core
from compiler.schemas.custom import CustomSchemas
from compiler.sources.files import ACKNOWLEDGEMENTS_FILE, load
from compiler.write import journal
from compiler.write.apply import apply
from compiler.write.drift import Change, Drift, drift
from compiler.write.journal import JournalError
from compiler.write.lock import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from compiler.emit.artifact import Artifact
    from compiler.emit.cluster import Environment as Emitted
    from compiler.history.base import Base, History
    from compiler.model.environment import Environment
    from compiler.policy.acknowledgements import Acknowledgements
    from compiler.policy.before import Before
    from compiler.policy.gate import Gate, Verdict
    from compiler.sources.files import Loaded


@dataclass(frozen=True, slots=True)
class Compilation:
    """The result of compiling a project: findings, files, and the gate's verdict (None if it could not judge)."""

    root: Path
    only: tuple[str, ...]
    environments: tuple[str, ...]
    findings: tuple[Finding, ...]
    artifacts: tuple[Artifact, ...]
    unchecked: tuple[str, ...]
    verdict: Verdict | None
    bases: Mapping[str, Base] = field(default_factory=dict)
    """The base that each environment was compared with, by its name."""
    no_base: str = ""
    """The reason why an environment has no base, so that its transitions were not judged; else empty."""

    @property
    def alike(self) -> frozenset[str]:
        """The environments whose base is HEAD and holds the very files of this compilation: nothing was compared."""
        new = {artifact.path: artifact.content for artifact in self.artifacts}
        return frozenset(
            environment
            for environment, base in self.bases.items()
            if base.is_head
            and base.paths(environment) == {path for path in new if path.startswith(_folders(environment))}
            and all(base.holds(path, new[path]) for path in base.paths(environment))
        )

    @property
    def refused(self) -> bool:
        """Whether any finding is an error, which prevents writing."""
        return has_errors(self.findings)


def compile_project(
    root: Path,
    only: tuple[str, ...] = (),
    schemas: CustomSchemas | None = None,
    prove: Callable[[], Gate] | None = None,
    as_of: date | None = None,
    history: History | None = None,
    sources: Path | None = None,
    editor: Callable[[], tuple[Artifact, ...]] | None = None,
) -> Compilation:
    """Compile the environments of a project (those named ``only``, or all) in memory; also validate by ``schemas``.

    ``prove`` returns the gate of the project's policies, which are proven; by default they are proven in the embedded
    engine. Waivers hold as of the day ``as_of``; without a day nothing is waived. Transitions are judged from the bases
    of ``history``; without one they are not. ``sources`` is a folder with another ``spec/`` and ``environments/`` to
    compile in the place of the project's own. ``editor`` returns the schemas for editors; by default they are made.

    Raises:
        PolicyError: the gate could not judge.
        NoBaseError: a base is required, and there is none.
        SchemaError: the schemas of custom resources cannot be used.
    """
    loaded = load(sources or root, SECTIONS, only)
    resolved, findings = resolve(root, loaded)
    schemas = schemas or CustomSchemas()
    checked = _Checked(schemas)
    past = _Past(history)
    renderings = checked.each(past.compared(emit_for_policies(item, _others(item, resolved))) for item in resolved)
    verdict = None
    if resolved:
        judge = prove() if prove else gate.proven(root / "policies")
        acknowledged = judge.acknowledgements(as_of)
        findings += () if only else past.removed(loaded, acknowledged)
        verdict = judge.judge(renderings, as_of, acknowledged)
    checked.keep(() if only else (editor or editor_artifacts)())
    judged = verdict.findings if verdict else ()
    unchecked = schemas.unchecked(checked.kinds.values())
    return Compilation(
        root=root,
        only=only,
        environments=tuple(item.environment.name for item in resolved),
        findings=in_source_order((*loaded.findings, *findings, *checked.findings, *schemas.absent(unchecked), *judged)),
        artifacts=tuple(checked.artifacts),
        unchecked=tuple(unchecked),
        verdict=verdict,
        bases=past.bases,
        no_base=history.missing if history else "",
    )


def emit(resolved: Resolved, others: tuple[Environment, ...] = ()) -> tuple[Rendering, ...]:
    """Return each cluster of an environment with its files; ``others`` are the compilation's other environments."""
    return _renderings(resolved, all_artifacts(resolved), others)


def emit_for_policies(resolved: Resolved, others: tuple[Environment, ...] = ()) -> tuple[Rendering, ...]:
    """Return each cluster of an environment with the files that policies read, as :func:`emit` does with all."""
    return _renderings(resolved, judged_artifacts(resolved), others)


def _renderings(resolved: Resolved, emitted: Emitted, others: tuple[Environment, ...]) -> tuple[Rendering, ...]:
    delivery, clusters = emitted
    return tuple(Rendering(resolved, site, artifacts, delivery, others) for site, artifacts in clusters)


def renderings(root: Path, history: History | None = None) -> dict[str, Rendering]:
    """Return each cluster of a project, as the policies judge it, by its name (``production/eu-central-1``).

    Raises:
        PolicyError: the specification has errors, so that there is nothing to judge.
    """
    loaded = load(root, SECTIONS)
    resolved, findings = resolve(root, loaded)
    if has_errors((*loaded.findings, *findings)):
        raise PolicyError("the specification has errors: cbp compile says which")
    return {item.site.folder: item for item in rendered(resolved, history, None, emit_for_policies)}


def rendered(
    resolved: Sequence[Resolved],
    history: History | None = None,
    only: Collection[str] | None = None,
    emitter: Callable[[Resolved, tuple[Environment, ...]], tuple[Rendering, ...]] = emit,
) -> Iterator[Rendering]:
    """Yield each cluster of the environments named ``only``, or of all, as the policies judge it.

    It has its old side in the base of ``history``; without one, transitions are not judged. ``emitter`` is
    :func:`emit_for_policies` where nothing but policies reads the files.
    """
    past = _Past(history)
    chosen = (item for item in resolved if only is None or item.environment.name in only)
    return chain.from_iterable(past.compared(emitter(item, _others(item, resolved))) for item in chosen)


def _others(resolved: Resolved, every: Iterable[Resolved]) -> tuple[Environment, ...]:
    return tuple(item.environment for item in every if item is not resolved)


def differences(compilation: Compilation) -> Drift:
    """Return the differences between ``generated/`` and a compilation.

    Raises:
        JournalError: an interrupted compilation left the tree between two states.
        BusyError: another compilation is writing.
    """
    generated = compilation.root / "generated"
    with locked(generated, exclusive=False):
        if journal.pending(generated):
            raise JournalError("a compilation was interrupted while it was written: run make compile to finish it")
        return _drift(generated, compilation)


def write(compilation: Compilation) -> tuple[Drift, tuple[Change, ...]]:
    """Write the compilation to ``generated/``, unless it is refused; return the differences and the changes.

    A compilation that was interrupted is finished first.

    Raises:
        BusyError: another compilation is writing.
        OSError: a file cannot be written.
    """
    generated = compilation.root / "generated"
    if not compilation.refused and not generated.is_symlink():
        generated.mkdir(exist_ok=True)
    with locked(generated, exclusive=True):
        journal.finish(generated)
        found = _drift(generated, compilation)
        refused = compilation.refused or found.refused
        return found, () if refused else apply(generated, found)


def _drift(generated: Path, compilation: Compilation) -> Drift:
    return drift(generated, compilation.artifacts, _owned(compilation.only))


@dataclass(slots=True)
class _Checked:
    """The retained results of emission: files without documents, findings of schemas, and one object of each kind."""

    schemas: CustomSchemas
    artifacts: list[Artifact] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    kinds: dict[tuple[str, str], Artifact] = field(default_factory=dict)

    def each(self, environments: Iterable[Iterable[Rendering]]) -> Iterator[Rendering]:
        """Validate every cluster's objects by the schemas of its version, keep its files, and yield it.

        The files of its environment are kept with the first of its clusters. Pages, which no policy reads, are made
        after a cluster was yielded.
        """
        kept: Resolved | None = None
        for rendering in chain.from_iterable(environments):
            if rendering.resolved is not kept:
                kept = rendering.resolved
                self.keep(rendering.delivery)
            at = rendering.resolved.span(("environment", "clusters", rendering.site.name, "kubernetes"))
            self.findings += core.check(rendering.artifacts, rendering.site.cluster.kubernetes, at)
            self.keep(rendering.artifacts)
            yield rendering
            self.keep(pages(rendering.site, rendering.artifacts))  # it may be judged meanwhile

    def keep(self, artifacts: Iterable[Artifact]) -> None:
        """Validate custom objects by their schemas; keep the files, and the first object of each kind."""
        artifacts = tuple(artifacts)
        self.findings += self.schemas.check(artifacts)
        for artifact in artifacts:
            self.kinds.setdefault(core.kind(artifact), artifact)
            self.artifacts.append(replace(artifact, document=None))


@dataclass(slots=True)
class _Past:
    """The committed past of each environment, where there is a history, with the bases that were used."""

    history: History | None
    bases: dict[str, Base] = field(default_factory=dict)

    def compared(self, renderings: Iterable[Rendering]) -> Iterator[Rendering]:
        """Yield each cluster of an environment together with its old side in the base."""
        for rendering in renderings:
            yield replace(rendering, before=self._before(rendering))

    def _before(self, rendering: Rendering) -> Before | None:
        environment = rendering.resolved.environment
        base = self.history.base(environment.delivery.revision) if self.history else None
        if self.history is None or base is None:
            return None
        try:
            found = before(base, rendering.site.folder, rendering.artifacts, rendering.delivery)
        except (GitError, NoBaseError) as error:
            self.history.unusable(error)
            return None
        self.bases[environment.name] = base
        return found

    def removed(self, loaded: Loaded, acknowledged: Acknowledgements) -> tuple[Finding, ...]:
        """Return a finding for each environment that the base has and the project has not."""
        base = self.history.base() if self.history else None
        if base is None:
            return ()
        findings: list[Finding] = []
        for files in loaded.removed:
            placed, found = placed_acknowledgements(files.acknowledgements)
            acknowledged.enter(files.name, base, placed)
            findings += found
        for name in base.environments:
            if name not in {files.name for files in loaded.environments}:
                findings.append(_removed(name, base, acknowledged))
        return tuple(findings)


def _removed(name: str, base: Base, acknowledged: Acknowledgements) -> Finding:
    number, place = base.count(name), f"generated/{name}"
    change = ("deployed", "removed")
    return Finding(
        Code.ENV006,
        f"removed: {name}, {number} files; {base} deploys it",
        f"bring environments/{name} back; or keep {ACKNOWLEDGEMENTS_FILE} alone there, as docs/transitions.md says",
        path=f"environments/{name}",
        resource=name,
        before=change[0],
        after=change[1],
        rendered=(Rendered(place),),
        waived=acknowledged.acknowledged(name, (Code.ENV006, place, None, *change)),
    )


def _owned(only: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a predicate of the paths that a compilation owns: all, or the folders of the environments ``only``."""
    folders = tuple(chain.from_iterable(_folders(name) for name in only))
    return lambda path: not only or path.startswith(folders)


def _folders(environment: str) -> tuple[str, str]:
    """Return the folders below ``generated/`` that belong to an environment alone."""
    return f"{environment}/", f"argocd/{environment}/"
