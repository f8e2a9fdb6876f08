"""The parts of the input that a rule reads are found in its syntax tree, rather too many than too few."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from compiler.lineage.inputs import MEANINGS, Inputs, meaning
from compiler.lineage.parts import differing, excerpt
from compiler.policy.library import Module, read
from compiler.policy.regorus import Instrumented
from tests.compiler.project import ROOT

_KUBERNETES = """package lib.kubernetes

import rego.v1

objects contains item if {
	some document in input.documents
	item := {"file": document.file, "kind": document.object.kind}
}

of(kind, name) := {item | some item in objects; item.kind == kind; item.file == name}
"""
_STATEMENTS = """package lib.statements

import rego.v1

at(path) := value if value := object.get(input.spec, path, null)
"""
_WHOLE = ("documents",)
Document = Mapping[str, Any]


@pytest.fixture(autouse=True)
def _meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small helpers mean what the real ones do."""
    modules = {"lib.kubernetes": _KUBERNETES, "lib.statements": _STATEMENTS}
    engine = Instrumented()
    engine.load([Module(f"{package}.rego", package, text) for package, text in modules.items()], {})
    syntax = {module.package: module for module in engine.add_tests(()).values()}
    found = {
        path: (rules, known | {meaning(syntax[".".join(path[:-1])], rules)})
        for path, (rules, known) in MEANINGS.items()
    }
    monkeypatch.setattr("compiler.lineage.inputs.MEANINGS", found)


def _read(body: str, more: str = "") -> set[tuple[str, ...]]:
    """What a rule with this body of ``examined`` reads."""
    return set(_inputs(body, more).of("a.b"))


def _separable(body: str, more: str = "") -> bool:
    """Whether a rule with this body of ``examined`` judges each object alone."""
    return _inputs(body, more).separable("a.b")


def _inputs(body: str, more: str, kubernetes: str = _KUBERNETES, statements: str = _STATEMENTS) -> Inputs:
    return Inputs.loaded(_engine(body, more, kubernetes, statements), {})


def _engine(body: str, more: str, kubernetes: str, statements: str) -> Instrumented:
    rule = f"""package a.b

import data.lib.kubernetes
import data.lib.statements
import rego.v1

examined contains item if {{
{body}
}}

deny contains item if some item in examined
{more}"""
    modules = {"a.b": rule, "lib.kubernetes": kubernetes, "lib.statements": statements}
    engine = Instrumented()
    engine.load([Module(f"{package}.rego", package, text) for package, text in modules.items()], {})
    return engine


def _sees(
    one: Document,
    other: Document,
    body: str,
    more: str = "",
    kubernetes: str = _KUBERNETES,
    statements: str = _STATEMENTS,
) -> None:
    """Hold a rule that answers otherwise for two inputs to reading a part in which they differ."""
    engine = _engine(body, more, kubernetes, statements)
    answers = [engine.evaluate("a.b.deny", json.dumps(document)) for document in (one, other)]
    assert answers[0] != answers[1], body
    assert differing(one, other, Inputs.loaded(engine, {}).of("a.b")), body


def _rendered(*kinds: str, **members: Any) -> Document:
    objects = [{"file": f"f{number}", "object": {"kind": kind}} for number, kind in enumerate(kinds)]
    return {"documents": objects, **members}


def test_a_reference_into_the_input_is_a_part() -> None:
    assert _read("item := input.spec.limits.memory") == {("spec", "limits", "memory")}


def test_an_index_that_is_computed_reads_all_that_it_may_mean() -> None:
    assert _read("some name in {1}\nitem := input.spec.limits[name].x") == {("spec", "limits")}


def test_helpers_are_followed_and_those_that_nobody_uses_are_not() -> None:
    more = "helper := input.settings.a\n\nunused := input.settings.b"
    assert _read("item := helper", more) == {("settings", "a")}
    assert _read("some item in kubernetes.objects") == {_WHOLE}


def test_objects_of_one_kind_are_a_part_where_the_same_body_requires_the_kind() -> None:
    assert _read('some item in kubernetes.objects\nitem.kind == "A"') == {("documents", "A")}
    assert _read('some item in input.documents\n"A" == item.object.kind') == {("documents", "A")}
    assert _read('some item in kubernetes.of("A", "b")') == {("documents", "A")}


def test_kinds_may_stand_in_a_constant_set_or_be_the_keys_of_a_table() -> None:
    both = {("documents", "A"), ("documents", "B")}
    assert _read("some item in kubernetes.objects\nitem.kind in kinds", 'kinds := {"A", "B"}') == both
    for table in ('table := {"A": 1, "B": 2}', 'table[kind] := 1 if some kind in {"A", "B"}'):
        assert _read("some item in kubernetes.objects\nx := table[item.kind]", table) == both


def test_objects_are_all_read_where_a_kind_is_not_required() -> None:
    objects = "some item in kubernetes.objects\n"
    for condition in (
        'item.kind != "A"',
        'item.file == "A"',
        'count({1 | item.kind == "A"}) == 0',
        "count([1 | table[item.kind]]) == 0",
        "item.kind in changing",
        "changing[item.kind]",
    ):
        assert _WHOLE in _read(objects + condition, 'table := {"A": 1}\n\nchanging contains input.x'), condition
    assert _WHOLE in _read('some item in kubernetes.objects\nsome other in kubernetes.objects\nother.kind == "A"')
    assert _WHOLE in _read("some name in input.names\nsome item in kubernetes.of(name, name)")
    assert _WHOLE in _read('some index, item in input.documents\nitem.object.kind == "A"')


def test_a_statement_is_a_part_as_far_as_its_path_is_written() -> None:
    assert _read('item := statements.at(["limits", "memory"])') == {("spec", "limits", "memory")}
    assert _read('x := input.a\nitem := statements.at(["limits", x, "b"])') == {("a",), ("spec", "limits")}


def test_a_statement_is_a_part_where_its_path_follows_from_constants() -> None:
    constants = [
        'paths := [["a", "b"], ["c", 1]]',
        'pairs := [[["a"], ["b"]], [["c"]]]',
        'above := ["a"]',
        'below := [array.concat(above, ["b"])]',
        'sources := {["x"]: ["a"], ["y"]: ["b"]}',
    ]
    both = {("spec", "a"), ("spec", "b")}
    for body, parts in (
        ("some path in paths\nitem := statements.at(path)", {("spec", "a", "b"), ("spec", "c")}),
        ("some path in paths\nitem := {1: statements.at(path)}", {("spec", "a", "b"), ("spec", "c")}),
        (
            "some both in pairs\nsome i, path in both\nitem := statements.at(path)",
            {*both, ("spec", "c")},
        ),
        ("some setting, path in sources\nitem := [setting, statements.at(path)]", both),
        ("some path in below\nitem := statements.at(path)", {("spec", "a", "b")}),
        ('item := statements.at(array.concat(["a"], ["b"]))', {("spec", "a", "b")}),
        ('some x in ["a", "b"]\nitem := statements.at([x])', both),
        ('some x in ["a", "b"]\nitem := statements.at(["c", x])', {("spec", "c", "a"), ("spec", "c", "b")}),
    ):
        assert _read(body, "\n\n".join(constants)) == parts, body


def test_all_statements_are_read_where_a_path_follows_from_anything_else() -> None:
    constants = (
        'paths := [["a"]]\n\nchanging contains path if some path in input.paths\n\nf(path) := statements.at(path)'
    )
    for body in (
        "some path in changing\nitem := statements.at(path)",
        "some path in input.paths\nitem := statements.at(path)",
        "some path in paths\nx := [path | path := input.path]\nitem := [x, statements.at(path)]",
        "some path, y in paths\nitem := [y, statements.at(path)]",
        "some [path, y] in input.pairs\nitem := [y, statements.at(path)]",
        "item := f(input.path)",
        "some path in paths\nitem := statements.at(array.concat(path, input.more))",
    ):
        assert ("spec",) in _read(body, constants), body


def test_the_input_as_a_whole_is_everything() -> None:
    assert _read("item := object.get(input, keys, 1)", 'keys := ["a"]') == {()}


def test_a_rule_that_iterates_over_the_objects_once_judges_each_alone() -> None:
    assert _separable("some item in input.documents")
    assert _separable('some item in kubernetes.objects\nitem.kind in {"A"}\nname := item.file\nnot name in {"b"}')
    assert _separable("item := input.spec.limits", "examined contains item if some item in input.documents")
    assert _separable("some item in kinds", "kinds contains item if some item in kubernetes.objects")


def test_a_rule_that_may_compare_two_objects_judges_all_together() -> None:
    objects = "some item in kubernetes.objects\n"
    for body in (
        "some index, item in input.documents",
        "item := input.documents[0]",
        "item := input",
        "item := count(kubernetes.objects)",
        objects + "some other in kubernetes.objects\nother.kind == item.kind",
        objects + "not item in named",
        objects + "{1 | item in named} == set()",
        objects + 'some other in kubernetes.of("A", item.file)',
        objects + "unique(item)",
        "some item in by_kind",
        "some item in by_kind.A",
        "some item in list",
        "some item in kubernetes",
    ):
        more = """
named contains item if some item in kubernetes.objects

unique(item) if count({other | some other in kubernetes.objects; other.kind == item.kind}) == 1

by_kind[kind] contains item if {
	some item in kubernetes.objects
	kind := item.kind
}

list := [item | some item in kubernetes.objects]
"""
        assert not _separable(body, more), body
    counted = "deny contains item if {\n\tsome item in examined\n\tcount(examined) == 1\n}"
    assert not _separable("some item in kubernetes.objects", counted)
    assert not _separable("some x in {1}\nitem := kubernetes.objects with input as {}")


def test_the_rules_that_judge_each_object_alone_say_of_all_fixtures_what_they_say_of_each_object() -> None:
    library, engine = read(ROOT / "policies"), Instrumented()
    engine.load(library.modules, library.data)
    inputs, compared = Inputs.loaded(engine, library.data), 0
    for rule in library.rules:
        package = rule.module.package
        if not inputs.separable(package):
            continue
        for document in (rule.fixture.must_pass, *rule.fixture.must_deny):
            every = document.get("documents", [])
            parts = [{**document, "documents": documents} for documents in ([], *([item] for item in every))]
            alone = [denial for part in parts for denial in _denials(engine, package, part)]
            together = _denials(engine, package, document)
            assert {json.dumps(denial) for denial in alone} == {json.dumps(denial) for denial in together}, rule.id
            compared += len(every) > 1
    assert compared > 20


def _denials(engine: Instrumented, package: str, document: object) -> list[object]:
    found: list[object] = engine.evaluate(f"{package}.deny", json.dumps(document))
    return found


def test_the_parts_that_differ_are_those_with_the_changed_value() -> None:
    documents = [{"file": "f", "object": {"kind": kind}} for kind in ("A", "B")]
    document = {"documents": documents, "spec": {"list": [1], "name": "a"}}
    parts = {(), ("documents",), ("documents", "A"), ("documents", "B"), ("spec", "list", "beyond"), ("spec", "none")}
    assert differing(document, document, parts) == set()
    moved = {**document, "documents": [documents[0], {"file": "g", "object": {"kind": "B"}}]}
    assert differing(document, moved, parts) == {(), ("documents",), ("documents", "B")}
    longer = {**document, "spec": {"list": [1, 2], "name": "a"}}
    assert differing(document, longer, parts) == {(), ("spec", "list", "beyond")}


def test_an_excerpt_holds_the_keys_and_the_kinds_that_are_read() -> None:
    documents = [{"file": "f", "object": {"kind": kind}} for kind in ("A", "B")]
    document = {"documents": documents, "spec": {"a": 1}, "vault": {}}
    assert excerpt(document, {("spec", "a")}) == {"spec": {"a": 1}}
    assert excerpt(document, {("documents", "B"), ("documents", "C")}) == {"documents": documents[1:]}
    assert excerpt(document, {("documents", "B"), ("documents",)}) == {"documents": documents}
    assert excerpt(document, {(), ("spec",)}) == document


_SHADOWED = {
    "a set, by a variable": (
        "kinds := {kind | some kind in input.kinds}\nsome item in kubernetes.objects\nitem.kind in kinds",
        'kinds := {"A"}',
    ),
    "a set, by an argument": (
        'some item in among({"A", "B"})',
        'kinds := {"A"}\n\namong(kinds) := {item | some item in kubernetes.objects; item.kind in kinds}',
    ),
    "a table, by a variable": (
        'table := {"A": 1, "B": 2}\nsome item in kubernetes.objects\nfound := table[item.kind]',
        'table := {"A": 1}',
    ),
    "a table, by an argument": (
        'some item in among({"A": 1, "B": 2})',
        'table := {"A": 1}\n\namong(table) := {item | some item in kubernetes.objects; found := table[item.kind]}',
    ),
}


@pytest.mark.parametrize("name", _SHADOWED)
def test_a_variable_with_the_name_of_a_constant_is_not_taken_for_it(name: str) -> None:
    kinds = ["A", "B"]
    _sees(_rendered("A", kinds=kinds), _rendered("A", "B", kinds=kinds), *_SHADOWED[name])


@pytest.mark.parametrize("bound", ["walk(input.held, [path, value])", 'split(input.held, ".", path)'])
def test_a_variable_that_a_call_gives_a_value_is_not_taken_for_another_one_of_its_name(bound: str) -> None:
    body = f"{bound}\nitem := statements.at(path)\nothers := [path | some path in paths]"
    held: Any = {"b": 1} if bound.startswith("walk") else "b"
    one, other = ({"held": held, "documents": [], "spec": {"a": 1, "b": number}} for number in (1, 2))
    _sees(one, other, body, 'paths := [["a"]]')


def test_null_is_another_value_than_none() -> None:
    one, other = ({"documents": [], "spec": spec} for spec in ({}, {"x": None}))
    _sees(one, other, "found := input.spec.x\nitem := 1")


_DELIVERED = """
delivered contains item if {
	some document in input.argocd
	item := {"file": document.file, "kind": document.object.kind}
}
"""
_EDITED = {
    "of, with others": (
        _KUBERNETES.replace("some item in objects;", "some item in objects | delivered;") + _DELIVERED,
        'some item in kubernetes.of("A", "f0")',
    ),
    "objects, with others": (
        _KUBERNETES + _DELIVERED.replace("delivered contains", "objects contains"),
        'some item in kubernetes.objects\nitem.kind == "A"',
    ),
}


@pytest.mark.parametrize("name", _EDITED)
def test_a_helper_that_is_edited_is_one_like_any_other(name: str) -> None:
    kubernetes, body = _EDITED[name]
    held = [{"file": "f0", "object": {"kind": "A"}}]
    _sees(_rendered(argocd=[]), _rendered(argocd=held), body, kubernetes=kubernetes)


def test_the_helper_of_statements_that_is_edited_is_one_like_any_other() -> None:
    edited = _STATEMENTS.replace("input.spec", "input")
    one, other = (_rendered(spec={}, environment={"stage": stage}) for stage in ("x", "y"))
    _sees(one, other, 'item := statements.at(["environment", "stage"])', statements=edited)


def test_the_real_helpers_are_those_whose_meaning_is_known() -> None:
    """After an edit of one, read it: does it still return the objects of a kind, or the statement at a path? Then write
    its new digest into ``MEANINGS``; until then every rule that uses it is asked about each edit."""
    engine = Instrumented()
    library = read(ROOT / "policies", proven=True)
    engine.load_vetted(library.modules, library.data)
    syntax = {module.package: module for module in engine.add_tests(()).values()}
    for path, (rules, known) in MEANINGS.items():
        assert meaning(syntax[".".join(path[:-1])], rules) in known, path


def test_a_helper_with_a_default_is_another_one() -> None:
    plain, other = (
        {module.package: module for module in _engine("item := 1", "", _KUBERNETES, text).add_tests(()).values()}
        for text in (_STATEMENTS, f"{_STATEMENTS}\ndefault at(_) := false\n")
    )
    assert meaning(plain["lib.statements"], ["at"]) != meaning(other["lib.statements"], ["at"])
