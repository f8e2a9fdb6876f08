"""The layers of a resolved environment: each statement with the line that decided it and the value that it hides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from compiler.diagnostics import Code, Finding, Severity
from compiler.model.base import Model
from compiler.model.environment import EnvironmentFile
from compiler.model.shape import annotation_at, is_model
from compiler.model.specification import Specification
from compiler.resolve.bind import bind
from compiler.resolve.overlay import PLACEHOLDER
from compiler.sources.nodes import (
    Key,
    KeyValue,
    MappingNode,
    Node,
    Path,
    Plain,
    ScalarNode,
    SequenceNode,
    lookup,
    nearest,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compiler.diagnostics import Span
    from compiler.resolve.resolved import Resolved

ENVIRONMENT = "environment"
"""The first key of every path into an environment's own file; other paths start with a section."""


class Layer(StrEnum):
    """The origin of a value: an overlay hides the specification; an environment's own file hides nothing."""

    DEFAULT = "default"
    SPECIFICATION = "specification"
    OVERLAY = "overlay"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Layered:
    """A value of one layer as it was written, and its place, which a default of the models does not have."""

    layer: Layer
    value: Plain
    span: Span | None = None

    @property
    def text(self) -> str:
        """The value in one line."""
        return _in_one_line(self.value)


@dataclass(frozen=True, slots=True)
class Decided:
    """A statement of an environment: the value that holds, and the value that it hides, if any.

    A list of single values is one statement: an overlay replaces it as a whole.
    """

    path: Path
    value: Layered
    hidden: Layered | None = None

    @property
    def name(self) -> str:
        """The path as findings print it, such as ``environment.image.release``."""
        return ".".join(map(str, self.path))


def decided(resolved: Resolved) -> Iterator[Decided]:
    """Yield every statement of an environment, in the order of the files, with defaults of the models."""
    yield from _decided(resolved, (), resolved.tree)


def bound(resolved: Resolved, path: Path) -> Any:
    """Return the parsed value at a path, which is the same however it is spelt; None if there is none."""
    found: Any = resolved.environment if path[0] == ENVIRONMENT else resolved.spec
    for key in path[1:] if path[0] == ENVIRONMENT else path:
        if isinstance(found, Model):
            found = getattr(found, str(key), None)
        elif isinstance(found, Mapping):
            found = found.get(key)
        else:
            found = found[key] if isinstance(found, tuple) and isinstance(key, int) and key < len(found) else None
    return found


def repetitions(resolved: Resolved) -> Iterator[Finding]:
    """Warn of each value of an overlay that the specification has, too, and whose later edits it would hide."""
    overlaid = _overlaid(resolved, (), resolved.tree, resolved.specification)
    hiding = [(item, item.hidden) for item in overlaid if item.hidden and item.hidden.value != PLACEHOLDER]
    if not hiding:
        return
    spec, _ = bind(Specification, _without_overlays(resolved.specification, resolved.tree))
    if spec is None:  # a value of the specification has a finding of its own
        return
    specified = replace(resolved, spec=spec)
    for item, hidden in hiding:
        if bound(specified, item.path) == bound(resolved, item.path):
            message = f"'{item.name}' is {hidden.text} in the specification, too"
            help_ = f"remove it here, so that an edit of {hidden.span} reaches this environment"
            yield Finding(Code.ENV007, message, help_, item.value.span, severity=Severity.WARNING)


def depth_in_common(one: Sequence[Key], other: Sequence[Key]) -> int:
    """Return the number of keys with which both paths begin."""
    return sum(1 for _ in takewhile(lambda keys: keys[0] == keys[1], zip(one, other, strict=False)))


def _decided(resolved: Resolved, path: Path, node: Node) -> Iterator[Decided]:
    if isinstance(node, MappingNode):
        for name, entry in node.entries.items():
            yield from _decided(resolved, (*path, name), entry.value)
        yield from _defaults(path, node)
    elif isinstance(node, SequenceNode) and any(not isinstance(item, ScalarNode) for item in node.items):
        for index, item in enumerate(node.items):
            yield from _decided(resolved, (*path, index), item)
    else:
        yield _statement(resolved, path, node)


def _statement(resolved: Resolved, path: Path, node: Node) -> Decided:
    below = lookup(resolved.specification, path)
    hidden = _layered(below, nearest(resolved.specification, path)) if below and below is not node else None
    return Decided(path, _layered(node, resolved.span(path)), hidden)


def _overlaid(resolved: Resolved, path: Path, tree: MappingNode, specification: MappingNode) -> Iterator[Decided]:
    """Yield the statements that overlays decide; a node without any is the specification's own."""
    for name, entry in specification.entries.items():
        over, below = tree.entries[name].value, entry.value
        if isinstance(over, MappingNode) and isinstance(below, MappingNode):
            if over is not below:
                yield from _overlaid(resolved, (*path, name), over, below)
        elif over is not below:
            yield _statement(resolved, (*path, name), over)


def _defaults(path: Path, node: MappingNode) -> Iterator[Decided]:
    """Yield the values that the models give to single keys which a mapping leaves out."""
    model = annotation_at(EnvironmentFile if path[:1] == (ENVIRONMENT,) else Specification, path)
    for name, field in model.model_fields.items() if is_model(model) else ():
        if name not in node.entries and isinstance(field.default, bool | int):
            yield Decided((*path, name), Layered(Layer.DEFAULT, json.dumps(field.default)))


def _layered(node: Node, span: Span) -> Layered:
    folder, *below = span.source.path.split("/")
    if folder == "spec":
        layer = Layer.SPECIFICATION
    else:
        layer = Layer.OVERLAY if len(below) > len(("name", "environment.yaml")) else Layer.ENVIRONMENT
    return Layered(layer, plain(node), span)


def _in_one_line(value: Plain) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if not value or "\n" in value else value
    return f"[{', '.join(map(_in_one_line, value))}]"


def _without_overlays(specification: MappingNode, tree: MappingNode) -> MappingNode:
    """Return the specification's tree with no value of an overlay but those in the place of placeholders."""
    entries = {}
    for name, entry in specification.entries.items():
        over, value = tree.entries[name].value, entry.value
        if isinstance(value, MappingNode) and isinstance(over, MappingNode):
            value = _without_overlays(value, over)
        elif isinstance(value, ScalarNode) and value.text == PLACEHOLDER:
            value = over
        entries[name] = KeyValue(entry.key, value)
    return MappingNode(entries, specification.span)
