"""The page of defaults that are relied on names none that the check of a cluster does not know."""

from __future__ import annotations

import re
from pathlib import Path

from compiler.live.expected import DEFAULTS
from tests.compiler.project import ROOT

ROW = re.compile(r"^\| (\w+) \| `([^`]+)` \| `([^`]+)` \| [^|]+ \|$", re.MULTILINE)


def test_every_default_of_an_object_is_one_that_the_check_of_a_cluster_knows() -> None:
    known = {(kind, path): str(value) for (_, kind), found in DEFAULTS.items() for path, value in found}
    rows = ROW.findall((ROOT / Path("docs/defaults.md")).read_text(encoding="utf-8"))
    assert rows
    for kind, path, value in rows:
        assert known[kind, path] == value
