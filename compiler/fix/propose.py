"""Proposals: the edits that mend findings, each derived from the bounds of a relation's statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.fix.edit import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from compiler.diagnostics import Bound, Finding, Place


def proposals(findings: Iterable[Finding], decided: Callable[[Finding, Place], bool]) -> tuple[Edit, ...]:
    """Return the edits that findings propose, one for each value.

    Of the statements of a relation the first follows that is not ``decided``: one that its author edited is the intent,
    and so is one that already follows another. Of several edits of one value the farthest is made, which satisfies all.
    """
    chosen: dict[tuple[str, int, int], tuple[Edit, Bound]] = {}
    for finding in findings:
        found = None if finding.waived else _proposal(finding, decided)
        if found is None:
            continue
        edit, bound = found
        key = edit.place.span.source.path, edit.place.span.line, edit.place.span.column
        if key not in chosen or _farther(bound, chosen[key][1]):
            chosen[key] = edit, bound
    return tuple(edit for _, (edit, _) in sorted(chosen.items(), key=lambda item: item[0]))


def _proposal(finding: Finding, decided: Callable[[Finding, Place], bool]) -> tuple[Edit, Bound] | None:
    intended = [place for place in finding.places if decided(finding, place)]
    for place in finding.places:
        if place not in intended and len(place.bounds) == 1:
            (bound,) = place.bounds
            return Edit(place, bound.value, finding.code, tuple(other.resource for other in intended)), bound
    return None


def _farther(one: Bound, other: Bound) -> bool:
    """Return whether a bound satisfies another one of the same value, too."""
    if one.number is None or other.number is None or one.word != other.word:
        return False
    return one.number < other.number if one.word == "at most" else one.number > other.number
