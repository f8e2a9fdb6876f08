"""Edits of single values in YAML files; every other byte stays, because people write the comments and the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.diagnostics import Source
from compiler.diagnostics.finding import LINE_BREAK
from compiler.errors import CouldNotRunError
from compiler.sources import yaml
from compiler.sources.nodes import leaves

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from compiler.diagnostics import Place

_QUOTES = ("'", '"')


class EditError(CouldNotRunError):
    """A value cannot be edited in place; the message says where, and what to do."""

    about = "nothing was written"


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
    text = before
    for edit in sorted(edits, key=lambda item: (item.place.span.line, item.place.span.column), reverse=True):
        text = _replaced(text, edit)
    places, values = _values(before, path)
    texts = {(edit.place.span.line, edit.place.span.column): edit.text for edit in edits}
    wanted = [texts.get(place, value) for place, value in zip(places, values, strict=True)]
    if _values(text, path)[1] != wanted or any(places.count(place) > 1 for place in texts):
        help_ = "write this value in a line of its own, without an alias, and run this again"
        raise EditError(f"{edits[0].place.span}: {help_}")
    return content.removesuffix(before.encode()) + text.encode()  # a byte order mark is no text


def _replaced(text: str, edit: Edit) -> str:
    """Return a text with the value of an edit replaced; its quotes stay."""
    span = edit.place.span
    starts = [0, *(found.end() for found in LINE_BREAK.finditer(text))]
    start = starts[span.line - 1] + span.column - 1
    old = text[start : start + span.width]
    quote = old[0] if old[:1] in _QUOTES and old[-1:] == old[0] else ""
    return f"{text[:start]}{quote}{edit.text}{quote}{text[start + span.width :]}"


def _values(text: str, path: str) -> tuple[list[tuple[int, int]], list[str]]:
    """Return the line and column of each value in a file, and its text, in the order of the file."""
    node, _ = yaml.parse(Source(path, text))
    found = [item for _, item in leaves(node)] if node else []
    return [(item.span.line, item.span.column) for item in found], [item.text for item in found]
