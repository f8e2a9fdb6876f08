"""What every engine does, whichever is chosen: the embedded one, OPA's library behind its API, and an OPA server.

The rules here are small and each about one thing; ``test_parity`` asks the engines about the real ones.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from compiler.policy.errors import PolicyError
from compiler.policy.gate import load
from compiler.policy.library import Module
from compiler.policy.regorus import Regorus
from tests.policy.policies import FIXTURE, RULE, changed, write
from tests.policy.servers import KINDS, PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compiler.policy.engine import Loadable

    Make = Callable[[], Loadable]

HELPER = "package lib.levels\n\nimport rego.v1\n\nabove(value, level) if value > level\n"


def gate_of(text: str) -> Module:
    return Module("gate.rego", "gate", f"package gate\n\nimport rego.v1\n\n{text}\n")


def value(make: Make, expression: str, document: Any, data: Any = None) -> Any:
    """Return what an engine makes of an expression."""
    engine = make()
    engine.load([gate_of(f"answer := {expression}")], data or {})
    found = engine.evaluate("gate.answer", json.dumps(document))
    engine.confirm()
    return found


def evaluated(engine: Loadable, module: Module) -> Any:
    engine.load([module], {})
    return engine.evaluate("gate.answer", "{}")


@pytest.mark.parametrize(
    ("expression", "document", "expected"),
    [
        ("input.a", {"a": [1, "two", None, True, {"three": []}]}, [1, "two", None, True, {"three": []}]),
        ("input.a + 1", {"a": 2**53 - 2}, 2**53 - 1),
        ("input.a * 2", {"a": -3}, -6),
        ("{x | some x in input.a}", {"a": [3, 1, 2, 3]}, [1, 2, 3]),
        (
            "{x | some x in input.a}",
            {"a": ["é", "z", "a", "Z", "ß", "日本", "€"]},
            ["Z", "a", "z", "ß", "é", "€", "日本"],
        ),
        ("{x | some x in input.a}", {"a": ["b", 2, None, True]}, [None, True, 2, "b"]),
        ('sprintf("%s has %d of %v", [input.a, input.b, input.c])', {"a": "ü", "b": 7, "c": [1]}, "ü has 7 of [1]"),
        ("count(input.a)", {"a": "日本"}, 2),
        ("input.a == 1", {"a": True}, False),
        ('object.get(input, ["a", "b"], "none")', {"a": {}}, "none"),
        ("[x | some x in input.a; x > 1]", {"a": [1, 2, 3]}, [2, 3]),
        ('regex.match("^[a-z]+$", input.a)', {"a": "abc"}, True),
        ('net.cidr_contains("10.0.0.0/8", input.a)', {"a": "10.1.0.0/16"}, True),
        ("data.levels.high", {}, 90),
    ],
)
def test_an_expression_has_the_same_value(engine: Make, expression: str, document: Any, expected: Any) -> None:
    found = value(engine, expression, document, {"levels": {"high": 90}})
    assert json.dumps(found) == json.dumps(expected)


@pytest.mark.parametrize("expression", ["input.absent", "input.a.b.c", "input.a > input.absent"])
def test_an_undefined_rule_is_no_answer(engine: Make, expression: str) -> None:
    with pytest.raises(PolicyError, match=r"the policy rule gate\.answer is undefined for its input"):
        value(engine, expression, {"a": 1})


@pytest.mark.parametrize("rule", ["gate.anwser", "gaet.answer", "gate.answer.of"])
def test_a_rule_or_a_package_that_is_not_there_is_no_answer(engine: Make, rule: str) -> None:
    loaded = engine()
    loaded.load([gate_of("answer := 1")], {})
    with pytest.raises(PolicyError):
        loaded.evaluate(rule, "{}")


@pytest.mark.parametrize("expression", ["1 / input.a", "to_number(input.b)", "input.a / 0"])
def test_a_builtin_that_fails_is_an_error_and_no_undefined_answer(engine: Make, expression: str) -> None:
    with pytest.raises(PolicyError, match=r"divide by zero|to_number|number"):
        value(engine, expression, {"a": 0, "b": "ten"})


@pytest.mark.parametrize(
    "text",
    [
        "answer := ",
        "answer := f(1)",
        "answer if x",
        "answer := 1\n\ndefault answer := 2\n\ndefault answer := 3",
        "a b c",
    ],
)
def test_a_policy_that_does_not_compile_is_refused_with_its_place_before_it_answers(engine: Make, text: str) -> None:
    loaded = engine()
    with pytest.raises(PolicyError, match=r"gate\.rego"):
        evaluated(loaded, gate_of(text))


def test_a_rule_with_two_values_for_one_input_is_an_error(engine: Make) -> None:
    loaded = engine()
    loaded.load([gate_of("answer := 1 if input.a\n\nanswer := 2 if input.b")], {})
    assert loaded.evaluate("gate.answer", '{"b": true}') == 2
    with pytest.raises(PolicyError):
        loaded.evaluate("gate.answer", '{"a": true, "b": true}')


def test_what_is_loaded_takes_the_place_of_what_was(engine: Make) -> None:
    """A helper and its caller change together, each of which refuses the other's older self."""
    helper = Module("lib/levels.rego", "lib.levels", HELPER)
    caller = gate_of("import data.lib.levels\n\nanswer := found if found := levels.above(input.a, 1)")
    first = engine()
    first.load([caller, helper], {"limits": {"one": 1}})
    assert first.evaluate("gate.answer", '{"a": 2}') is True
    renamed = Module("lib/levels.rego", "lib.levels", HELPER.replace("above", "over"))
    second = engine()
    second.load(
        [gate_of("import data.lib.levels\n\nanswer := found if found := levels.over(input.a, 5)"), renamed],
        {"limits": {}},
    )
    assert second.evaluate("gate.answer", '{"a": 6}') is True
    third = engine()
    third.load([gate_of("answer := 3")], {})
    assert third.evaluate("gate.answer", "{}") == 3


def test_a_rule_proves_itself_and_judges(engine: Make, tmp_path: Path) -> None:
    gate = load(write(tmp_path), engine)
    gate.prove()
    (rule,) = gate.library.rules
    assert gate.engine.evaluate("gate.TST001", json.dumps(rule.fixture.must_deny[0])) == {
        "denials": [{"id": "TST001", "message": "the heap is 51%", "path": ["limits", "memory", "heap"]}],
        "examined": 1,
    }
    assert gate.engine.version


@pytest.mark.parametrize(
    ("rule", "fixture", "message"),
    [
        (RULE, FIXTURE.replace("51", "50"), "TST001 does not deny number 1 of its own must_deny"),
        (changed("memory.heap > 50", "memory.heap > 50 / 0"), FIXTURE, "divide by zero"),
        (changed("memory.heap > 50", "memory.hepa > 50"), FIXTURE, "TST001 does not deny number 1"),
    ],
)
def test_a_rule_that_does_not_prove_itself_never_judges(
    engine: Make, tmp_path: Path, rule: str, fixture: str, message: str
) -> None:
    gate = load(write(tmp_path, rule, fixture), engine)
    with pytest.raises(PolicyError, match=re.escape(message)):
        gate.prove()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (changed("memory.heap > 50", "not memory.heap < 50"), "'not' over memory.heap, which may be missing"),
        (changed("memory.heap > 50", "time.now_ns() > memory.heap"), "the function time.now_ns is not one"),
        (changed("deny contains", "denied contains"), "the rule has no set 'deny'"),
    ],
)
def test_what_engines_disagree_about_is_refused_by_each(engine: Make, tmp_path: Path, rule: str, message: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(message)):
        load(write(tmp_path, rule), engine)


def test_an_entry_that_is_undefined_takes_no_other_with_it(engine: Make) -> None:
    """Written as vetting wants it: with the entry's name in the head, and what may be missing in the body."""
    loaded = engine()
    loaded.load([gate_of("answer contains heap if {\n\tsome part in input.a\n\theap := part.heap\n}")], {})
    assert loaded.evaluate("gate.answer", '{"a": [{"heap": 1}, {}, {"heap": 2}, {}]}') == [1, 2]


REFUSED = "refused"


@pytest.mark.parametrize(
    ("expression", "document", "embedded", "opa"),
    [
        ("count([x | some x in input.a])", None, REFUSED, 0),
        ("count([x | some x in input.a])", 1, REFUSED, 0),
        ("count([x | some x in input.a])", "text", REFUSED, 0),
        ('count([x | x := [input.a.b, object.get(input.a, "c", 0)]])', [], 0, REFUSED),
        ('sprintf("%d", [input.a])', -5, "--5", "-5"),
        ('sprintf("%d", [input.a])', "text", "", "%!d(string=text)"),
        ('sprintf("%s", [input.a])', 5, "5", "%!s(int64=5)"),
        ("to_number(input.a)", " 1", 1, REFUSED),
        ("upper(input.a)", "ß", "SS", "ß"),
        ("lower(input.a)", "İ", "i\u0307", "i"),
    ],
)
def test_what_engines_disagree_about_is_known(
    engine: Make, expression: str, document: Any, embedded: Any, opa: Any
) -> None:
    """These are the differences of ``docs/policy-engines.md``: none may go, or turn up, unnoticed."""
    expected = embedded if engine is Regorus else opa
    if expected == REFUSED:
        with pytest.raises(PolicyError):
            value(engine, expression, {"a": document})
    else:
        assert value(engine, expression, {"a": document}) == expected


def test_a_number_that_may_be_negative_is_printed_alike_by_a_verb_of_values(engine: Make) -> None:
    assert value(engine, 'sprintf("%v", [input.a])', {"a": -5}) == "-5"


def test_the_program_opa_takes_part_where_there_is_one() -> None:
    if not PROGRAM:
        pytest.skip("not checked: the program opa is not on PATH, so that its library alone speaks for it")
    assert "program" in KINDS
