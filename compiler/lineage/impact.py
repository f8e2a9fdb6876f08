"""The impact of a statement: the leaves that another value of it moves, and the verdicts that change with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from compiler.diagnostics import has_errors, in_source_order
from compiler.errors import CouldNotRunError
from compiler.lineage.experiment import artifacts, differing, files, renamed
from compiler.lineage.statements import edited
from compiler.lineage.variants import variants_of
from compiler.lineage.verdicts import remembering
from compiler.pipeline import rendered
from compiler.resolve.resolved import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from compiler.diagnostics import Finding
    from compiler.history.base import History
    from compiler.lineage.experiment import Side
    from compiler.lineage.leaves import Leaf
    from compiler.lineage.statements import Statement
    from compiler.policy.rendering import Rendering
    from compiler.resolve.resolved import Resolved
    from compiler.sources.files import Loaded


class RefusedError(CouldNotRunError):
    """The project has errors as it is, so that nothing can be compared with it."""


@dataclass(frozen=True, slots=True)
class Move:
    """A leaf that moves: its value before and after, and the text of the statement with which it does."""

    leaf: Leaf
    before: Side
    after: Side
    text: str


@dataclass(frozen=True, slots=True)
class Reached:
    """The effect of a statement in one environment."""

    environment: str
    moves: tuple[Move, ...] = ()
    kept: str | None = None
    """The value that an overlay has in the statement's place; None where the statement decides."""
    kept_by: str = ""
    """The place of that value."""


@dataclass(frozen=True, slots=True)
class Impact:
    """The effect of a statement: in each environment that has it, and on the verdicts.

    ``tried`` are the texts that were put in its place. ``findings`` are what is wrong with an asked one, which then is
    not emitted. Verdicts are judged for an asked text alone.
    """

    statement: Statement
    tried: tuple[str, ...]
    environments: tuple[Reached, ...] = ()
    findings: tuple[Finding, ...] = ()
    denied: tuple[Finding, ...] = ()
    """The findings that the text brings."""
    passed: tuple[Finding, ...] = ()
    """The findings that it ends."""
    judged: bool = field(default=False)

    @property
    def reaches_nothing(self) -> bool:
        """Whether no leaf moves and no verdict changes."""
        return not (self.findings or self.denied or self.passed or any(item.moves for item in self.environments))


def impact(root: Path, loaded: Loaded, statement: Statement) -> Impact:
    """Return the leaves that any of several other values of a statement moves.

    Raises:
        RefusedError: the project has errors.
    """
    tried: dict[str, None] = {}
    reached = []
    for resolved in _environments(_resolved(root, loaded), statement):
        if not statement.decides(resolved):
            reached.append(_kept(resolved, statement))
            continue
        before = files(artifacts(resolved))
        moves: dict[Leaf, Move] = {}
        for text, changed in variants_of(resolved, statement.path, statement.node):
            tried[text] = None
            emitted = renamed(artifacts(changed), changed.environment.name, resolved.environment.name)
            for leaf, (old, new) in differing(before, files(emitted)).items():
                moves.setdefault(leaf, Move(leaf, old, new, text))
        reached.append(Reached(resolved.environment.name, tuple(moves.values())))
    return Impact(statement, tuple(tried), tuple(reached))


def impact_of(
    root: Path, loaded: Loaded, statement: Statement, text: str, as_of: date, history: History | None = None
) -> Impact:
    """Return every leaf that moves, and every verdict that changes, if a statement is written as ``text``.

    Raises:
        RefusedError: the project has errors.
        NoStatementError: no text can take the place of the statement.
        PolicyError: the policies cannot judge.
    """
    current = _resolved(root, loaded)
    changed, _ = edited(loaded, statement, text)
    resolved, findings = resolve(root, changed)
    findings = in_source_order((*changed.findings, *findings))
    if has_errors(findings):
        return Impact(statement, (text,), findings=tuple(item for item in findings if item.refuses))
    concerned = [item for item in _environments(current, statement) if statement.decides(item)]
    names = {item.environment.name for item in concerned}
    # A value of one environment may have to be unique among all.
    judged = None if statement.environment else names
    before, after = (list(rendered(side, history, judged)) for side in (current, resolved))
    reached = [
        Reached(name, tuple(_moves(name, before, after, text))) if name in names else _kept(item, statement)
        for item in _environments(current, statement)
        for name in (item.environment.name,)
    ]
    denied, passed = _verdicts(root / "policies", before, after, as_of) if names else ((), ())
    return Impact(statement, (text,), tuple(reached), denied=denied, passed=passed, judged=True)


def _moves(environment: str, before: Iterable[Rendering], after: Iterable[Rendering], text: str) -> Iterator[Move]:
    old, new = (
        files(chain.from_iterable((*item.delivery, *item.artifacts) for item in side if _of(item) == environment))
        for side in (before, after)
    )
    yield from (Move(leaf, one, other, text) for leaf, (one, other) in differing(old, new).items())


def _of(rendering: Rendering) -> str:
    return rendering.resolved.environment.name


def _resolved(root: Path, loaded: Loaded) -> tuple[Resolved, ...]:
    resolved, findings = resolve(root, loaded)
    if has_errors((*loaded.findings, *findings)):
        raise RefusedError("the specification has errors: cbp compile says which")
    return resolved


def _environments(resolved: Iterable[Resolved], statement: Statement) -> list[Resolved]:
    return [item for item in resolved if statement.environment in (None, item.environment.name)]


def _kept(resolved: Resolved, statement: Statement) -> Reached:
    span = resolved.span(statement.path)
    value = resolved.written(statement.path) or "values of its own"
    return Reached(resolved.environment.name, kept=value, kept_by=f"{span.source.path}:{span.line}")


def _verdicts(
    policies: Path, before: Sequence[Rendering], after: Sequence[Rendering], as_of: date
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the findings of the gate that only the new side has, and those that only the old side has."""
    judge = remembering(policies, policies.parent)
    old, new = (judge.judge(side, as_of).findings for side in (before, after))
    return _lacking(new, old), _lacking(old, new)


def _lacking(findings: Iterable[Finding], others: Iterable[Finding]) -> tuple[Finding, ...]:
    known = {_verdict(item) for item in others}
    return tuple(item for item in findings if _verdict(item) not in known)


def _verdict(finding: Finding) -> tuple[object, ...]:
    """Return what makes a verdict: the rule, the value that it is about, the clusters, and whether it refuses."""
    return finding.code, finding.resource, finding.clusters, finding.rendered, finding.refuses
