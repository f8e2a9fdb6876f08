"""Stubs of new rules: a folder with files that load, and with WRITE: marks for the missing texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compiler.errors import CouldNotRunError
from compiler.policy import inventory
from compiler.policy.domains import FILE
from compiler.policy.library import HELPERS, RESERVED, next_id, read

if TYPE_CHECKING:
    from pathlib import Path

_PLACE = re.compile(r"([a-z][a-z0-9_]*)/([a-z][a-z0-9_]*)")
_RULE = """\
# METADATA
# title: "WRITE: what is wrong, as the heading of a finding"
# description: "WRITE: why that hurts whoever runs the service, in a sentence or two"
# custom:
#   id: {id}
#   severity: error
#   owner: "WRITE: the team that answers for the rule"
#   remediation: "WRITE: what to do about a finding"
#   section: "WRITE: the heading that it protects, as Resource Management, 3. Resource Limits"
package {package}

import rego.v1

# WRITE: collect all that the rule looks at, whether it is wrong or not.
examined contains memory if memory := input.spec.limits.memory

# WRITE: deny what is wrong with one of these.
deny contains denial if {{
	some memory in examined
	memory.heap > 90
	denial := {{
		"id": "{id}",
		"message": sprintf("the heap is %d%% of the memory", [memory.heap]),
		"path": ["limits", "memory", "heap"],
	}}
}}
"""
_TEST = """\
package {package}_test

import data.{package}
import rego.v1

# WRITE: test each condition of the rule at its bound.
heap(percent) := {{"spec": {{"limits": {{"memory": {{"heap": percent}}}}}}}}

test_ninety_passes if {name}.deny == set() with input as heap(90)

test_more_is_denied if count({name}.deny) == 1 with input as heap(91)
"""
_FIXTURE = """\
# WRITE: the least input that the rule passes, and each change of one value that it denies.
must_pass: {spec: {limits: {memory: {heap: 90}}}}
must_deny:
  - {at: [spec, limits, memory, heap], value: 91}
"""
_MUTATION = """\
# WRITE: one mistake in the project that this rule denies, and no other rule but those under also.
statement: limits.memory.heap
value: 91%
"""


class PlaceError(CouldNotRunError):
    """A rule cannot be created at that place; the message says why, and what to do."""


def begin(folder: Path, place: str) -> tuple[Path, ...]:
    """Write the stub of a new rule, ``<domain>/<name>``, with the next free id of its domain; return its files.

    Raises:
        PlaceError: the place is malformed, is taken, or has no domain.
        PolicyError: the policies have faults.
    """
    found = _PLACE.fullmatch(place)
    if not found or {HELPERS, *RESERVED} & {*found.groups()}:
        raise PlaceError(f"'{place}' is no place of a rule: write DOMAIN/NAME in lower case, with _ between words")
    domain, name = found.groups()
    library, target = read(folder), folder / domain / name
    if domain not in library.domains:
        known = ", ".join(sorted(library.domains))
        raise PlaceError(
            f"there is no domain '{domain}': use one of {known}, or first write {folder.name}/{domain}/{FILE} with its "
            "prefix, title and about"
        )
    if target.exists():
        raise PlaceError(f"{folder.name}/{place} is there already")
    rules = {rule.id: rule.place for rule in library.rules}
    said = {"id": next_id(rules, library.domains[domain].prefix), "package": f"{domain}.{name}", "name": name}
    written = {
        target / f"{name}.rego": _RULE.format_map(said),
        target / f"{name}_test.rego": _TEST.format_map(said),
        target / "fixture.yaml": _FIXTURE,
        target / "mutation.yaml": _MUTATION,
        folder / inventory.FILE: inventory.written({**rules, said["id"]: place}),
    }
    target.mkdir()
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")
    return tuple(written)
