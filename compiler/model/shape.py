"""The shape of a model: what type stands at a path, for messages and for changing one value alone."""

from __future__ import annotations

from types import NoneType
from typing import Any, get_args

from compiler.model.base import Model


def annotation_at(model: type[Model], path: tuple[str | int, ...]) -> Any:
    """Return the type that a model has at a path; None where the path leads nowhere."""
    annotation: Any = model
    for key in path:
        annotation = _below(annotation, key)
    return annotation


def is_model(annotation: Any) -> bool:
    """Say whether a type is a model, and so has fields."""
    return isinstance(annotation, type) and issubclass(annotation, Model)


def _below(annotation: Any, key: str | int) -> Any:
    """The type behind a key of a model, or of a container's items."""
    if is_model(annotation):
        field = annotation.model_fields.get(key)
        return _written(field.annotation) if field else None
    arguments = [item for item in get_args(annotation) if item is not Ellipsis]
    return _written(arguments[-1]) if arguments else None


def _written(annotation: Any) -> Any:
    """The type of what is written where a key may be left out, too: no text is null."""
    arguments = get_args(annotation)
    return arguments[0] if NoneType in arguments else annotation
