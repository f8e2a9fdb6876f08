"""``cbp policy new``, ``input`` and ``eval``: a rule is begun, tried on the project's clusters, and finished."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from compiler.policy.library import read
from tests.compiler.cli.running import cbp
from tests.compiler.project import copy
from tests.policy.policies import POLICIES, with_tests

if TYPE_CHECKING:
    from pathlib import Path

CLUSTER = "production/eu-central-1"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy(tmp_path_factory.mktemp("writing") / "project")


def test_a_new_rule_has_the_next_free_id_and_is_refused_until_all_of_it_is_written(tmp_path: Path) -> None:
    with_tests(tmp_path)
    result = cbp("policy", "new", "testing/heap_small", "--root", str(tmp_path))
    folder = "policies/testing/heap_small"
    names = ("heap_small.rego", "heap_small_test.rego", "fixture.yaml", "mutation.yaml")
    assert result.stdout.split()[1::2] == [*(f"{folder}/{name}" for name in names), "policies/rules.yaml"]
    assert (tmp_path / "policies/rules.yaml").read_text().splitlines()[-2:] == [
        "TST001: testing/heap_large",
        "TST002: testing/heap_small",
    ]
    tested = cbp("policy", "test", "testing/heap_small", "--root", str(tmp_path))
    lines = [line for line in tested.stdout.splitlines() if "still to be written: " in line]
    written = {name: (tmp_path / folder / name).read_text() for name in names}
    assert tested.exit_code == 1
    assert len(lines) == sum(text.count("WRITE: ") for text in written.values()) == 10
    for name, text in written.items():
        (tmp_path / folder / name).write_text(text.replace("WRITE: ", ""))
    assert cbp("policy", "test", "testing/heap_small", "--root", str(tmp_path)).exit_code == 0


def test_a_rule_that_is_not_finished_neither_judges_nor_gets_a_page(tmp_path: Path) -> None:
    project = copy(tmp_path / "project")
    assert cbp("policy", "new", "cache/memory_wasted", "--root", str(project)).exit_code == 0
    for command in (("verify",), ("policy", "docs")):
        result = cbp(*command, "--root", str(project))
        assert (result.exit_code, result.stdout) == (2, "")
        assert "policies/cache/memory_wasted/memory_wasted.rego:2: still to be written: what is wrong" in result.stderr
    tried = cbp("policy", "eval", "cache/memory_wasted", CLUSTER, "--root", str(project))
    assert tried.stdout.splitlines()[0].endswith(f" on {CLUSTER}: 1 examined, 0 denied")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("heap", "'heap' is no place of a rule: write DOMAIN/NAME"),
        ("lib/heap", "'lib/heap' is no place of a rule"),
        ("testing/Heap-Small", "'testing/Heap-Small' is no place of a rule"),
        ("testing/heap_large", "policies/testing/heap_large is there already"),
        ("tests/heap", "there is no domain 'tests': use one of testing, or first write policies/tests/domain.yaml"),
    ],
)
def test_a_rule_begins_at_a_free_place_of_a_domain_alone(tmp_path: Path, place: str, message: str) -> None:
    with_tests(tmp_path)
    result = cbp("policy", "new", place, "--root", str(tmp_path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"cbp: {message}")
    assert len(read(tmp_path / "policies").rules) == 1


@pytest.mark.parametrize("gone", ["cache", "cache/memory_unbounded"])
def test_verify_notices_a_rule_or_a_domain_that_was_removed(tmp_path: Path, gone: str) -> None:
    project = copy(tmp_path / "project")
    shutil.rmtree(project / "policies" / gone)
    result = cbp("verify", "--root", str(project))
    assert (result.exit_code, result.stdout) == (2, "")
    removed = [rule for rule in read(POLICIES).rules if f"{rule.place}/".startswith(f"{gone}/")]
    assert removed
    for rule in removed:
        assert f"the rule {rule.id} ({rule.place}) is gone: bring its folder back, or remove this line" in result.stderr


def test_the_input_of_a_cluster_is_printed_whole_or_at_a_path(project: Path) -> None:
    def printed(*arguments: str) -> object:
        return json.loads(cbp("policy", "input", CLUSTER, *arguments, "--root", str(project)).stdout)

    whole = printed()
    assert isinstance(whole, dict)
    parts = {
        "environment",
        "cluster",
        "unique",
        "spec",
        "settings",
        "documents",
        "argocd",
        "vault",
        "proxy",
        "versions",
    }
    assert whole.keys() == parts
    assert printed("--at", "spec.limits.memory") == whole["spec"]["limits"]["memory"]
    assert printed("--at", "documents[1].object") == whole["documents"][1]["object"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("input", "production/eu-central"),
            "there is no cluster 'production/eu-central': did you mean 'production/eu-",
        ),
        (("input", CLUSTER, "--at", "spec.limts"), "there is no value at spec.limts: 'limts': did you mean 'limits'?"),
        (("eval", "CAC01"), "there is no rule 'CAC01': did you mean 'CAC001'?"),
    ],
)
def test_a_name_that_there_is_not_is_answered_with_one_that_may_be_meant(
    project: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = cbp("policy", *arguments, "--root", str(project))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"cbp: {message}")


def test_a_specification_with_errors_has_no_input(tmp_path: Path) -> None:
    project = copy(tmp_path / "project")
    (project / "spec/limits.yaml").write_text("limits: {}\n")
    result = cbp("policy", "input", CLUSTER, "--root", str(project))
    assert result.exit_code == 2
    assert "the specification has errors: cbp compile says which" in result.stderr


def test_a_rule_is_evaluated_in_every_cluster_with_what_it_examined(project: Path) -> None:
    found = json.loads(cbp("policy", "eval", "cac001", "--format", "json", "--root", str(project)).stdout)[
        "evaluations"
    ]
    assert CLUSTER in {item["cluster"] for item in found}
    assert all(item["rule"] == "CAC001" and item["examined"] and not item["denials"] for item in found)


def test_a_denial_is_printed_with_its_place_and_what_is_wanted(tmp_path: Path) -> None:
    project = copy(tmp_path / "project")
    file = project / "policies/cache/memory_unbounded/memory_unbounded.rego"
    body = "deny contains denial if {\n"
    denial = (
        '{"id": "CAC003", "message": "no", "path": ["limits"], "wanted": "less", "file": "a.yaml", "pointer": "/b"}'
    )
    text = file.read_text().partition(body)[0]
    file.write_text(f"{text}{body}\tsome _ in examined\n\tdenial := {denial}\n}}\n")
    lines = cbp("policy", "eval", "CAC003", CLUSTER, "--root", str(project)).stdout.splitlines()
    assert lines[0] == f"CAC003 on {CLUSTER}: 1 examined, 1 denied"
    assert [line.strip() for line in lines[1:4]] == [
        "denied    no",
        "at limits, wanted less",
        "rendered in a.yaml, at /b",
    ]


def test_a_file_of_questions_is_answered_for_a_cluster(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "question.rego"
    text = "package question\n\nimport rego.v1\n\nheap := input.spec.limits.memory.heap\n\nnone if input.spec.nothing\n"
    file.write_text(text)
    result = cbp("policy", "eval", str(file), CLUSTER, "--root", str(project))
    heap = json.loads(cbp("policy", "input", CLUSTER, "--at", "spec.limits.memory.heap", "--root", str(project)).stdout)
    assert json.loads(result.stdout) == {CLUSTER: {"heap": heap}}
    file.write_text(text.replace("package question", "package cache.memory_unbounded"))
    refused = cbp("policy", "eval", str(file), CLUSTER, "--root", str(project))
    assert refused.exit_code == 2
    assert "begin the file with a package of its own" in refused.stderr
