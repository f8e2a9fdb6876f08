"""Templates are compiled once for each way of compiling them, and wherever nothing can be kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from compiler.emit import templates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEMPLATE = "vault/policy.hcl.j2"
VALUES = {"comment": "a policy", "grants": [{"path": path, "capabilities": ["read"]} for path in ("a", "b")]}


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder of the compiled templates."""
    monkeypatch.setattr(templates, "cache_from_source", lambda _: str(tmp_path / "templates.pyc"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    templates.environment.cache_clear()
    yield tmp_path
    templates.environment.cache_clear()


def rendered(monkeypatch: pytest.MonkeyPatch, **options: bool) -> str:
    """The text of the template, by an environment of its own."""
    monkeypatch.setattr(templates, "_OPTIONS", {"keep_trailing_newline": True, **options})
    templates.environment.cache_clear()
    return templates.render(TEMPLATE, **VALUES)


def test_a_template_that_was_compiled_with_other_options_is_compiled(
    monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    trimmed, whole = (rendered(monkeypatch, trim_blocks=trim, lstrip_blocks=trim) for trim in (True, False))
    assert trimmed != whole
    assert len([*place.iterdir()]) == 2
    again = [rendered(monkeypatch, trim_blocks=trim, lstrip_blocks=trim) for trim in (True, False)]
    assert again == [trimmed, whole]
    assert len([*place.iterdir()]) == 2


def test_where_nothing_can_be_written_a_template_is_compiled_each_time(
    monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    place.rmdir()
    assert rendered(monkeypatch, trim_blocks=True) == rendered(monkeypatch, trim_blocks=True)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    place.mkdir()
    rendered(monkeypatch, trim_blocks=True)
    assert not [*place.iterdir()]
