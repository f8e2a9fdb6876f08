"""The shape of a model: the type of the value at a path, for messages and for changing one value."""

from __future__ import annotations

from types import NoneType
from typing import Any, get_args

from compiler.model.base import Model


def annotation_at(model: type[Model], path: tuple[str | int, ...]) -> Any:
    """Return the type of the value at a path of a model; None where there is no such path."""
    annotation: Any = model
    for key in path:
        annotation = _below(annotation, key)
    return annotation


def is_model(annotation: Any) -> bool:
    """Return whether a type is a model, and so has fields."""
    return isinstance(annotation, type) and issubclass(annotation, Model)


def _below(annotation: Any, key: str | int) -> Any:
    """Return the type of the value below a key: a model's field, or an item of a tuple or mapping."""
    if is_model(annotation):
        field = annotation.model_fields.get(key)
        return _written(field.annotation) if field else None
    arguments = [item for item in get_args(annotation) if item is not Ellipsis]
    return _written(arguments[-1]) if arguments else None


def _written(annotation: Any) -> Any:
    """Return a type without None, which stands for a key that is left out: no written text is null."""
    arguments = get_args(annotation)
    return arguments[0] if NoneType in arguments else annotation
