"""docs/simulation.md tells of each seeded defect whether it is found, as the run did that wrote it."""

from __future__ import annotations

import re

import pytest

from tests.simulation.faults import DEFECTS, ROOT, Defect
from tests.simulation.seeds import SEEDS
from tests.simulation.table import PAGE, page


def test_the_page_has_the_form_of_a_run() -> None:
    text = PAGE.read_text(encoding="utf-8")
    after = {
        match[1]: int(match[2]) for match in re.finditer(r"^\| (.+) \| `runtime/.+` \| (\d+) \|$", text, re.MULTILINE)
    }
    assert page({number: after.get(defect.text) for number, defect in enumerate(DEFECTS, 1)}) == text
    assert len(after) >= 15


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.text)
def test_a_defect_is_one_line_of_the_service(defect: Defect) -> None:
    source = (ROOT / defect.file).read_text(encoding="utf-8")
    assert sum(a != b for a, b in zip(source.split("\n"), defect.patch(source).split("\n"), strict=True)) == 1


def test_each_defect_that_is_not_found_says_why() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert not re.findall(r"^\| (.+) \| `runtime/.+` \|  \|$", text, re.MULTILINE)


def test_each_recorded_seed_has_a_reason() -> None:
    assert all(reason for known in SEEDS.values() for reason in known.values())
