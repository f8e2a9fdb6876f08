"""An edit changes one value of a file, and every other byte stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.diagnostics import Place, Source
from compiler.edit.text import EditError
from compiler.fix.edit import Edit, apply
from compiler.sources import yaml
from compiler.sources.nodes import lookup

if TYPE_CHECKING:
    from pathlib import Path

FILE = "spec/limits.yaml"


def edited(folder: Path, text: str, *edits: tuple[tuple[str | int, ...], str]) -> str:
    """Write a file, edit the values at paths of it, and return its text."""
    file = folder / FILE
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text.encode())
    root = yaml.parse(Source(FILE, text.removeprefix("\N{BOM}")))[0]
    assert root
    found = [(path, lookup(root, path), new) for path, new in edits]
    apply(folder, [Edit(Place(path, node.span, "old"), new, "CON001") for path, node, new in found if node])
    return file.read_bytes().decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 1 # one\nb:  2\n", "a: 12 # one\nb:  2\n"),
        ('# a\na: "1"   # quoted\n', '# a\na: "12"   # quoted\n'),
        ("a: '1'", "a: '12'"),
        ("b: 1\r\na: 1\r\n", "b: 1\r\na: 12\r\n"),
        ("\N{BOM}a: 1\n", "\N{BOM}a: 12\n"),
        ("{b: 3, a: 1, c: 4}\n", "{b: 3, a: 12, c: 4}\n"),
        ("\N{CJK UNIFIED IDEOGRAPH-6F22}: x\u2028a: 1\n", "\N{CJK UNIFIED IDEOGRAPH-6F22}: x\u2028a: 12\n"),
    ],
)
def test_quotes_comments_spaces_and_line_ends_stay(tmp_path: Path, before: str, after: str) -> None:
    assert edited(tmp_path, before, (("a",), "12")) == after


def test_several_values_of_one_line_are_edited_together(tmp_path: Path) -> None:
    assert edited(tmp_path, "{a: 1, b: [2, 3]}\n", (("a",), "100"), (("b", 1), "4")) == "{a: 100, b: [2, 4]}\n"


@pytest.mark.parametrize(
    "text", ["a: &one 1\nb: *one\n", "a: |\n  1\n", "a: >-\n  1\n  2\n"], ids=["alias", "block", "folded"]
)
def test_a_value_that_does_not_stand_alone_is_left_to_its_author(tmp_path: Path, text: str) -> None:
    with pytest.raises(EditError, match=r"^spec/limits\.yaml:1:[0-9]+: write this value in a line of its own"):
        edited(tmp_path, text, (("a",), "12"))
    assert (tmp_path / FILE).read_text() == text
