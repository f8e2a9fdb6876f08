"""Folders of policies for tests: one small rule that works, to be broken in one place."""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path

from compiler.policy.library import Library, read

POLICIES = Path(__file__).parents[2] / "policies"


@cache
def real_policies() -> Library:
    """Return the real policies, which each worker of the suite reads once."""
    return read(POLICIES)


RULE = """\
# METADATA
# title: The heap is large
# description: A heap above half of the memory is denied.
# custom:
#   id: TST001
#   severity: error
#   owner: platform
#   remediation: Lower the heap.
#   section: Resource Management, 3. Resource Limits
package testing.heap_large

import rego.v1

examined contains input.spec.limits.memory

deny contains denial if {
	some memory in examined
	memory.heap > 50
	denial := {
		"id": "TST001",
		"message": sprintf("the heap is %d%%", [memory.heap]),
		"path": ["limits", "memory", "heap"],
	}
}
"""
FIXTURE = """\
must_pass: {spec: {limits: {memory: {heap: 50}}}}
must_deny: [{at: [spec, limits, memory, heap], value: 51}]
"""

DOMAIN = "prefix: TST\ntitle: Testing\nabout: What tests are about.\n"

TEST = """\
package testing.heap_large_test

import data.testing.heap_large
import rego.v1

heap(percent) := {"spec": {"limits": {"memory": {"heap": percent}}}}

test_half_passes if heap_large.deny == set() with input as heap(50)

test_more_is_denied if count(heap_large.deny) == 1 with input as heap(51)
"""


def write(folder: Path, rule: str = RULE, fixture: str = FIXTURE, name: str = "heap_large") -> Path:
    """Write one rule of the domain ``testing``, with its fixture, and list it as long as its id is its own."""
    place = folder / "testing" / name
    place.mkdir(parents=True)
    (place / f"{name}.rego").write_text(rule, encoding="utf-8")
    (place / "fixture.yaml").write_text(fixture, encoding="utf-8")
    (folder / "testing/domain.yaml").write_text(DOMAIN, encoding="utf-8")
    listed, identifier = folder / "rules.yaml", re.search(r"id: (TST[0-9]{3})", rule)
    text = listed.read_text(encoding="utf-8") if listed.exists() else ""
    if identifier and identifier[1] not in text:
        listed.write_text(f"{text}{identifier[1]}: testing/{name}\n", encoding="utf-8")
    return folder


def with_tests(folder: Path, rule: str = RULE, tests: str | None = TEST, fixture: str = FIXTURE) -> Path:
    """Write one rule with its tests to the policies of a folder, and return these."""
    policies = write(folder / "policies", rule, fixture)
    if tests is not None:
        (policies / "testing/heap_large/heap_large_test.rego").write_text(tests, encoding="utf-8")
    return policies


def changed(old: str, new: str) -> str:
    """Return the rule's text with one place changed."""
    assert RULE.count(old) == 1, old
    return RULE.replace(old, new)


def one_rule(project: Path, most: int = 99) -> None:
    """Replace the project's policies by a rule about the heap that proves itself."""
    shutil.rmtree(project / "policies")
    fixture = f"must_pass: {{spec: {{limits: {{memory: {{heap: {most}}}}}}}}}\n"
    fixture += f"must_deny: [{{at: [spec, limits, memory, heap], value: {most + 1}}}]\n"
    with_tests(project, changed("memory.heap > 50", f"memory.heap > {most}"), fixture=fixture)
