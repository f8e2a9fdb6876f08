"""The policies' own tests, which are written in Rego, in the embedded engine: they hold, and run every line."""

from __future__ import annotations

from functools import cache

import pytest

from compiler.policy.library import Module, read_tests
from compiler.policy.testing import Examined, examine
from tests.policy.policies import POLICIES, real_policies

LIBRARY = real_policies()


@pytest.mark.parametrize("module", LIBRARY.modules, ids=lambda module: module.package)
def test_the_tests_of_a_policy_hold_and_with_its_fixture_run_every_line(module: Module) -> None:
    file = examined()[module.path]
    assert (file.failures, file.uncovered) == ((), ())
    assert file.tests > 0
    assert file.covered > 0


def test_every_test_belongs_to_a_policy() -> None:
    files = {f"{POLICIES.name}/{path.relative_to(POLICIES)}" for path in POLICIES.rglob("*_test.rego")}
    assert {test.path for test in read_tests(POLICIES, LIBRARY)} == files


@cache
def examined() -> dict[str, Examined]:
    return {file.module.path: file for file in examine(POLICIES).files}
