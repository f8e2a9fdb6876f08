"""The policies' own tests, which are written in Rego, in the embedded engine; and that together they run every line."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import regorus

from compiler.policy.library import Library, read
from tests.policy.policies import POLICIES

if TYPE_CHECKING:
    from pathlib import Path

_TEST = re.compile(r"^(test_[a-z0-9_]+)", re.MULTILINE)
FILES = sorted(POLICIES.rglob("*_test.rego"))


def names_in(file: Path) -> list[str]:
    """The full names of a file's tests; a name that is said twice is one rule of two bodies, and so no test."""
    names = _TEST.findall(file.read_text(encoding="utf-8"))
    assert names, file
    assert len(names) == len(set(names)), file
    return [f"data.{file.parts[-3]}.{file.stem}.{name}" for name in names]


NAMES = tuple(name for file in FILES for name in names_in(file))


@pytest.mark.parametrize("name", NAMES)
def test_rego(name: str) -> None:
    """Every rule whose name starts with ``test_`` is true."""
    assert engine().eval_rule_as_json(name) == "true"


def test_every_policy_has_tests_of_its_own_beside_it() -> None:
    policies = {path for path in POLICIES.rglob("*.rego") if path not in FILES}
    assert {path.with_name(f"{path.stem}_test.rego") for path in policies} == set(FILES)


def test_fixtures_and_tests_run_every_line_of_every_policy() -> None:
    covered = loaded(library())
    covered.set_enable_coverage(True)
    for rule in library().rules:
        for document in (rule.fixture.must_pass, *rule.fixture.must_deny):
            covered.set_input_json(json.dumps(document))
            covered.eval_rule_as_json(f"data.{rule.module.package}.deny")
    for name in NAMES:
        covered.eval_rule_as_json(name)
    report = json.loads(covered.get_coverage_report_as_json())["files"]
    assert {file["path"] for file in report} >= {module.path for module in library().modules}
    assert {file["path"]: file["not_covered"] for file in report if file["not_covered"]} == {}


@cache
def library() -> Library:
    return read(POLICIES)


@cache
def engine() -> Any:
    """One engine for every test; each brings its own input."""
    return loaded(library())


def loaded(policies: Library) -> Any:
    made = regorus.Engine()
    for module in policies.modules:
        made.add_policy(module.path, module.text)
    for file in FILES:
        made.add_policy(file.relative_to(POLICIES).as_posix(), file.read_text(encoding="utf-8"))
    made.add_data_json(json.dumps(policies.data))
    made.set_input_json("{}")
    return made
