"""The inventory of rules, ``policies/rules.yaml``: the id and the folder of each rule.

A rule that is removed with its folder leaves its line in the inventory, and a rule that is added by hand has no line:
both are refused until somebody changes the inventory on purpose.
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
    """Return the text of an inventory; ``rules`` maps ids to folders, such as ``network/ports_unbounded``."""
    return _HEADER + "".join(f"{identifier}: {place}\n" for identifier, place in sorted(rules.items()))


def compare(folder: Path, rules: Mapping[str, str], unread: Container[str]) -> None:
    """Compare the inventory of a folder of policies with its ``rules`` (from ids to folders).

    The folders in ``unread``, those of rules with faults of their own, are not compared.

    Raises:
        PolicyError: a listed rule does not exist, a rule is not listed, or there is no inventory.
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
