"""Of the statements of a relation those follow that nobody edited, as far as every finding asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compiler.diagnostics import Bound, Finding, Place, RuleId, Source, Span
from compiler.fix.propose import proposals
from tests.compiler.report.outcomes import WAIVED

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = Source("spec/x.yaml", "a: 1\nb: 2\nc: 3\n")
A = Place(("a",), Span(SOURCE, 1, 4), "1", (Bound("at most", "0", 0),))
B = Place(("b",), Span(SOURCE, 2, 4), "2", (Bound("at least", "5", 5),))
C = Place(("c",), Span(SOURCE, 3, 4), "3", (Bound("", "x"), Bound("", "y")))


def finding(*places: Place) -> Finding:
    return Finding(RuleId("CON001"), "wrong", "mend it", places[0].span, places=places, clusters=("a/b",))


def edited(*places: Place) -> Callable[[Finding, Place], bool]:
    return lambda _, place: place.path in {item.path for item in places}


def said(*findings: Finding, decided: Callable[[Finding, Place], bool]) -> list[str]:
    return [f"{edit.place.resource}: {edit.text}" for edit in proposals(findings, decided)]


def test_the_statement_that_was_edited_stays_and_the_next_one_follows() -> None:
    assert said(finding(A, B, C), decided=edited(A)) == ["b: 5"]
    assert said(finding(A, B, C), decided=edited(B)) == ["a: 0"]
    (edit,) = proposals([finding(A, B)], edited(A))
    assert str(edit) == "spec/x.yaml:2:4: b: 2 -> 5 (CON001, follows a)"


def test_where_nothing_was_edited_the_statement_of_the_finding_follows() -> None:
    assert said(finding(A, B), decided=edited()) == ["a: 0"]


def test_a_choice_between_several_values_is_left_to_the_author() -> None:
    assert said(finding(C, A), decided=edited(A)) == []
    assert said(finding(A, B), decided=edited(A, B)) == []


def test_of_two_bounds_of_one_value_the_farther_one_is_written() -> None:
    more, less = replace(B, bounds=(Bound("at least", "9", 9),)), replace(A, bounds=(Bound("at most", "-1", -1),))
    for order in ((B, more), (more, B)):
        assert said(*(finding(A, place) for place in order), decided=edited(A)) == ["b: 9"]
    assert said(finding(A, B), finding(less, B), decided=edited(B)) == ["a: -1"]


def test_a_waived_finding_proposes_nothing() -> None:
    assert said(replace(finding(A, B), waived=WAIVED), decided=edited(A)) == []
