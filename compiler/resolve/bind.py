"""Binding of nodes to models; every error of a model becomes a finding at the value that caused it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from compiler.diagnostics import Code, Finding, Span, bounded, closest, did_you_mean, use_one_of
from compiler.model.base import Model
from compiler.model.shape import annotation_at, is_model
from compiler.sources.nodes import MappingNode, Node, Path, ScalarNode, lookup, nearest, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=Model)

_MAPPING = ("a mapping of keys", "write its keys on lines of their own")
_LIST = ("a list", "write its entries on lines of their own, each behind '- '")
_VALUE = ("a single value", "write one value behind the key")
_SHAPES = {
    "model_type": _MAPPING,
    "dict_type": _MAPPING,
    "tuple_type": _LIST,
    "string_type": _VALUE,
    "int_type": _VALUE,
    "bool_type": _VALUE,
    "enum": _VALUE,
    "literal_error": _VALUE,
}


def bind(
    model: type[M], node: Node, skip: Callable[[Path], bool] = lambda _: False
) -> tuple[M | None, tuple[Finding, ...]]:
    """Parse a node with a model, which is None if it refuses the node; ``skip`` selects paths without findings."""
    try:
        return model.model_validate(plain(node)), ()
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        located = ((path, detail) for detail in details if not skip(path := _path(detail)))
        listed, more = bounded(located, lambda item: nearest(node, item[0]).source.path)
        meant = {guess for path, detail in listed if (guess := _misspelt_key(model, node, path, detail))}
        return None, (*(_finding(model, node, path, detail) for path, detail in listed if path not in meant), *more)


def _path(detail: ErrorDetails) -> Path:
    """Return the path of an error in the tree; pydantic adds an element to the path of a mapping's key."""
    path = tuple(key for key in detail["loc"] if key != "[key]")
    entry = detail.get("ctx", {}).get("entry")
    return path if entry is None else (*path, entry)


def _misspelt_key(model: type[Model], root: Node, path: Path, detail: ErrorDetails) -> Path | None:
    """Return the missing key that an unknown key is a misspelling of, because the two are one mistake; else None."""
    if detail["type"] != "extra_forbidden":
        return None
    close = closest(str(path[-1]), _missing(model, root, path[:-1]))
    return (*path[:-1], close) if close else None


def _finding(model: type[Model], root: Node, path: Path, detail: ErrorDetails) -> Finding:
    kind, context = detail["type"], detail.get("ctx", {})
    node = lookup(root, path)
    if kind == "missing":
        parent = ".".join(str(key) for key in path[:-1]) or "the document"
        help_ = f"write '{path[-1]}:' and its value below {parent}"
        return Finding(Code.SPEC001, f"the key '{path[-1]}' is missing in {parent}", help_, nearest(root, path))
    if kind == "extra_forbidden":
        return _unknown_key(model, root, path)
    if isinstance(node, ScalarNode) and not node.text:
        help_ = "write the value behind the key, or restore it from version control"
        return Finding(Code.SPEC005, "a value is missing here", help_, nearest(root, path))
    if kind == "cbp":
        return Finding(context["code"], context["message"], context["help"], nearest(root, path))
    if kind in ("literal_error", "enum") and isinstance(node, ScalarNode):
        return _unknown_choice(node, context["expected"])
    if kind not in _SHAPES:
        raise AssertionError(f"no finding for the model's error {kind}")
    expected, help_ = _SHAPES[kind]
    fields = ", ".join(_fields(model, path))
    help_ = f"{help_}: {fields}" if fields else help_
    return Finding(Code.SPEC004, f"{expected} is expected here", help_, nearest(root, path))


def _unknown_key(model: type[Model], root: Node, path: Path) -> Finding:
    known, missing = _fields(model, path[:-1]), _missing(model, root, path[:-1])
    message = f"the key '{path[-1]}' is unknown"
    help_ = did_you_mean(str(path[-1]), known, preferred=missing)
    return Finding(Code.SPEC002, message, help_, key_span(root, path))


def _unknown_choice(node: ScalarNode, expected: str) -> Finding:
    choices = [choice.strip("'") for choice in expected.replace(" or ", ", ").split(", ")]
    close = closest(node.text, choices)
    help_ = use_one_of(choices) + (f" (did you mean '{close}'?)" if close else "")
    return Finding(Code.SPEC003, f"'{node.text}' is not supported here", help_, node.span)


def _fields(model: type[Model], path: Path) -> tuple[str, ...]:
    """Return the keys of the model at a path, in the model's order."""
    annotation = annotation_at(model, path)
    return tuple(annotation.model_fields) if is_model(annotation) else ()


def _missing(model: type[Model], root: Node, path: Path) -> list[str]:
    """Return the model's keys at a path that the file lacks."""
    node = lookup(root, path)
    written = node.entries if isinstance(node, MappingNode) else {}
    return [name for name in _fields(model, path) if name not in written]


def key_span(root: Node, path: Path) -> Span:
    """Return the span of the last key of a path."""
    parent = lookup(root, path[:-1])
    if isinstance(parent, MappingNode) and (entry := parent.entries.get(str(path[-1]))):
        return entry.key
    return nearest(root, path)
