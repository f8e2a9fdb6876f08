"""Statements: the values that an author writes, found by file and line, and changed in their text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import yaml

from compiler.diagnostics import Finding, Source, did_you_mean
from compiler.errors import CouldNotRunError
from compiler.sources.credentials import masked
from compiler.sources.nodes import MappingNode, Node, Path, ScalarNode, SequenceNode, leaves, lookup
from compiler.sources.yaml import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.resolve.resolved import Resolved
    from compiler.sources.files import EnvironmentFiles, Loaded

_PLACE = re.compile(r"(?P<file>.+?):(?P<line>[1-9][0-9]{0,6})(?::(?P<column>[1-9][0-9]{0,6}))?")


class NoStatementError(CouldNotRunError):
    """The place names no statement; the message says which places near it do."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file of the specification: the line, and the column where a line holds several values."""

    file: str
    line: int
    column: int | None = None

    @classmethod
    def parse(cls, text: str) -> Place:
        """Return the place that is written as ``FILE:LINE`` or ``FILE:LINE:COLUMN``.

        Raises:
            NoStatementError: the text is no place.
        """
        match = _PLACE.fullmatch(text)
        if match is None:
            raise NoStatementError(f"'{text}' is no place: write FILE:LINE, as spec/compute.yaml:12")
        column = match["column"]
        return cls(match["file"].removeprefix("./"), int(match["line"]), int(column) if column else None)


@dataclass(frozen=True, slots=True)
class Statement:
    """A value as it is written: a single one, or a list; with its path in the specification or the environment."""

    path: Path
    node: ScalarNode | SequenceNode
    source: Source
    line: int
    environment: str | None
    """The environment whose file holds it; None for the specification."""

    @property
    def name(self) -> str:
        """The path with dots."""
        return ".".join(map(str, self.path))

    @property
    def text(self) -> str:
        """The value as it is written, a list in one line."""
        return _text(self.node)

    @property
    def place(self) -> str:
        """The file and the line."""
        return f"{self.source.path}:{self.line}"

    def decides(self, resolved: Resolved) -> bool:
        """Return whether an environment has this very value, and no overlay another one."""
        return lookup(resolved.tree, self.path) is self.node


def statement(loaded: Loaded, place: Place) -> Statement:
    """Return the statement at a place.

    Raises:
        NoStatementError: no file of the project has a value there, or several and no column says which.
    """
    documents = {document.span.source.path: (document, owner) for document, owner in _documents(loaded)}
    if place.file not in documents:
        advice = did_you_mean(
            place.file, documents, otherwise="name a file of spec/, or an environment's own or overlay"
        )
        raise NoStatementError(f"{place.file} is no file of the specification or of an environment: {advice}")
    document, owner = documents[place.file]
    found = [item for item in _statements(document) if item[2] == place.line]
    if place.column is not None:
        scalars = ((path, node, node.span.line) for path, node in leaves(document))
        found = [(path, node, at) for path, node, at in scalars if at == place.line and _holds(node, place.column)]
    if len({id(node) for _, node, _ in found}) != 1:  # an alias is the node of its anchor
        raise NoStatementError(_advice(document, place, [path for path, _, _ in found]))
    path, node, line = found[0]
    return Statement(path, node, document.span.source, line, owner)


def edited(loaded: Loaded, changed: Statement, text: str) -> tuple[Loaded, str]:
    """Return a project with a statement written in another way, and the new text of its file.

    ``text`` is YAML, as it would stand in the file. What is wrong with it is a finding of the result.

    Raises:
        NoStatementError: the value stands on several lines, so that no text can take its place.
    """
    source = changed.source
    start, end = _extent(source.text, changed.path)
    if "\n" in source.text[start:end]:
        raise NoStatementError(f"{changed.place} begins a value of several lines: edit the file, and see cbp diff")
    new = Source(source.path, f"{source.text[:start]}{text}{source.text[end:]}")
    clean, credentials = masked(new)
    node, findings = parse(clean)
    return _with(loaded, node, source.path, (*credentials, *findings)), new.text


def _documents(loaded: Loaded) -> Iterator[tuple[Node, str | None]]:
    """Yield each document whose values are compiled, with the environment that it belongs to."""
    for _, document in loaded.sections:
        yield document, None
    for files in loaded.environments:
        for found in (files.environment, *files.overlays):
            if found is not None:
                yield found, files.name


def _statements(node: Node, path: Path = ()) -> Iterator[tuple[Path, ScalarNode | SequenceNode, int]]:
    """Yield the values of a document, each with the line on which it begins; a list on one line is one value."""
    if isinstance(node, ScalarNode):
        yield path, node, node.span.line
    elif isinstance(node, SequenceNode):
        lines = {scalar.span.line for _, scalar in leaves(node)}
        if len(node.items) > 1 and lines == {node.span.line}:
            yield path, node, node.span.line
        else:
            for index, item in enumerate(node.items):
                yield from _statements(item, (*path, index))
    else:
        for name, entry in node.entries.items():
            yield from _statements(entry.value, (*path, name))


def _text(node: Node) -> str:
    if isinstance(node, ScalarNode):
        return node.text
    items = node.items if isinstance(node, SequenceNode) else ()
    return f"[{', '.join(map(_text, items))}]"


def _holds(node: ScalarNode, column: int) -> bool:
    return node.span.column <= column < node.span.column + node.span.width


def _advice(document: Node, place: Place, several: list[Path]) -> str:
    at = f"{place.file}:{place.line}"
    if several:
        columns = {
            f"{at}:{node.span.column} ({path[-1]})" for path, node in leaves(document) if node.span.line == place.line
        }
        return f"{at} holds several values: name one as {', '.join(sorted(columns))}"
    below = [path for path, key in _keys(document) if key == place.line]
    if below:
        lines = sorted({line for path, _, line in _statements(document) if path[: len(below[0])] == below[0]})
        if lines and lines[-1] > place.line:
            name = ".".join(map(str, below[0]))
            return f"{at} begins {name}, which is no single value: name a line of {lines[0]} to {lines[-1]}"
    there = at if place.column is None else f"{at}:{place.column}"
    return f"{there} holds no value: name a line that says something"


def _keys(node: Node, path: Path = ()) -> Iterator[tuple[Path, int]]:
    if isinstance(node, MappingNode):
        for name, entry in node.entries.items():
            yield (*path, name), entry.key.line
            yield from _keys(entry.value, (*path, name))
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.items):
            yield from _keys(item, (*path, index))


def _extent(text: str, path: Path) -> tuple[int, int]:
    """Return the first character of a value in a file, and the one after its last."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    for key in path:
        if isinstance(node, yaml.MappingNode):
            node = next((value for name, value in node.value if name.value == key), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            node = node.value[key]
    if node is None:
        raise NoStatementError(f"{'.'.join(map(str, path))} is merged from another mapping: name a line of that one")
    return node.start_mark.index, node.end_mark.index


def _with(loaded: Loaded, node: Node | None, file: str, findings: tuple[Finding, ...]) -> Loaded:
    """Return the documents of a project with that of one file replaced."""

    def replaced(document: Node | None) -> Node | None:
        return node if document is not None and document.span.source.path == file else document

    def of(files: EnvironmentFiles) -> EnvironmentFiles:
        overlays = tuple(replaced(document) for document in files.overlays)
        return replace(files, environment=replaced(files.environment), overlays=overlays)

    sections = tuple((name, new) for name, document in loaded.sections if (new := replaced(document)) is not None)
    environments = tuple(of(files) for files in loaded.environments)
    return replace(loaded, sections=sections, environments=environments, findings=(*loaded.findings, *findings))
