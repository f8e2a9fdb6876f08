"""The shape of a model: the type of the value at a path, for messages and for changing one value."""

from __future__ import annotations

from types import NoneType
from typing import Any, get_args

from compiler.model.base import Always, Model, Only


def annotation_at(model: type[Model], path: tuple[str | int, ...]) -> Any:
    """Return the type of the value at a path of a model; None where there is no such path."""
    annotation: Any = model
    for key in path:
        annotation = _below(annotation, key)
    return annotation


def only_because(model: type[Model], path: tuple[str | int, ...], word: str) -> str | None:
    """Return why a word stands at a path of a model in every specification; None where another may stand there."""
    above = path[:-1] if isinstance(path[-1], int) else path
    holder = annotation_at(model, above[:-1])
    notes = holder.model_fields[above[-1]].metadata if is_model(holder) else ()
    for note in notes:
        if isinstance(note, Only) or (isinstance(note, Always) and word in note.words):
            return note.because
    return None


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
