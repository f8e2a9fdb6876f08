"""A report has an end: of very many mistakes the first are listed, and the others are counted."""

from __future__ import annotations

import pytest

from compiler.diagnostics import Code, Finding, Source, Span, bounded, bounded_findings
from compiler.diagnostics.bounds import MOST


@pytest.mark.parametrize(
    ("number", "said"), [(MOST, []), (MOST + 1, ["1 more mistake here is not listed"]), (MOST + 9, ["9 more mistakes"])]
)
def test_what_is_more_than_the_most_is_counted(number: int, said: list[str]) -> None:
    listed, more = bounded(range(number), lambda _: "spec/limits.yaml")
    assert listed == list(range(MOST))
    assert [(item.code, item.place, item.message[: len(text)]) for item, text in zip(more, said, strict=True)] == [
        ("FILE006", "spec/limits.yaml", text) for text in said
    ]


def test_each_file_is_counted_for_itself_and_a_folder_too() -> None:
    many = [Finding(Code.SPEC001, str(n), "help", Span(Source("a.yaml", ""), 1, 1)) for n in range(MOST + 3)]
    few = [Finding(Code.FILE002, str(n), "help", path="spec") for n in range(3)]
    found = bounded_findings([*many, *few])
    assert found[:-1] == (*many[:MOST], *few)
    assert (found[-1].code, found[-1].place) == ("FILE006", "a.yaml")
