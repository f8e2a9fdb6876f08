"""``cbp audit`` in a folder of files: what each command prints, and its exit code.

A case is a folder of ``audit/``: its files are the input, ``command.txt`` has the words behind ``cbp``, and all that
comes of them is in ``expected.txt``. Rewrite it with ``CBP_UPDATE_GOLDEN=1``, and read each.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from compiler.cli import audit, main
from runtime.domain.audit import KINDS

CASES = Path(__file__).parent / "audit"


@pytest.mark.parametrize("name", sorted(file.parent.name for file in CASES.glob("*/command.txt")))
def test_a_command_prints_exactly_what_is_expected(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES / name)
    command = Path("command.txt").read_text(encoding="utf-8").strip()
    result = CliRunner().invoke(main, shlex.split(command), prog_name="cbp", catch_exceptions=False)
    shown = f"$ cbp {command}\n{result.output}exit code {result.exit_code}\n"
    if "CBP_UPDATE_GOLDEN" in os.environ:
        Path("expected.txt").write_text(shown, encoding="utf-8")
    assert shown == Path("expected.txt").read_text(encoding="utf-8")


def test_the_kinds_that_are_offered_are_those_that_records_have() -> None:
    """The command names them itself, so that its help is shown without loading anything."""
    assert audit.KINDS == KINDS
