"""Files that would explode are refused at once, and what is not YAML is explained where it can be mended."""

from __future__ import annotations

import itertools
import time

import pytest

from compiler.diagnostics import Finding, Source
from compiler.sources import yaml


def only(text: str) -> Finding:
    _, findings = yaml.parse(Source("x.yaml", text))
    (finding,) = findings
    return finding


PAIRS = tuple(itertools.pairwise("abcdefghijklmnopq"))
HOSTILE = {
    "aliases of aliases": "a: &a [x, x]\n" + "".join(f"{after}: &{after} [*{one}, *{one}]\n" for one, after in PAIRS),
    "merges of merges": "a: &a {}\n" + "".join(f"{after}: &{after} {{p: *{one}, q: *{one}}}\n" for one, after in PAIRS),
    "brackets": "a: " + "[" * 100_000,
    "braces": "a: " + "{" * 100_000,
    "dashes": "- " * 100_000,
    "question marks": "? " * 100_000,
    "indentation": "".join(" " * depth + "k:\n" for depth in range(1000)),
    "very many keys": "".join(f"k{number}: 1\n" for number in range(60_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_would_explode_is_refused_at_once(name: str) -> None:
    started = time.process_time()
    node, findings = yaml.parse(Source("x.yaml", HOSTILE[name]))
    assert time.process_time() - started < 5  # hours without the bounds
    assert node is None
    assert [finding.code for finding in findings] == ["YAML009"]


def test_nesting_within_the_bound_is_read() -> None:
    depth = yaml.MAXIMUM_DEPTH
    assert yaml.parse(Source("x.yaml", "[" * depth + "]" * depth))[1] == ()
    assert only("[" * (depth + 1)).code == "YAML009"


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a: b: c\n", 1, 5, "this colon starts a mapping where there can be none"),
        ("a:\n  bc\nd: 1\ne f\ng: 2\n", 4, 1, "this key has no colon"),
        ("a: [1, 2\nb: 3\n", 2, 2, "the list is not closed"),
        ("a: {b: 1\nc: 3\n", 2, 2, "the mapping is not closed"),
        ("a: 'x\nb: 2\n", 1, 4, "the file ends inside a text in quotes"),
        ("a: @x\n", 1, 4, "no value can start with this character"),
        ("a:\n  - 1\n  b: 2\n", 3, 3, "the list goes on with something that is no entry"),
        ("a: 1\n b: 2\n", 2, 3, "this colon starts a mapping where there can be none"),
        ('a: "\\q"\n', 1, 5, "found unknown escape character"),
    ],
)
def test_what_is_not_yaml_is_explained_where_it_is_noticed(text: str, line: int, column: int, message: str) -> None:
    finding = only(text)
    assert (finding.code, finding.place, finding.message) == ("YAML001", f"x.yaml:{line}:{column}", message)
    assert yaml.parse(Source("x.yaml", text))[0] is None


def test_what_was_never_closed_names_where_it_started() -> None:
    assert only("a: 1\nb: [1, 2\nc: 3\n").notes == ("it started at x.yaml:2:4",)


_OURS, _THEIRS = "<<<<<<< HEAD\na: 1\n", "=======\na: 2\n>>>>>>> feature\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (_OURS + _THEIRS, [1]),
        (_OURS + "||||||| 1a2b3c4\na: 0\n" + _THEIRS, [1]),
        ("b: 1\n" + _OURS + _THEIRS + "c: 1\n" + _OURS + _THEIRS, [2, 8]),
        ("a: 1\n=======\nb: 2\n>>>>>>> feature\n" + _OURS + _THEIRS, [2, 5]),  # the first was half resolved
        ("a: 1\r\n<<<<<<< HEAD\r\n=======\r\n>>>>>>> feature\r\n", [2]),
    ],
)
def test_each_conflict_that_a_merge_left_is_named_where_it_starts(text: str, lines: list[int]) -> None:
    node, findings = yaml.parse(Source("x.yaml", text))
    assert node is None
    assert {finding.code for finding in findings} == {"YAML012"}
    assert [finding.span.line for finding in findings if finding.span] == lines


def test_text_that_only_looks_like_a_conflict_is_text() -> None:
    assert yaml.parse(Source("x.yaml", "a: |\n  <<<<<<< HEAD\n  =======\n  >>>>>>> feature\n"))[1] == ()
