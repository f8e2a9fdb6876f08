"""The text of a YAML file: scalars that read as what they say, and the replacement of single lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from compiler.diagnostics import Finding, Source
from compiler.diagnostics.finding import LINE_BREAK
from compiler.errors import CouldNotRunError
from compiler.sources import disk, yaml
from compiler.sources.nodes import MappingNode, Node, ScalarNode, lookup
from compiler.write.disk import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from compiler.diagnostics import Span


_QUOTED: dict[str, Callable[[str], str]] = {
    '"': lambda text: json.dumps(text, ensure_ascii=False),
    "'": lambda text: "'" + text.replace("'", "''") + "'",
}


class EditError(CouldNotRunError):
    """A file cannot be edited; the message says why, and what to do."""


def document(root: Path, path: str) -> Node:
    """Return the root of a YAML file, whose source is its text as it is.

    Raises:
        EditError: the file cannot be read as YAML.
    """
    source = disk.read(root, path)
    node, findings = (None, (source,)) if isinstance(source, Finding) else yaml.parse(source)
    if node is None or findings:
        raise EditError(f"{findings[0].place}: {findings[0].message}: {findings[0].help}")
    return node


def scalar(text: str) -> str:
    """Return a text as a scalar of YAML, in quotes where it would be read as something else."""
    node, _ = yaml.parse(Source("", f"text: {text}\n"))
    found = lookup(node, ("text",)) if isinstance(node, MappingNode) and len(node.entries) == 1 else None
    plain = isinstance(found, ScalarNode) and found.text == text and not found.quoted
    return text if plain else json.dumps(text, ensure_ascii=False)


def with_scalars(text: str, values: Iterable[tuple[Span, str]]) -> str:
    """Return a file's text with scalars, each in one line, replaced; one in quotes keeps its quotes."""
    starts = [0, *(found.end() for found in LINE_BREAK.finditer(text))]
    for span, value in sorted(values, key=lambda item: (item[0].line, item[0].column), reverse=True):
        start = starts[span.line - 1] + span.column - 1
        written = _QUOTED[text[start]](value) if text[start] in _QUOTED else scalar(value)
        text = text[:start] + written + text[start + span.width :]
    return text


def rewrite(root: Path, source: Source, text: str) -> None:
    """Write a file's new text in place of its old one; a byte order mark stays.

    Raises:
        OSError: the file cannot be written.
    """
    file = root / source.path
    replace(file, file.read_bytes().removesuffix(source.text.encode()) + text.encode())
