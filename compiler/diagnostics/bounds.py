"""Bounds of what is said about one file or folder: more mistakes than these are one mistake, made many times."""

from __future__ import annotations

import difflib
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from compiler.diagnostics.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST = 50
"""How many mistakes of one file or folder are listed."""
_LONGEST_NAME = 64
_MOST_NAMES = 100

T = TypeVar("T")


def bounded(mistakes: Iterable[T], where: Callable[[T], str]) -> tuple[list[T], tuple[Finding, ...]]:
    """Return the first mistakes of each file, and a finding for each file that has more of them than are listed.

    A mistake is whatever a finding is made from, so that none is made in vain; ``where`` is the path that it is in.
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
    """Return the first findings of each file, and one more for each file that has more of them."""
    listed, more = bounded(findings, lambda finding: finding.span.source.path if finding.span else finding.path)
    return (*listed, *more)


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that a misspelt one is close to, if there is one; what is longer than any name has none."""
    close = difflib.get_close_matches(word, islice(known, _MOST_NAMES), 1) if len(word) <= _LONGEST_NAME else []
    return close[0] if close else None


def use_one_of(known: Iterable[str]) -> str:
    """Return the advice that lists the known names, as many as anybody reads."""
    names = list(known)
    rest = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"use one of: {', '.join(names[:_MOST_NAMES])}{rest}"


def _more(path: str, number: int) -> Finding:
    message = "1 more mistake here is not listed" if number == 1 else f"{number} more mistakes here are not listed"
    return Finding("FILE006", message, "mend those that are listed, and compile again", path=path)
