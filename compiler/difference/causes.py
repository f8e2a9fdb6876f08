"""Attribution of changed values to statements: each statement is applied alone to the old side, which is emitted again.

A value follows from the statements that alone give it its new value. Where none does, it follows from all that move it
alone, and else from all statements together. What differs although no statement moves it is the compiler's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.difference.comparison import Change, Key, compare
from compiler.difference.side import files
from compiler.difference.statements import Statement, applied, changed
from compiler.lineage.experiment import artifacts
from compiler.resolve.resolved import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.difference.side import Side
    from compiler.resolve.resolved import Resolved

ARGO_CD = "argocd"
"""The folder below ``generated/`` with a folder for each environment."""
COMPILER = 0
"""The number of the compiler as a cause; statements are numbered from 1."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A changed statement, with what it alone does to the old side."""

    number: int
    statement: Statement
    means_the_same: bool
    """Whether it is spelt in another way alone: it parses to the same value."""
    alone: Mapping[Key, Change] | None
    """The values that it moves alone; None where the old side does not take it alone."""
    hidden: tuple[tuple[str, str], ...] = ()
    """The environments that an overlay of their own keeps from it, each with the overlay's place."""


@dataclass(frozen=True, slots=True)
class Follows:
    """A changed value, with the numbers of the causes that it follows from."""

    change: Change
    causes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Attribution:
    """The changed statements, and every changed value of the compiled files with its causes."""

    causes: tuple[Cause, ...]
    values: tuple[Follows, ...]


def attribute(before: Side, after: Side) -> Attribution:
    """Return the differences of the compiled files of two sides, each with its causes."""
    total = compare(before.compiled, after.compiled)
    alone = _Alone(before)
    order = [item.environment.name for item in (*after.resolved, *before.resolved)]
    found = sorted(changed(before.loaded, after.loaded), key=lambda statement: _order(statement, order))
    causes = tuple(alone.cause(number, statement, after) for number, statement in enumerate(found, 1))
    # Both sides as this compiler emits them: a value that does not differ there differs by the compiler.
    by_statements = compare(alone.files(), files(item for found in after.emitted.values() for item in found))
    both = {item.environment.name for item in before.resolved} & {item.environment.name for item in after.resolved}
    values = tuple(
        Follows(change, _causes(change, causes, by_statements))
        if environment(change.file) in both
        else Follows(change, _as_a_whole(change, causes))
        for change in total.values()
    )
    return Attribution(causes, values)


def environment(file: str) -> str:
    """Return the environment of a compiled file."""
    first, second, *_ = file.split("/")
    return second if first == ARGO_CD else first


def _as_a_whole(change: Change, causes: tuple[Cause, ...]) -> tuple[int, ...]:
    """Return the causes of a value in an environment that only one side has, or that the old side cannot resolve."""
    of_it = tuple(cause.number for cause in causes if cause.statement.environment == environment(change.file))
    return of_it or tuple(cause.number for cause in causes) or (COMPILER,)


def _order(statement: Statement, environments: list[str]) -> tuple[int, str, int]:
    """Return the order of causes: the specification by its files, then the environments, production first."""
    name = statement.environment
    rank = environments.index(name) + 1 if name in environments else len(environments) + 1
    return rank if name else 0, statement.file, statement.line


def _causes(change: Change, causes: tuple[Cause, ...], by_statements: Mapping[Key, Change]) -> tuple[int, ...]:
    known = by_statements.get(change.key)
    if known is None or not causes:
        return (COMPILER,)
    moving = {cause.number: found for cause in causes if cause.alone and (found := cause.alone.get(change.key))}
    wholly = tuple(number for number, found in moving.items() if found.after == known.after)
    return wholly or tuple(moving) or tuple(cause.number for cause in causes if not cause.means_the_same)


class _Alone:
    """The old side, to which statements are applied one by one."""

    def __init__(self, before: Side) -> None:
        self._before = before
        self._resolved = {item.environment.name: item for item in before.resolved}
        self._files = {name: files(found) for name, found in before.emitted.items()}

    def files(self) -> dict[str, Any]:
        return {path: content for found in self._files.values() for path, content in found.items()}

    def cause(self, number: int, statement: Statement, after: Side) -> Cause:
        loaded = applied(self._before.loaded, statement)
        resolved, findings = resolve(self._before.root, loaded)
        complete = not any(finding.refuses for finding in findings)
        named = {item.environment.name: item for item in resolved}
        # An environment that is new or gone has no counterpart: its files are compared as a whole.
        complete = complete and named.keys() == self._resolved.keys()
        differing = [
            name
            for name, item in named.items()
            if name in self._resolved and not item.says_the_same(self._resolved[name])
        ]
        alone: dict[Key, Change] = {}
        for name in differing:
            alone |= compare(self._files[name], self._emitted(named[name], after))
        means_the_same = complete and not differing and not self._hidden(statement, after)
        return Cause(number, statement, means_the_same, alone if complete else None, self._hidden(statement, after))

    def _emitted(self, resolved: Resolved, after: Side) -> Mapping[str, Any]:
        """Return the files of an environment; those of the new side where the statement alone leads to it."""
        same = next((item for item in after.resolved if item.says_the_same(resolved)), None)
        return files(artifacts(resolved) if same is None else after.emitted[same.environment.name])

    def _hidden(self, statement: Statement, after: Side) -> tuple[tuple[str, str], ...]:
        """Return the environments whose overlays say something else in the place of a statement of ``spec/``."""
        if statement.environment or statement.after is None:
            return ()
        spans = ((item.environment.name, item.span(statement.path)) for item in after.resolved)
        return tuple(
            (name, f"{span.source.path}:{span.line}") for name, span in spans if span.source.path != statement.file
        )
