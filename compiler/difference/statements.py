"""Changed statements of ``spec/`` and ``environments/``: their place, their value before and after, and one alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compiler.sources.nodes import KeyValue, MappingNode, Node, Path, ScalarNode, SequenceNode, child, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.sources.files import EnvironmentFiles, Loaded
    from compiler.sources.nodes import Plain

Place = tuple[str, str]
"""A document: the environment that it belongs to (empty for the specification), and its section or its file."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that differs: its document, its path in it, and its node on each side; None where it is absent.

    A list of single values is one statement. ``path`` is empty where the whole document is new or gone.
    """

    place: Place
    path: Path
    before: Node | None
    after: Node | None

    @property
    def environment(self) -> str:
        """The environment that it belongs to; empty for the specification, which all environments share."""
        return self.place[0]

    @property
    def name(self) -> str:
        """The path with dots; the file's name for a whole document."""
        return ".".join(map(str, self.path)) or self.file.rpartition("/")[2]

    @property
    def node(self) -> Node:
        """The node of the new side, or of the old one where the statement is gone."""
        node = self.after or self.before
        assert node is not None, "a statement differs on one side at least"  # noqa: S101 - what a statement is
        return node

    @property
    def file(self) -> str:
        """The file, relative to the project; of a statement that is gone, the one that had it."""
        return self.node.span.source.path

    @property
    def line(self) -> int:
        """The line, counted from 1; of a statement that is gone, in the old side."""
        return self.node.span.line


def changed(before: Loaded, after: Loaded) -> tuple[Statement, ...]:
    """Return the statements that differ in text, those of the specification first, in the order of the new side."""
    old, new = dict(_documents(before)), dict(_documents(after))
    places = dict.fromkeys((*new, *old))
    return tuple(found for place in places for found in _differing(place, old.get(place), new.get(place)))


def applied(loaded: Loaded, statement: Statement) -> Loaded:
    """Return the documents with this statement as its new side has it, and everything else as it was."""
    environment, name = statement.place
    if not environment:
        sections: dict[str, Node | None] = dict(loaded.sections)
        sections[name] = _put(sections.get(name), statement.path, statement.after)
        return replace(loaded, sections=tuple((key, node) for key, node in sections.items() if node is not None))
    files = {item.name: item for item in loaded.environments}
    if environment in files:
        files[environment] = _in_environment(files[environment], statement)
    return replace(loaded, environments=tuple(files.values()))


def written(node: Node | None) -> str | None:
    """Return a value in one line, as YAML's flow style has it; None for None."""
    return None if node is None else _flow(plain(node))


def _flow(value: Plain) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(item)}' for key, item in value.items())}}}"
    return f"[{', '.join(map(_flow, value))}]"


def _documents(loaded: Loaded) -> Iterator[tuple[Place, Node]]:
    for section, node in loaded.sections:
        yield ("", section), node
    for files in loaded.environments:
        for node in _of_environment(files):
            yield (files.name, node.span.source.path), node


def _of_environment(files: EnvironmentFiles) -> Iterator[Node]:
    """Yield the documents that are compiled: waivers and acknowledgements change what is judged, and no value."""
    yield from (node for node in (files.environment, *files.overlays) if node is not None)


def _differing(place: Place, before: Node | None, after: Node | None, path: Path = ()) -> Iterator[Statement]:
    if before is not None and after is not None and plain(before) == plain(after):
        return
    if isinstance(before, MappingNode) and isinstance(after, MappingNode):
        for name in dict.fromkeys((*after.entries, *before.entries)):
            yield from _differing(place, child(before, name), child(after, name), (*path, name))
    elif _item_by_item(before, after):
        for index, (one, other) in enumerate(zip(_items(before), _items(after), strict=True)):
            yield from _differing(place, one, other, (*path, index))
    else:
        yield Statement(place, path, before, after)


def _item_by_item(before: Node | None, after: Node | None) -> bool:
    """Return whether two lists are compared entry by entry: as long as each other, of more than single values."""
    one, other = _items(before), _items(after)
    single = any(isinstance(item, ScalarNode) for item in (*one, *other))
    return bool(one) and len(one) == len(other) and not single


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, SequenceNode) else ()


def _in_environment(files: EnvironmentFiles, statement: Statement) -> EnvironmentFiles:
    """Return the files of an environment with a statement applied; a new file is an overlay."""
    file, documents = statement.place[1], (files.environment, *files.overlays)
    known = {node.span.source.path for node in documents if node is not None}

    def of(node: Node | None) -> Node | None:
        this = node is not None and node.span.source.path == file
        return _put(node, statement.path, statement.after) if this else node

    new = [statement.after] if file not in known and statement.after else []
    # An overlay that is gone is none, and not one that cannot be read.
    overlays: Iterable[Node | None] = (*(of(node) for node in files.overlays), *new)
    return replace(files, environment=of(files.environment), overlays=tuple(node for node in overlays if node))


def _put(node: Node | None, path: Path, value: Node | None) -> Node | None:
    """Return a node with the value at a path replaced, added or (None) removed."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(node, SequenceNode) and isinstance(key, int):
        items = (_put(item, rest, value) if index == key else item for index, item in enumerate(node.items))
        return SequenceNode(tuple(item for item in items if item is not None), node.span)
    if not isinstance(node, MappingNode):
        return node
    entries = dict(node.entries)
    old = entries.pop(str(key), None)
    new = _put(old.value if old else None, rest, value)
    if new is not None:
        entries[str(key)] = KeyValue(old.key if old else new.span, new)
    return MappingNode(entries, node.span)
