"""Modules whose references through imports are written out mean what they meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
import regorus

from compiler.policy.imports import written_out
from compiler.policy.library import read
from compiler.policy.syntax import Syntax, uses
from tests.compiler.project import POLICIES

if TYPE_CHECKING:
    from collections.abc import Iterable

LIBRARY = read(POLICIES, proven=True)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("k.x", "data.lib.k.x"),
        ('k["x"]', 'data.lib.k["x"]'),
        ("k.x[k.y].k", "data.lib.k.x[data.lib.k.y].k"),
        ("least", "data.levels.least"),
        ('"k.x" # k.x', '"k.x" # k.x'),
        ('"\\"k.x"', '"\\"k.x"'),
        ("`k.x\nk.y`", "`k.x\nk.y`"),
        ("input.k.x", "input.k.x"),
        ("ak.x + k_.x + k1.x", "ak.x + k_.x + k1.x"),
        ("f(k.x,k.y)", "f(data.lib.k.x,data.lib.k.y)"),
    ],
)
def test_a_reference_that_begins_with_the_name_of_an_import_is_written_out(body: str, expected: str) -> None:
    head = "package k.least\n\nimport data.levels.least\nimport data.lib.k\nimport rego.v1\n\n"
    assert written_out(f"{head}r if {{ {body} }}") == f"{head}r if {{ {expected} }}"


def test_a_module_without_imports_is_as_it_was() -> None:
    text = "package a\n\nimport rego.v1\n\nr if input.a.b"
    assert written_out(text) is text


def test_every_policy_uses_what_it_used_on_the_same_lines() -> None:
    modules = {module.path: module.text for module in LIBRARY.modules}
    before, after = parsed(modules.items()), parsed((path, written_out(text)) for path, text in modules.items())
    assert before.keys() == after.keys() == modules.keys()
    for path, module in before.items():
        assert used(module) == used(after[path]), path


def parsed(modules: Iterable[tuple[str, str]]) -> dict[str, Syntax]:
    engine: Any = regorus.Engine()
    for path, text in modules:
        engine.add_policy(path, text)
    return {item["source"]["file"]: Syntax.of(item) for item in orjson.loads(engine.get_ast_as_json())}


def used(module: Syntax) -> list[Any]:
    """Return the references and calls with what they lead to, and their lines."""
    found = uses(module.rules)
    chains = [(module.absolute(chain.parts) or chain.parts, chain.open, chain.line) for chain in found.chains]
    calls = [(module.absolute(call.name) or call.name, call.line) for call in found.calls]
    return [chains, calls, [negation.line for negation in found.negations]]
