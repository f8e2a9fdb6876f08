"""Docstrings of fields: the string below a field in a model's source, which an editor shows for the key.

They are read on demand, once for each module: pydantic's ``use_attribute_docstrings`` reads the source of each class at
its creation, and slows down every command.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from typing import TYPE_CHECKING

from compiler.model.base import Model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def attribute_docstrings(model: type[Model]) -> Mapping[str, str]:
    """Return the docstring of each field that has one, by the field's name."""
    return {
        name: text
        for base in reversed(model.__mro__)
        if issubclass(base, Model)
        for name, text in _module(base.__module__).get(base.__name__, {}).items()
    }


@cache
def _module(name: str) -> Mapping[str, Mapping[str, str]]:
    """Return the fields' docstrings of every top-level class of a module, by class and field."""
    tree = ast.parse(inspect.getsource(sys.modules[name]))
    return {item.name: dict(_documented(item.body)) for item in tree.body if isinstance(item, ast.ClassDef)}


def _documented(body: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Yield each annotated name that a string follows, with the string."""
    target = None
    for statement in body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                target = name
            case ast.Expr(value=ast.Constant(value=str(text))) if target:
                yield target, inspect.cleandoc(text)
                target = None
            case _:
                target = None
