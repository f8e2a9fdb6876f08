"""The walk through the compiler, on one screen: load, resolve, emit, check, judge; then compare or write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.diagnostics import Finding, has_errors, in_source_order
from compiler.emit.cluster import cluster_artifacts, environment_artifacts, sites
from compiler.emit.editor import editor_artifacts
from compiler.emit.settings import settings
from compiler.model.specification import SECTIONS
from compiler.policy import gate
from compiler.policy.subject import Subject
from compiler.resolve.resolved import Resolved, resolve
from compiler.schemas import core
from compiler.sources.files import load
from compiler.write import journal
from compiler.write.apply import apply
from compiler.write.drift import Change, Drift, drift
from compiler.write.journal import JournalError
from compiler.write.lock import locked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compiler.emit.artifact import Artifact
    from compiler.policy.gate import Verdict


@dataclass(frozen=True, slots=True)
class Compilation:
    """What a project says: its findings, its files, and what the gate judged (None: nothing could be judged)."""

    root: Path
    only: tuple[str, ...]
    environments: tuple[str, ...]
    findings: tuple[Finding, ...]
    artifacts: tuple[Artifact, ...]
    unchecked: tuple[str, ...]
    verdict: Verdict | None

    @property
    def refused(self) -> bool:
        """Whether any finding is an error, so that nothing may be written."""
        return has_errors(self.findings)


def compile_project(root: Path, only: tuple[str, ...] = ()) -> Compilation:
    """Compile the environments of a project (those named ``only``, or all) in memory.

    Raises:
        PolicyError: the gate could not judge.
    """
    loaded = load(root, SECTIONS, only)
    resolved, findings = resolve(root, loaded)
    subjects = tuple(subject for item in resolved for subject in emit(item))
    artifacts = tuple(artifact for subject in subjects for artifact in subject.artifacts)
    artifacts += tuple(artifact for item in resolved for artifact in environment_artifacts(item))
    artifacts += () if only else editor_artifacts()
    checked, unchecked = _check(subjects, artifacts)
    verdict = _judge(root / "policies", subjects)
    judged = verdict.findings if verdict else ()
    return Compilation(
        root=root,
        only=only,
        environments=tuple(item.environment.name for item in resolved),
        findings=in_source_order((*loaded.findings, *findings, *checked, *judged)),
        artifacts=artifacts,
        unchecked=unchecked,
        verdict=verdict,
    )


def emit(resolved: Resolved) -> tuple[Subject, ...]:
    """Return each cluster of an environment with its settings and files."""
    filled = ((site, settings(site)) for site in sites(resolved))
    return tuple(Subject(resolved, site, its, cluster_artifacts(site, its)) for site, its in filled)


def differences(compilation: Compilation) -> Drift:
    """Compare ``generated/`` with what a compilation says.

    Raises:
        JournalError: a compilation was interrupted, so that the tree lies between two states.
        BusyError: another compilation is being written.
    """
    generated = compilation.root / "generated"
    with locked(generated, exclusive=False):
        if journal.pending(generated):
            raise JournalError("a compilation was interrupted while it was written: run cbp compile to finish it")
        return _drift(generated, compilation)


def write(compilation: Compilation) -> tuple[Drift, tuple[Change, ...]]:
    """Make ``generated/`` what the compilation says, unless it is refused; return how it differed, and what was done.

    A compilation that was interrupted is finished first.

    Raises:
        BusyError: another compilation is being written.
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


def _check(
    subjects: tuple[Subject, ...], artifacts: tuple[Artifact, ...]
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Judge every object by its schema; return the findings, and the kinds that no schema describes."""
    findings: tuple[Finding, ...] = ()
    for subject in subjects:
        at = subject.resolved.span(("environment", "clusters", subject.site.name, "kubernetes"))
        findings += core.check(subject.artifacts, subject.site.cluster.kubernetes, at)
    newest = core.versions()[-1]
    return findings, tuple(sorted(core.unchecked(artifacts, newest)))


def _judge(policies: Path, subjects: tuple[Subject, ...]) -> Verdict | None:
    """Let the policies prove themselves and then judge; where nothing could be resolved there is nothing to judge."""
    if not subjects:
        return None
    loaded = gate.load(policies)
    loaded.prove()
    return loaded.judge(subjects)


def _owned(only: tuple[str, ...]) -> Callable[[str], bool]:
    """What a compilation answers for: everything, or the folders of the environments that it was limited to."""
    folders = tuple(f"{prefix}{name}/" for name in only for prefix in ("", "argocd/"))
    return lambda path: not only or path.startswith(folders)
