"""The pipeline of the compiler on one screen: load, resolve, emit, check, judge; then compare or write.

A cluster's documents are freed once it is judged, so that a hundred environments need little more memory than three.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

from compiler.diagnostics import Finding, has_errors, in_source_order
from compiler.emit.cluster import cluster_artifacts, environment_artifacts
from compiler.emit.editor import editor_artifacts
from compiler.emit.site import sites
from compiler.model.specification import SECTIONS
from compiler.policy import gate
from compiler.policy.errors import PolicyError
from compiler.policy.regorus import Regorus
from compiler.policy.rendering import Rendering
from compiler.resolve.resolved import Resolved, resolve
from compiler.schemas import core
from compiler.schemas.custom import CustomSchemas
from compiler.sources.files import load
from compiler.write import journal
from compiler.write.apply import apply
from compiler.write.drift import Change, Drift, drift
from compiler.write.journal import JournalError
from compiler.write.lock import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date
    from pathlib import Path

    from compiler.emit.artifact import Artifact
    from compiler.model.environment import Environment
    from compiler.policy.engine import Engine
    from compiler.policy.gate import Verdict


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

    @property
    def refused(self) -> bool:
        """Whether any finding is an error, which prevents writing."""
        return has_errors(self.findings)


def compile_project(
    root: Path,
    only: tuple[str, ...] = (),
    schemas: CustomSchemas | None = None,
    engine: Callable[[], Engine] | None = None,
    as_of: date | None = None,
) -> Compilation:
    """Compile the environments of a project (those named ``only``, or all) in memory; also validate by ``schemas``.

    The policies judge in ``engine`` or in the embedded engine. Waivers hold as of the day ``as_of``; without a day
    nothing is waived.

    Raises:
        PolicyError: the gate could not judge.
        SchemaError: the schemas of custom resources cannot be used.
    """
    loaded = load(root, SECTIONS, only)
    resolved, findings = resolve(root, loaded)
    schemas = schemas or CustomSchemas()
    checked = _Checked(schemas)
    for item in resolved:
        checked.keep(environment_artifacts(item))
    checked.keep(() if only else editor_artifacts())
    renderings = checked.each(emit(item, _others(item, resolved)) for item in resolved)
    verdict = _judge(root / "policies", engine or Regorus, renderings, as_of) if resolved else None
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
    )


def emit(resolved: Resolved, others: tuple[Environment, ...] = ()) -> tuple[Rendering, ...]:
    """Return each cluster of an environment with its files; ``others`` are the compilation's other environments."""
    delivery = environment_artifacts(resolved)
    return tuple(Rendering(resolved, site, cluster_artifacts(site), delivery, others) for site in sites(resolved))


def renderings(root: Path) -> dict[str, Rendering]:
    """Return each cluster of a project, as the policies judge it, by its name (``production/eu-central-1``).

    Raises:
        PolicyError: the specification has errors, so that there is nothing to judge.
    """
    loaded = load(root, SECTIONS)
    resolved, findings = resolve(root, loaded)
    if has_errors((*loaded.findings, *findings)):
        raise PolicyError("the specification has errors: cbp compile says which")
    rendered = chain.from_iterable(emit(item, _others(item, resolved)) for item in resolved)
    return {item.site.folder: item for item in rendered}


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
        """Validate every cluster's objects by the schemas of its version, keep its files, and yield it."""
        for rendering in chain.from_iterable(environments):
            at = rendering.resolved.span(("environment", "clusters", rendering.site.name, "kubernetes"))
            self.findings += core.check(rendering.artifacts, rendering.site.cluster.kubernetes, at)
            self.keep(rendering.artifacts)
            yield rendering

    def keep(self, artifacts: Iterable[Artifact]) -> None:
        """Validate custom objects by their schemas; keep the files, and the first object of each kind."""
        artifacts = tuple(artifacts)
        self.findings += self.schemas.check(artifacts)
        for artifact in artifacts:
            self.kinds.setdefault(core.kind(artifact), artifact)
            self.artifacts.append(replace(artifact, document=None))


def _judge(
    policies: Path, engine: Callable[[], Engine], renderings: Iterable[Rendering], as_of: date | None
) -> Verdict:
    """Prove the policies, then judge by them."""
    loaded = gate.load(policies, engine)
    loaded.prove()
    return loaded.judge(renderings, as_of)


def _owned(only: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a predicate of the paths that a compilation owns: all, or the folders of the environments ``only``."""
    folders = tuple(f"{prefix}{name}/" for name in only for prefix in ("", "argocd/"))
    return lambda path: not only or path.startswith(folders)
