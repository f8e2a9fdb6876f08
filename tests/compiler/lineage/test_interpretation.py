"""The fields that a rule reads are found by interpreting its syntax tree, rather too many than too few."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from compiler.lineage.abstract import DOCUMENT, KIND
from compiler.lineage.fields import EACH, Depth, Move, Readers, moves
from compiler.lineage.inputs import Inputs
from compiler.policy.library import Module, read
from compiler.policy.regorus import Instrumented
from tests.compiler.project import ROOT

if TYPE_CHECKING:
    from compiler.lineage.fields import Fields

_OBJECTS = """package lib.objects

import rego.v1

all contains item if {
	some document in input.documents
	metadata := object.get(document.object, "metadata", {})
	item := {
		"file": document.file,
		"kind": document.object.kind,
		"name": object.get(metadata, "name", ""),
		"spec": object.get(document.object, "spec", {}),
	}
}

templates := {"Deployment": ["template"], "CronJob": ["job", "template"]}

found(spec, paths) := {field: value |
	some field, path in paths
	value := object.get(spec, path, null)
	value != null
}
"""
_DATA = {"words": {"path": ["a", "b"], "kinds": {"A": ["x"], "B": ["y", "z"]}}}
_EACH_OBJECT = "some one in objects.all\n"


def _inputs(body: str, more: str = "") -> Inputs:
    rule = f"""package a.b

import data.lib.objects
import data.words
import rego.v1

examined contains item if {{
{body}
}}

deny contains item if some item in examined
{more}"""
    modules = {"a.b": rule, "lib.objects": _OBJECTS}
    engine = Instrumented()
    engine.load([Module(f"{package}.rego", package, text) for package, text in modules.items()], _DATA)
    return Inputs.loaded(engine, _DATA)


def _read(body: str, more: str = "", depth: Depth = Depth.WHOLE) -> dict[str, str]:
    """The fields that a rule with this body of ``examined`` reads to a depth, each with the kinds of its objects."""
    found = _inputs(body, more).fields("a.b")
    assert found is not None
    return {
        "/".join(one.path).removeprefix("documents/*/object/"): " ".join(sorted(one.kinds or ()))
        for one in found
        if one.depth == depth
    }


def test_what_is_named_and_kept_is_read_where_it_is_used() -> None:
    assert _read(f"{_EACH_OBJECT}item := one.name") == {"metadata/name": ""}
    assert _read(f"{_EACH_OBJECT}one.spec.size > input.spec.most\nitem := 1") == {"spec/size": "", "spec/most": ""}
    kept = "kept[kind] := one if {\n\tsome one in objects.all\n\tkind := one.kind\n}\n"
    named = "named := {x | some x in objects.all; x.name}"
    assert _read("some x in kept\nitem := x.spec.a", kept) == {"kind": "", "spec/a": ""}
    assert _read("some x in named\nitem := x.spec.a", named) == {"metadata/name": "", "spec/a": ""}
    assert _read(
        f'{_EACH_OBJECT}x := object.union(object.remove(one, ["spec"]), {{"a": one.spec.a}})\nitem := x.a'
    ) == {"spec/a": ""}


def test_a_comparison_with_a_word_reads_no_more_than_a_word() -> None:
    body = f'{_EACH_OBJECT}one.spec.size != null\none.kind in {{"A"}}\nitem := 1'
    assert _read(body) == {}
    assert _read(body, depth=Depth.SCALAR) == {"spec/size": "A", "kind": "A"}


def test_paths_that_follow_from_constants_are_followed() -> None:
    assert _read("item := object.get(input.spec, words.path, null)") == {"spec/a/b": ""}
    assert _read(f"{_EACH_OBJECT}item := object.get(one.spec, objects.templates[one.kind], null)") == {
        "kind": "CronJob Deployment",
        "spec/template": "CronJob Deployment",
        "spec/job/template": "CronJob Deployment",
    }
    assert _read('item := objects.found(input.spec, {"a": ["x"], "b": ["y", "z"]})') == {"spec/x": "", "spec/y/z": ""}
    assert _read("some [x, path] in pairs\nitem := object.get(input.spec, path, x)", 'pairs := [[1, ["a"]]]') == {
        "spec/a": ""
    }
    keys = 'pairs := {["a", "b"]: 1}'
    assert _read("some path, x in pairs\nitem := object.get(input.spec, path, x)", keys)["spec/a/b"] == ""


def test_what_is_not_understood_reads_all_of_what_it_is_given() -> None:
    for use in (
        "walk(one.spec, [_, item])",
        "item := one.spec[_]",
        "item := object.get(one.spec, one.name, null)",
        "item := {one.spec, 1} - {2}",
        "item := count(one.spec)",
        "every x in one.spec { x == 1 }\nitem := 1",
        "one.spec == input.spec\nitem := 1",
        "x := [one.spec]\nitem := x",
        "[item, _] := one.spec",
    ):
        assert "spec" in _read(f"{_EACH_OBJECT}{use}"), use
    assert _inputs(f"{_EACH_OBJECT}item := one with input as {{}}").fields("a.b") is None
    assert _inputs("item := input").fields("a.b") is None


def test_the_number_and_the_order_of_objects_follow_from_their_files_where_each_gives_one_entry() -> None:
    assert set(_read("item := count(objects.all)")) == {"documents/*/file"}
    assert set(_read("item := [one.name | some one in objects.all]")) == {"documents/*/file", "metadata/name"}
    ports = "ports contains port if {\n\tsome one in objects.all\n\tsome port in one.spec.ports\n}"
    assert set(_read("item := count(ports)", ports)) == {"spec/ports/*"}
    twice = 'some contains one if {\n\tsome one in objects.all\n}\n\nsome contains {"file": 1, "spec": 2}'.replace(
        "some c", "all c"
    )
    assert "spec" in _read("item := count(all)", twice)


def test_two_variables_over_the_same_objects_have_their_own_kinds() -> None:
    body = 'some x in objects.all\nsome y in objects.all\nx.kind == "A"\ny.name == "n"\nitem := [x.spec.a, y.spec.b]'
    assert _read(body) == {"spec/a": "A", "spec/b": ""}


def test_a_kind_is_required_of_a_variable_for_a_part_of_the_object_too() -> None:
    documents = "some document in input.documents\none := document.object\n"
    assert _read(f'{documents}one.kind == "A"\nitem := one.spec.a') == {"spec/a": "A"}
    assert _read(f'{documents}kind := one.kind\nkind == "A"\nitem := one.spec.a') == {"spec/a": ""}
    assert _read(f'{documents}kind := document.object.kind\nkind in {{"A"}}\nitem := one.spec.a') == {"spec/a": "A"}


def test_a_difference_is_seen_by_those_who_read_it_or_what_it_is_in() -> None:
    before = {"a": {"b": [1, 2], "c": "x"}, "d": 1}
    after = {"a": {"b": [1, 3], "c": 2}, "e": 1}
    found = set(moves(before, after, None))
    assert found == {
        Move(None, ("a", "b", EACH), True),
        Move(None, ("a", "c"), False),
        Move(None, ("d",), False),
        Move(None, ("e",), False),
    }
    assert set(moves({"b": [1]}, {"b": [1, 2]}, "K")) == {Move("K", ("b",), True)}


def test_no_rule_can_tell_a_fixture_from_one_with_other_values_wherever_it_reads_none() -> None:
    """All fields that a rule does not read are changed or left out at once, in each of its fixtures."""
    library, engine = read(ROOT / "policies"), Instrumented()
    engine.load(library.modules, library.data)
    inputs, changed, compared = Inputs.loaded(engine, library.data), 0, 0
    for rule in library.rules:
        package = rule.module.package
        readers = Readers()
        for one in inputs.fields(package) or ():
            readers.add(rule.id, one)
        for document in (rule.fixture.must_pass, *rule.fixture.must_deny):
            documents = document.get("documents", [])
            if not readers.below or len({item["file"] for item in documents}) < len(documents):
                continue
            other = _other({key: value for key, value in document.items() if key != "documents"}, (), None, readers)
            objects = [_other(item, DOCUMENT, item["object"]["kind"], readers) for item in documents]
            if "documents" in document:
                other = {**other, "documents": objects}
            changed += other != document
            compared += 1
            assert _denials(engine, package, other) == _denials(engine, package, document), rule.id
    assert changed > compared / 2 > 300


def _other(value: Any, path: Fields, kind: str | None, readers: Readers) -> Any:
    """Return a value without the keys that nobody reads, and with other values where nobody reads those."""
    if isinstance(value, dict):
        kept = {key for key in value if (*path, key) == KIND or readers.of(Move(kind, (*path, key), False))}
        return {key: _other(value[key], (*path, key), kind, readers) for key in kept}
    if path == KIND or readers.of(Move(kind, path, True)):
        return [_other(item, (*path, EACH), kind, readers) for item in value] if isinstance(value, list) else value
    if isinstance(value, bool) or value is None:
        return value if value is None else not value
    return value[1:] if isinstance(value, list) else value + (1 if isinstance(value, int | float) else "x")


def _denials(engine: Instrumented, package: str, document: object) -> set[str]:
    found: list[object] = engine.evaluate(f"{package}.deny", json.dumps(document))
    return {json.dumps(denial, sort_keys=True) for denial in found}
