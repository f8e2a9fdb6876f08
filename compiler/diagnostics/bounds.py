"""A bound on the number of findings about one file or folder, since more of them repeat one mistake."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from compiler.diagnostics.codes import Code
from compiler.diagnostics.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST = 50
"""The number of mistakes that are listed for one file or folder."""

T = TypeVar("T")


def bounded(mistakes: Iterable[T], where: Callable[[T], str]) -> tuple[list[T], tuple[Finding, ...]]:
    """Return the first mistakes of each file, and a finding for each file with more of them.

    A mistake is a value from which the caller makes a finding, so that unlisted findings are never made; ``where``
    returns its path.
    """
    found: Counter[str] = Counter()
    listed = []
    for mistake in mistakes:
        path = where(mistake)
        found[path] += 1
        if found[path] <= MOST:
            listed.append(mistake)
    return listed, tuple(_more(path, number - MOST) for path, number in found.items() if number > MOST)


def bounded_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the first findings of each file, and a finding for each file with more of them."""
    listed, more = bounded(findings, lambda finding: finding.span.source.path if finding.span else finding.path)
    return (*listed, *more)


def _more(path: str, number: int) -> Finding:
    message = "1 more mistake here is not listed" if number == 1 else f"{number} more mistakes here are not listed"
    return Finding(Code.FILE006, message, "mend those that are listed, and compile again", path=path)
