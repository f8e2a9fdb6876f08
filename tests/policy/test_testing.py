"""Whatever leaves a rule without proof is found, at its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from compiler.policy.errors import PolicyError
from compiler.policy.library import read_tests
from compiler.policy.testing import Examined, examine
from tests.policy.policies import FIXTURE, POLICIES, RULE, TEST, real_policies, with_tests

if TYPE_CHECKING:
    from pathlib import Path

FILE = "policies/testing/heap_large/heap_large"


def test_a_rule_whose_tests_hold_and_run_every_line_is_complete(tmp_path: Path) -> None:
    report = examine(with_tests(tmp_path))
    (file,) = report.files
    assert (report.complete, report.engine, report.version) == (True, "regorus", "0.13.0")
    assert (file.rule, file.tests, file.uncovered, file.failures) == ("TST001", 2, (), ())
    assert file.covered > 5


def test_a_line_that_only_the_tests_of_others_run_is_named(tmp_path: Path) -> None:
    helper = with_tests(
        tmp_path, RULE.replace("import rego", "import data.lib.half\nimport rego").replace("> 50", "> half.of(100)")
    )
    place = helper / "lib/half"
    place.mkdir(parents=True)
    (place / "half.rego").write_text("package lib.half\n\nimport rego.v1\n\nof(whole) := 50 if whole == 100\n")
    (place / "half_test.rego").write_text("package lib.half_test\n\nimport rego.v1\n\ntest_nothing if 1 == 1\n")
    by_rule = {found.rule: found for found in examine(helper).files}
    assert by_rule["TST001"].complete
    assert (by_rule[None].uncovered, by_rule[None].complete) == ((5,), False)


@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        ("heap(51)", "heap(50)", "_test.rego:10", "test_more_is_denied does not hold: .* is undefined for its input"),
        ("if count(", ":= false if count(", "_test.rego:10", "not hold: it is false"),
        ("count(heap_large.deny) == 1", "1 / 0 == 1", "_test.rego:10", "does not hold: (?s:.*)divide by zero"),
        ("test_more_is_denied", "test_half_passes", "_test.rego:8", "test_half_passes is written 2 times"),
        (
            "package testing.heap_large_test",
            "package testing.heap_test",
            "_test.rego",
            "the package is testing.heap_te",
        ),
    ],
)
def test_a_test_that_does_not_hold_is_found_at_its_line(
    tmp_path: Path, old: str, new: str, place: str, reason: str
) -> None:
    assert TEST.count(old) == 1
    file = only(with_tests(tmp_path, tests=TEST.replace(old, new)))
    assert not file.complete
    assert file.failures[0].place == FILE + place
    assert re.search(reason, file.failures[0].reason)


@pytest.mark.parametrize("test", [None, TEST.replace("test_", "proof_").replace("large_proof_", "large_test")])
def test_a_rule_that_nothing_tests_is_incomplete_even_where_its_fixture_runs_every_line(
    tmp_path: Path, test: str | None
) -> None:
    file = only(with_tests(tmp_path, tests=test))
    assert (file.tests, file.uncovered) == (0, ())
    assert [(failure.place, failure.reason) for failure in file.failures] == [
        (f"{FILE}_test.rego", f"nothing tests {FILE}.rego")
    ]


def test_a_fixture_that_proves_nothing_is_a_failure_and_the_tests_run_all_the_same(tmp_path: Path) -> None:
    file = only(with_tests(tmp_path, fixture=FIXTURE.replace("51", "49")))
    assert file.tests == 2
    assert [(failure.place, failure.reason) for failure in file.failures] == [
        ("policies/testing/heap_large/fixture.yaml", "TST001 does not deny number 1 of its own must_deny")
    ]


def test_a_test_that_does_not_compile_comes_to_no_report(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"heap_large_test\.rego:8:"):
        examine(with_tests(tmp_path, tests=TEST.replace("set()", "set(")))


def only(policies: Path) -> Examined:
    (file,) = examine(policies).files
    return file


def test_every_test_file_belongs_to_a_policy() -> None:
    files = {f"{POLICIES.name}/{path.relative_to(POLICIES)}" for path in POLICIES.rglob("*_test.rego")}
    assert {test.path for test in read_tests(POLICIES, real_policies().modules)} == files
