"""Keep the inventory of rules, ``policies/rules.yaml``: the id and the folder of each, so that none goes unnoticed.

A rule that is removed with its folder leaves its line behind, and one that is added by hand has none: both are
refused until somebody changes the inventory on purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.policy.errors import Faults, PolicyError
from compiler.policy.files import parse_node, read_text
from compiler.sources.nodes import MappingNode, ScalarNode

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from pathlib import Path

FILE = "rules.yaml"
_HEADER = """\
# Every rule by its id, with its folder. cbp verify fails where a rule stands here alone, or is not listed here.
# cbp policy new adds a line; who removes a rule on purpose removes its line in the same change.
"""


def written(rules: Mapping[str, str]) -> str:
    """Return the text of an inventory: the folder of each rule, as ``network/ports_unbounded``, by its id."""
    return _HEADER + "".join(f"{identifier}: {place}\n" for identifier, place in sorted(rules.items()))


def compare(folder: Path, rules: Mapping[str, str], unread: Container[str]) -> None:
    """Hold the inventory of a folder of policies against the rules that there are, each with its folder by its id.

    Nothing is said about the ``unread`` folders, those of rules with faults of their own.

    Raises:
        PolicyError: a rule is listed and there is none, there is one that is not listed, or there is no inventory.
    """
    name = f"{folder.name}/{FILE}"
    if not (folder / FILE).is_file():
        raise PolicyError(f"{name}: this list of all rules is missing: bring it back from version control")
    faults, node = Faults(), parse_node(read_text(folder / FILE), name)
    listed = node.entries if isinstance(node, MappingNode) else {}
    for identifier, entry in listed.items():
        place = entry.value.text if isinstance(entry.value, ScalarNode) else ""
        if place in unread:
            continue
        if identifier not in rules:
            help_ = "bring its folder back, or remove this line if the rule was removed on purpose"
            faults.add(f"{entry.key}: the rule {identifier} ({place}) is gone: {help_}")
        elif rules[identifier] != place:
            faults.add(f"{entry.key}: the rule {identifier} is in {rules[identifier]}: write that, or move it back")
    for identifier in sorted(rules.keys() - listed.keys()):
        faults.add(f"{name}: the rule {identifier} is not listed: add the line '{identifier}: {rules[identifier]}'")
    faults.refuse()
