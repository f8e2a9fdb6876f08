"""Edits of single values in YAML files; every other byte stays, because people write the comments and the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.diagnostics import Source
from compiler.edit.text import EditError, with_scalars
from compiler.sources import yaml
from compiler.sources.nodes import leaves

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from compiler.diagnostics import Place


@dataclass(frozen=True, slots=True)
class Edit:
    """A value that follows others: its statement, the new text, the rule that asks for it, and what it follows."""

    place: Place
    text: str
    rule: str
    follows: tuple[str, ...] = ()

    def __str__(self) -> str:
        follows = f", follows {', '.join(self.follows)}" if self.follows else ""
        return f"{self.place.span}: {self.place.resource}: {self.place.value} -> {self.text} ({self.rule}{follows})"


def apply(root: Path, edits: Iterable[Edit]) -> None:
    """Write edits to the files of a folder.

    Raises:
        EditError: a value does not stand alone in its line, or an alias repeats it elsewhere.
        OSError: a file cannot be written.
    """
    files: dict[str, list[Edit]] = {}
    for edit in edits:
        files.setdefault(edit.place.span.source.path, []).append(edit)
    for path, of_file in files.items():
        (root / path).write_bytes(_edited((root / path).read_bytes(), path, of_file))


def _edited(content: bytes, path: str, edits: list[Edit]) -> bytes:
    before = content.decode("utf-8-sig")
    text = with_scalars(before, ((edit.place.span, edit.text) for edit in edits))
    places, values = _values(before, path)
    texts = {(edit.place.span.line, edit.place.span.column): edit.text for edit in edits}
    wanted = [texts.get(place, value) for place, value in zip(places, values, strict=True)]
    if _values(text, path)[1] != wanted or any(places.count(place) > 1 for place in texts):
        help_ = "write this value in a line of its own, without an alias, and run this again"
        raise EditError(f"{edits[0].place.span}: {help_}")
    return content.removesuffix(before.encode()) + text.encode()  # a byte order mark is no text


def _values(text: str, path: str) -> tuple[list[tuple[int, int]], list[str]]:
    """Return the line and column of each value in a file, and its text, in the order of the file."""
    node, _ = yaml.parse(Source(path, text))
    found = [item for _, item in leaves(node)] if node else []
    return [(item.span.line, item.span.column) for item in found], [item.text for item in found]
