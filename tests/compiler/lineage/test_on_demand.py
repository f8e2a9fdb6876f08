"""An engine that loads rules when they are asked answers as one that holds them all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from compiler.lineage.on_demand import OnDemand
from compiler.policy.gate import answers_module
from compiler.policy.library import Library, Module
from compiler.policy.regorus import Regorus

_LEADS = {
    "the rule itself": ("data.a.two.deny", "1"),
    "a helper": ("helper.found", "count(data.a.two.deny)"),
    "a helper, by a computed name": ("helper.found", 'count(data["a"].two.deny)'),
}


def _rule(identifier: str, text: str) -> Any:
    package = f"a.{identifier.lower()}"
    whole = f"package {package}\n\nimport data.lib.helper\nimport rego.v1\n\n{text}"
    return SimpleNamespace(id=identifier, module=Module(f"{package}.rego", package, whole))


def _library(denied: str, found: str) -> Library:
    one = f"# The owner is data.\nexamined contains 1\n\ndeny contains {denied} if some number in examined\n"
    two = 'examined contains "of data."\n\ndeny contains 2 if some text in examined\n'
    helper = Module("lib.helper.rego", "lib.helper", f"package lib.helper\n\nimport rego.v1\n\nfound := {found}\n")
    return Library((_rule("ONE", one), _rule("TWO", two)), (helper,), {}, {})


def _whole(library: Library) -> Regorus:
    engine = Regorus()
    engine.load_vetted((*library.modules, answers_module(library.rules, "gate.rego")), {})
    return engine


@pytest.mark.parametrize("name", _LEADS)
def test_a_rule_that_leads_to_another_one_is_answered_with_it(name: str) -> None:
    library = _library(*_LEADS[name])
    engine = OnDemand(library)
    engine.need(["ONE"])
    assert engine.evaluate_some(["gate.ONE"], "{}") == {"gate.ONE": _whole(library).evaluate("gate.ONE", "{}")}
    assert engine.evaluate("gate.ONE", "{}")["denials"]


def test_a_word_in_a_text_or_a_comment_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    add = Regorus._add  # noqa: SLF001 - what is loaded shows nowhere else

    def adding(engine: Regorus, module: Module) -> None:
        loaded.append(module.package)
        add(engine, module)

    monkeypatch.setattr(Regorus, "_add", adding)
    engine = OnDemand(_library("1", "1"))
    loaded.clear()
    engine.need(["TWO"])
    assert loaded == ["a.two", "gate"]
    engine.need(["ONE"])
    assert "a.one" in loaded
