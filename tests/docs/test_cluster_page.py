"""The page about running clusters lists rights that are enough for the check, whatever is emitted."""

from __future__ import annotations

from typing import Any

import yaml

from compiler.emit.kinds import KINDS
from tests.compiler.project import ROOT


def test_the_check_may_read_the_group_of_every_kind_that_is_emitted() -> None:
    """A real server shows that the rights are enough (tests/cluster), and this that none is forgotten without one."""
    block = (ROOT / "docs/cluster.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    (role,) = (item for item in yaml.safe_load_all(block) if item["kind"] == "ClusterRole")
    rules: list[dict[str, Any]] = role["rules"]
    assert all(sorted(rule["verbs"]) == ["get", "list"] for rule in rules)
    readable = {(group, resource) for rule in rules for group in rule["apiGroups"] for resource in rule["resources"]}
    unread = {
        f"{kind.plural}.{kind.group}"
        for kind in KINDS
        if (kind.group, "*") not in readable and (kind.group, kind.plural) not in readable
    }
    assert unread == set()
