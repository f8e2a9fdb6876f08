"""YAML is read as it looks: scalars stay text, spans are right, and hostile files are refused at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics import Finding, Source
from compiler.diagnostics.bounds import MOST
from compiler.sources import yaml
from compiler.sources.nodes import MappingNode, Node, ScalarNode, leaves, lookup, nearest, plain
from tests.compiler.project import FROZEN

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted(FROZEN.rglob("*.yaml"))


def read(text: str) -> tuple[Node | None, tuple[Finding, ...]]:
    return yaml.parse(Source("x.yaml", text))


def value(text: str) -> object:
    node, findings = read(text)
    assert not findings
    assert node is not None
    return plain(node)


def only(text: str) -> Finding:
    _, findings = read(text)
    (finding,) = findings
    return finding


def place(finding: Finding) -> tuple[str, int, int]:
    assert finding.span is not None
    return finding.code, finding.span.line, finding.span.column


@pytest.mark.parametrize(
    "text", ["no", "012", "1:30", "1_000", "0x1F", "1e3", "~", "null", "true", ".inf", "2024-01-01", "=", "0o7", "y"]
)
def test_a_scalar_stays_the_text_that_it_is(text: str) -> None:
    assert value(f"key: {text}") == {"key": text}
    assert value(f"- {text}") == [text]
    assert value(f"{text}: key") == {text: "key"}


def test_quotes_and_blocks_lose_their_marks_and_nothing_else() -> None:
    assert value("a: 'it''s'\nb: \"x\\ty\"\nc: |\n  1\n  2\nd: >-\n  1\n  2\n") == {
        "a": "it's",
        "b": "x\ty",
        "c": "1\n2\n",
        "d": "1 2",
    }


def test_a_file_reads_alike_with_the_line_ends_of_every_system() -> None:
    text = "a: 1\nb:\n  - 'x'\n  - y\n"
    for other in (text.replace("\n", "\r\n"), text.replace("\n", "\r")):
        node, findings = read(other)
        assert not findings
        assert node is not None
        assert plain(node) == value(text)
        assert [(leaf.span.line, leaf.span.column) for _, leaf in leaves(node)] == [(1, 4), (3, 5), (4, 5)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_a_place_counts_the_lines_that_yaml_counts(end: str) -> None:
    finding = only(f"# a{end}# b{end}key: 1{end}key: 2{end}")
    assert place(finding) == ("YAML005", 4, 1)
    assert finding.span is not None
    assert finding.span.source.line(finding.span.line) == "key: 2"


def test_columns_count_characters() -> None:
    assert place(only("{\N{PILE OF POO}é: 1, \N{PILE OF POO}é: 2}")) == ("YAML005", 1, 9)


@pytest.mark.parametrize(("text", "line", "column"), [("é: \x07", 1, 4), ("a: é\nbé: \x00c", 2, 5), ("\x7f", 1, 1)])
def test_a_control_character_is_refused_where_it_stands(text: str, line: int, column: int) -> None:
    assert place(only(text)) == ("YAML001", line, column)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "   "])
def test_a_file_without_a_value_says_so(text: str) -> None:
    finding = only(text)
    assert (finding.code, finding.place) == ("YAML003", "x.yaml")


def test_a_second_document_is_refused_and_a_marked_single_one_is_not() -> None:
    assert value("---\na: 1\n...\n") == {"a": "1"}
    assert place(only("a: 1\n---\nb: 2\n")) == ("YAML004", 2, 1)
    assert read("a: 1\n---\nb: 2\n")[0] is None


def test_every_key_that_is_written_twice_is_reported_and_the_first_stands() -> None:
    node, findings = read("a: 1\nb: {c: 1, c: 2}\na: 3\na: 4\n")
    assert [place(finding) for finding in findings] == [("YAML005", 2, 11), ("YAML005", 3, 1), ("YAML005", 4, 1)]
    assert node is not None
    assert plain(node) == {"a": "1", "b": {"c": "1"}}


@pytest.mark.parametrize(
    ("text", "column"), [("[a, b]: 1", 1), ("{a: b}: 1", 1), ("'': 1", 1), ("x: {{ y }}", 5), ("? [a]\n: 1", 3)]
)
def test_a_key_that_is_no_name_is_refused(text: str, column: int) -> None:
    assert place(only(text)) == ("YAML006", 1, column)


@pytest.mark.parametrize("tag", ["!!int", "!!python/object/apply:os.system", "!custom", "!!str"])
def test_no_tag_changes_what_a_value_is(tag: str) -> None:
    node, (finding,) = read(f"a: {tag} 5\n")
    assert place(finding) == ("YAML007", 1, 4)
    assert tag in finding.message
    assert node is not None
    assert plain(node) == {"a": "5"}


def test_a_tab_that_indents_is_named_as_one() -> None:
    for text in ("a:\n\tb: 1\n", "\ta: 1\n", "a:\n  b: 1\n\tc: 2\n"):
        finding = only(text)
        assert (finding.code, finding.message) == ("YAML008", "a tab indents this line")
    assert value("a: [1,\n\t2]\nb: 'x\ty'\n") == {"a": ["1", "2"], "b": "x\ty"}


def test_an_alias_is_its_anchor_with_the_place_of_the_anchor() -> None:
    node, findings = read("a: &x [1, 2]\nb: *x\n")
    assert not findings
    assert node is not None
    assert lookup(node, ("b", 1)) is lookup(node, ("a", 1))


def test_merged_keys_give_way_to_own_ones_and_to_those_that_are_named_first() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  z: 3\n  <<: [*a, *b]\n"
    assert value(text) == {"a": {"x": "1", "y": "1"}, "b": {"y": "2", "z": "2"}, "c": {"z": "3", "x": "1", "y": "1"}}
    assert value("a: &a {x: 1}\nb:\n  <<: *a\n  w: 2\n") == {"a": {"x": "1"}, "b": {"w": "2", "x": "1"}}


def test_only_a_mapping_can_be_merged() -> None:
    assert place(only("a: &a [1]\nb:\n  <<: *a\n")) == ("YAML010", 1, 8)
    assert place(only("b: {<<: 5}\n")) == ("YAML010", 1, 9)


@pytest.mark.parametrize(("text", "line", "column"), [("a: *b", 1, 4), ("a: &a [*a]", 1, 8), ("a: &a\n  b: *a", 2, 6)])
def test_an_alias_without_a_finished_anchor_is_refused(text: str, line: int, column: int) -> None:
    assert place(only(text)) == ("YAML011", line, column)
    assert read(text)[0] is None


def test_nothing_is_deeper_than_the_bound_by_brackets_or_by_aliases() -> None:
    deep = "[" * yaml.MAXIMUM_DEPTH + "]" * yaml.MAXIMUM_DEPTH
    assert not read(deep)[1]
    assert place(only(f"[{deep}]")) == ("YAML009", 1, yaml.MAXIMUM_DEPTH + 1)
    half = "[" * 20 + "{}" + "]" * 20
    assert place(only(f"a: &a {half}\nb: {half.replace('{}', '*a')}\n")) == ("YAML009", 2, 24)
    assert place(only(f"a: &a {half}\nb: {{c: {half.replace('{}', '{<<: *a}')}}}\n"))[0] == "YAML009"


def test_nothing_holds_more_values_than_the_bound_however_they_are_nested() -> None:
    most = yaml.MAXIMUM_NODES - 1
    assert not read(f"[{'1,' * most}]")[1]
    assert only(f"[{'1,' * (most + 1)}]").code == "YAML009"
    assert only(f"[{'1,' * (most // 2)}[{'1,' * (most // 2)}[1,1").code == "YAML009"
    assert only(f"a: &a [{'1,' * most}]\n").code == "YAML009"
    assert only(f"a: &a [{'1,' * (most // 2)}]\nb: *a\n").code == "YAML009"


def test_of_very_many_mistakes_in_a_file_the_first_are_listed() -> None:
    _, findings = read("a: 1\n" * 9_000)
    assert [item.code for item in findings] == ["YAML005"] * MOST + ["FILE006"]
    assert findings[-1].message == f"{9_000 - 1 - MOST} more mistakes here are not listed"


def test_a_scalar_knows_whether_it_stands_in_quotes() -> None:
    node, _ = read("[plain, 'single', \"double\", 5]")
    assert node is not None
    assert [leaf.quoted for _, leaf in leaves(node)] == [False, True, True, False]
    block, _ = read("|\n  5\n")
    assert isinstance(block, ScalarNode)
    assert block.quoted


@pytest.mark.parametrize("file", FILES, ids=[file.relative_to(FROZEN).as_posix() for file in FILES])
def test_every_value_of_a_file_stands_where_its_span_says(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    node, findings = read(text)
    assert not findings
    assert node is not None
    lines = text.split("\n")
    for path, leaf in leaves(node):
        covered = lines[leaf.span.line - 1][leaf.span.column - 1 :][: leaf.span.width]
        assert covered.strip("\"'") == leaf.text, path


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    node, findings = read(text)
    assert (node is None) <= bool(findings)
    for finding in findings:
        assert finding.help
        assert finding.span is None or finding.span.line <= text.count("\n") + 2 + sum(
            map(text.count, "\r\x85\u2028\u2029")
        )


names = st.text("abcdefghij_", min_size=1, max_size=6)
scalars = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=12)
trees = st.recursive(
    scalars, lambda below: st.lists(below, max_size=4) | st.dictionaries(names, below, max_size=4), max_leaves=12
)


@settings(max_examples=100, deadline=None)
@given(trees)
def test_what_is_written_in_quotes_is_read_back(tree: object) -> None:
    assert value(flow(tree)) == tree


def flow(tree: object) -> str:
    """Write a tree as flow YAML with every scalar in double quotes."""
    if isinstance(tree, str):
        return '"' + "".join(c if c.isascii() and c not in '"\\' else f"\\U{ord(c):08x}" for c in tree) + '"'
    if isinstance(tree, list):
        return f"[{', '.join(map(flow, tree))}]"
    assert isinstance(tree, dict)
    return "{" + ", ".join(f'"{name}": {flow(below)}' for name, below in tree.items()) + "}"


def test_a_node_that_is_not_there_has_the_place_of_the_nearest_one_above_it() -> None:
    node, _ = read("a:\n  b:\n    c: 1\n")
    assert isinstance(node, MappingNode)
    assert str(nearest(node, ("a", "b", "c"))) == "x.yaml:3:8"
    assert str(nearest(node, ("a", "b", "d"))) == "x.yaml:2:3"
    assert str(nearest(node, ("a", "x", "y"))) == "x.yaml:1:1"
    assert isinstance(lookup(node, ("a", "b", "c")), ScalarNode)
    assert lookup(node, ("a", 0)) is None
