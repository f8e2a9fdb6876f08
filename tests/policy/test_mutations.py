"""Each rule denies a minimal mistake in the real project, and no other rule denies it that is not listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.policy.mutation import denied, mutation
from tests.policy.policies import real_policies

if TYPE_CHECKING:
    from compiler.policy.library import Rule

RULES = {rule.id: rule for rule in real_policies().rules}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_denies_a_minimal_mistake_in_the_real_project(rule: Rule) -> None:
    mistake = mutation(rule)
    assert denied(mistake, transition=rule.of_transitions) == {rule.id, *mistake.also}
