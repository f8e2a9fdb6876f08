"""``cbp policy``: what its commands print, and with which status they end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from compiler.policy.domains import PAGES
from compiler.report.pages import INDEX, pages
from tests.compiler.cli.running import cbp
from tests.compiler.project import ROOT, copy
from tests.policy.policies import RULE, TEST, real_policies, with_tests, write

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.policy.library import Rule

RULES = real_policies().rules


def test_the_real_policies_are_complete() -> None:
    result = cbp("policy", "test", "--root", str(ROOT))
    assert result.stdout.splitlines()[-1].startswith(f"complete: {len(RULES)} of {len(RULES)} rules proven, ")
    assert result.exit_code == 0


def test_single_rules_and_domains_are_tested_once_each() -> None:
    result = cbp("policy", "test", "--root", str(ROOT), "--format", "json", "cache", "CAC001", "k8s010")
    report = json.loads(result.stdout)
    cache = [rule.id for rule in real_policies().rules if rule.module.domain == "cache"]
    assert [file["rule"] for file in report["files"]] == [*cache, "K8S010"]
    assert report["complete"] is True


def test_what_is_wrong_stands_below_its_file_and_the_status_is_1(tmp_path: Path) -> None:
    with_tests(tmp_path, RULE + "\nunused(heap) := heap\n", TEST.replace("heap(51)", "heap(50)"))
    result = cbp("policy", "test", "--root", str(tmp_path))
    assert result.exit_code == 1
    folder = "policies/testing/heap_large/"
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["testing", "2", "tests", "88", "%", "of", "9", "lines"]
    assert lines[2] == f"    {folder}heap_large.rego:26: nothing of its own runs this line"
    assert lines[3].startswith(f"    {folder}heap_large_test.rego:10: test_more_is_denied does not hold: ")
    assert lines[-1].startswith("incomplete: 0 of 1 rules proven, 2 tests, 88 % of 9 lines; on regorus ")
    report = json.loads(cbp("policy", "test", "--root", str(tmp_path), "--format", "json").stdout)
    assert (report["complete"], report["files"][0]["uncovered"]) == (False, [26])


@pytest.mark.parametrize("command", ["test", "list", "docs"])
def test_without_a_policy_no_command_succeeds(tmp_path: Path, command: str) -> None:
    result = cbp("policy", command, "--root", str(tmp_path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no policy in" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["explain", "CON0001"], "cbp: there is no rule 'CON0001': did you mean 'CON001'?"),
        (["explain", "vlt00"], "cbp: there is no rule 'vlt00': did you mean 'VLT0"),
        (["explain", "heap"], "cbp: there is no rule 'heap'"),
        (["test", "kubernets"], "cbp: there is no rule or domain 'kubernets': did you mean 'kubernetes'?"),
        (["test", "network", "NET01"], "cbp: there is no rule or domain 'NET01': did you mean 'NET0"),
    ],
)
def test_a_name_that_there_is_not_is_answered_with_the_one_that_may_be_meant(
    arguments: list[str], message: str
) -> None:
    result = cbp("policy", *arguments, "--root", str(ROOT))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(message)


def test_every_rule_is_listed_with_its_severity_domain_and_title() -> None:
    lines = cbp("policy", "list", "--root", str(ROOT)).stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        [rule.id, rule.metadata.custom.severity, rule.module.domain] for rule in RULES
    ]
    assert all(line.endswith(rule.metadata.title) for line, rule in zip(lines, RULES, strict=True))


def test_the_list_for_programs_holds_all_that_a_rule_says_of_itself() -> None:
    listed = json.loads(cbp("policy", "list", "--root", str(ROOT), "--format", "json").stdout)["rules"]
    assert [item["id"] for item in listed] == [rule.id for rule in RULES]
    assert all(item["page"] and (ROOT / item["source"]).is_file() for item in listed)
    assert listed[0].keys() >= {
        *("id", "domain", "title", "description", "severity", "owner", "remediation", "section", "source", "page"),
    }


def test_a_code_of_the_compiler_itself_is_explained_too() -> None:
    result = cbp("policy", "explain", "spec014", "--root", str(ROOT))
    assert result.exit_code == 0
    assert result.stdout.startswith("SPEC014: a rate cannot be read\n")
    assert (ROOT / "docs/diagnostics.md").read_text().count("### SPEC014: a rate cannot be read") == 1


def test_a_rule_is_explained_with_a_value_that_it_passes_and_one_that_it_denies(tmp_path: Path) -> None:
    write(tmp_path / "policies")
    assert cbp("policy", "explain", "tst001", "--root", str(tmp_path)).stdout == (
        "TST001  The heap is large\n\n"
        "A heap above half of the memory is denied.\n\n"
        "severity     error\n"
        "owner        platform\n"
        "section      Resource Management, 3. Resource Limits\n"
        "what to do   Lower the heap.\n"
        "source       policies/testing/heap_large/heap_large.rego\n"
        "page         docs/policies/testing.md#tst001\n\n"
        "for example spec.limits.memory.heap\n"
        "  passes  50\n"
        "  denied  51\n"
    )


def test_the_pages_are_what_the_policies_say() -> None:
    written = pages(real_policies())
    assert {file.name: file.read_text(encoding="utf-8") for file in (ROOT / PAGES).iterdir()} == written
    assert cbp("policy", "docs", "--check", "--root", str(ROOT)).exit_code == 0


def test_a_page_that_differs_is_found_then_written_and_one_of_no_domain_goes(tmp_path: Path) -> None:
    project = copy(tmp_path / "a project")
    arguments = ("policy", "docs", "--root", str(project))
    assert cbp(*arguments).exit_code == 0
    folder = project / PAGES
    (folder / "cache.md").write_text("# Cash\n", encoding="utf-8")
    (folder / "cash.md").write_text("# Cash\n", encoding="utf-8")
    (folder / INDEX).unlink()
    names = [INDEX, "cache.md", "cash.md"]
    check = cbp(*arguments, "--check")
    assert (check.exit_code, check.stdout.split()[1::2]) == (1, [f"{PAGES}/{name}" for name in names])
    assert cbp(*arguments).stdout.split()[::2] == ["wrote", "wrote", "pruned"]
    assert cbp(*arguments).stdout == ""
    assert {file.name for file in folder.iterdir()} == pages(real_policies()).keys()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_link_to_a_rule_leads_to_a_heading_that_is_its_id_alone(rule: Rule) -> None:
    file, _, anchor = rule.page.partition("#")
    assert f"\n## {rule.id}\n" in (ROOT / file).read_text(encoding="utf-8")
    assert anchor == rule.id.lower()
