"""The comment of any difference has a bound, and says how much it left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compiler.difference.difference import Difference, Happening, Value
from compiler.difference.effects import Class, Reason
from compiler.difference.rules import ChangedRule, Verdicts
from compiler.history.base import Base
from compiler.history.repository import Repository
from compiler.report.diff.markdown import LINES, render

SITE = "production/eu-central-1"


def found(values: int = 0, happenings: int = 0, rules: tuple[ChangedRule, ...] = ()) -> Difference:
    base = Base("0" * 40, "main", {}, Repository(Path()))
    changed = tuple(
        Value(f"Role r{number}", "rules", 1, 2, {SITE: ("file", "/rules")}, (0,), (Class.NOTHING,))
        for number in range(values)
    )
    done = tuple(
        Happening(Class.ROLLING, f"Deployment d{number}", Reason("it rolls"), (SITE,), (0,))
        for number in range(happenings)
    )
    return Difference(base, "", (), changed, done, rules, Verdicts((), (), (), ()), {}, {"production": (SITE,)}, True)


def edited(number: int, part: str) -> ChangedRule:
    return ChangedRule(f"ABC{number:03}", "a/b", "edited", (part,))


@pytest.mark.parametrize("values", [0, 1, 40, 400])
@pytest.mark.parametrize("happenings", [0, 5, 90])
@pytest.mark.parametrize("rules", [0, 5, 90])
def test_a_comment_has_a_bound_whatever_the_difference(values: int, happenings: int, rules: int) -> None:
    changed = tuple(edited(number, f"helper {number}") for number in range(rules))
    comment = render(found(values, happenings, changed))
    assert len(comment.splitlines()) <= LINES
    left = [int(number) for number in re.findall(r"and (\d+) more", comment)]
    counted = (comment.count("| `Role r"), comment.count("| `Deployment d"), comment.count("**ABC"))
    assert sum((*left, *counted)) == values + happenings + rules


def test_rules_to_which_the_same_was_done_are_one_line() -> None:
    changed = (*(edited(number, "helper lib.kubernetes") for number in range(1, 90)), edited(90, "code"))
    assert re.findall("^- .*$", render(found(rules=changed)), re.MULTILINE) == [
        "- **ABC001, ABC002, ABC003 and 86 more are edited**: their helper lib.kubernetes",
        "- **ABC090 is edited**: its code",
    ]
