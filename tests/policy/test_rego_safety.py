"""What policies must not say is refused when they are loaded, with the file and where there is one the line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from compiler.policy.errors import PolicyError
from compiler.policy.gate import load
from tests.policy.policies import changed, write

if TYPE_CHECKING:
    from pathlib import Path

HELPER = """\
package lib.levels

import rego.v1

half := 50

above(value, level) if value > level
"""
WITH_HELPER = changed("import rego.v1", "import data.lib.levels\nimport rego.v1")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (changed("package testing.heap_large", "package testing.heap_lrage"), "the folder says testing.heap_large"),
        (changed("deny contains", "denied contains"), "the rule has no set 'deny'"),
        (changed("examined contains", "examines contains"), "the rule has no set 'examined'"),
        (changed("examined contains input.spec.limits.memory", "examined := [input.spec]"), "no set 'examined'"),
        (changed("some memory in examined", "memory := input.spec.limits.memory"), "does not go through 'some ... in"),
        (changed("memory.heap > 50", "heap_is_large(memory)"), ":18: the function heap_is_large is not one"),
        (
            changed("memory.heap > 50", 'http.send({"url": "http://localhost"}).body'),
            "the function http.send is not one",
        ),
        (changed("memory.heap > 50", "time.now_ns() > memory.heap"), "the function time.now_ns is not one"),
        (changed("memory.heap > 50", "every part in [memory] { crypto.md5(part) }"), "the function crypto.md5 is not"),
        (changed("memory.heap > 50", "not memory.heap < 50"), ":18: 'not' over memory.heap, which may be missing"),
        (changed("memory.heap > 50", "not count(memory.parts) == 0"), "'not' over memory.parts, which may be missing"),
        (changed("memory.heap > 50", "not input.spec[memory.name]"), "'not' over input.spec, which may be missing"),
        (changed("deny contains denial", "deny contains denial.of"), ":16: a rule's head uses denial.of, which may be"),
        (
            changed("deny contains", "heaps contains memory.heap if some memory in examined\n\ndeny contains"),
            ":16: a rule's head uses memory.heap, which may be missing: bind it in the body",
        ),
        (
            changed("deny contains", "heaps[index] := memory.heap if some index, memory in [1]\n\ndeny contains"),
            ":16: a rule's head uses memory.heap, which may be missing: bind it in the body",
        ),
        (
            changed("deny contains", "of(memory) := memory.heap\n\nheaps contains of(1)\n\ndeny contains"),
            ":18: a rule's head calls of, which may be undefined: bind it in the body",
        ),
        (
            changed("deny contains", "names := {}\n\nheaps contains names[name] if some name in [1]\n\ndeny contains"),
            ":18: a rule's head uses names, which may be missing: bind it in the body",
        ),
        (
            changed("deny contains", "first[name] := {1 | true}[name] if some name in [1]\n\ndeny contains"),
            ":16: a rule's head uses an item of an expression, which may be missing: bind it in the body",
        ),
        (
            changed("memory.heap > 50", "not {1 | true}[memory.heap]"),
            "'not' over an item of an expression, which may be",
        ),
        (changed("memory.heap > 50", "memory.heap > data.thresholds.heap"), "data.thresholds.heap leads nowhere"),
        (changed("import rego.v1", "import data.lib.levels\nimport rego.v1"), "there is no data.lib.levels to import"),
        (changed("import rego.v1", "import input.spec\nimport rego.v1"), "import packages and data"),
        (changed("import rego.v1", "import data.lib.levels as l\nimport rego.v1"), "under their own names"),
        (changed('sprintf("the heap is %d%%"', 'sprintf("the heap is %x%%"'), "sprintf takes a literal format"),
        (changed('sprintf("the heap is %d%%"', "sprintf(memory.format"), "sprintf takes a literal format"),
        (changed("deny contains", "default large := 1\n\ndefault large := 2\n\ndeny contains"), "large has 2 defaults"),
        (changed("memory.heap > 50", "memory.heap >"), "heap_large.rego:19:12: expecting `}`"),
    ],
)
def test_a_policy_that_could_stop_denying_unnoticed_is_refused(tmp_path: Path, rule: str, message: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(message)):
        load(write(tmp_path, rule))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (WITH_HELPER.replace("> 50", "> levels.hlaf"), "data.lib.levels.hlaf leads nowhere"),
        (
            WITH_HELPER.replace("memory.heap > 50", "levels.over(memory.heap, 50)"),
            "the function data.lib.levels.over is not one",
        ),
        (
            WITH_HELPER.replace("memory.heap > 50", "levels.half(memory.heap)"),
            "the function data.lib.levels.half is not one",
        ),
        (WITH_HELPER.replace("> 50", "> data.lib.nothing.half"), "data.lib.nothing.half leads nowhere"),
        (WITH_HELPER.replace("> 50", "> levels[memory.level].of[levels.quarter]"), "data.lib.levels.quarter leads"),
    ],
)
def test_a_helper_that_is_not_there_is_refused(tmp_path: Path, rule: str, message: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(message)):
        load(with_helper(tmp_path, rule))


@pytest.mark.parametrize(
    "condition",
    [
        "levels := memory.heap",
        "[levels, _] := [memory.heap, 1]",
        "some levels in [memory.heap]",
        "some levels, _ in [memory.heap]",
        "some levels\n\tlevels = memory.heap",
        "every levels in [memory.heap] { 1 == 1 }",
        "[levels | some levels in [memory.heap]] == []",
    ],
)
def test_a_variable_with_the_name_of_an_import_is_refused(tmp_path: Path, condition: str) -> None:
    with pytest.raises(PolicyError, match=r"heap_large\.rego:\d+: a variable has the name of (an|the) import"):
        load(with_helper(tmp_path, WITH_HELPER.replace("memory.heap > 50", condition)))


def test_an_argument_with_the_name_of_an_import_is_refused(tmp_path: Path) -> None:
    rule = WITH_HELPER.replace("deny contains", "large(levels) if levels > 50\n\ndeny contains")
    with pytest.raises(PolicyError, match=r":\d+: a variable has the name of the import data\.lib\.levels"):
        load(with_helper(tmp_path, rule.replace("memory.heap > 50", "large(memory.heap)")))


@pytest.mark.parametrize(
    "condition",
    [
        "levels.above(memory.heap, levels.half)",
        "memory.heap > data.lib.levels.half",
        'memory.heap > data.lib.levels["half"]',
        "heap := memory.heap\n\tnot heap <= levels.half",
        "heap := memory.heap\n\tnot levels.above(levels.half, heap)\n\theap != levels.half",
        'numbers := [number | number := memory.heap; number > 50]\n\tcount(numbers) == 1\n\tcontains("a.b", ".")',
    ],
)
def test_what_policies_may_say_is_accepted_and_denies(tmp_path: Path, condition: str) -> None:
    gate = load(with_helper(tmp_path, WITH_HELPER.replace("memory.heap > 50", condition)))
    gate.prove()


def test_a_broken_policy_is_reported_at_its_place_without_the_stack_of_the_interpreter(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as raised:
        load(write(tmp_path / "policies", changed("memory.heap > 50", "memory.heap > }")))
    assert str(raised.value) == "policies/testing/heap_large/heap_large.rego:18:19: expecting expression"


def with_helper(folder: Path, rule: str) -> Path:
    helper = write(folder, rule) / "lib/levels/levels.rego"
    helper.parent.mkdir(parents=True)
    helper.write_text(HELPER, encoding="utf-8")
    return folder
