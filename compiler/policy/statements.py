"""The statements of a specification or of an environment at a path, as findings name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.diagnostics import Place
from compiler.model.environment import EnvironmentFile
from compiler.model.shape import annotation_at
from compiler.model.specification import Specification

if TYPE_CHECKING:
    from compiler.resolve.resolved import Resolved
    from compiler.sources.nodes import Path


def place(resolved: Resolved, path: Path) -> Place:
    """Return a statement without bounds."""
    return Place(path, resolved.span(path), resolved.written(path))


def is_stated(path: Path) -> bool:
    """Return whether a specification or an environment may have a statement at a path."""
    return type_of(path) is not None


def type_of(path: Path) -> Any:
    """Return the type of the value at a path, as its model annotates it; None where no statement may be."""
    return annotation_at(EnvironmentFile if path[0] == "environment" else Specification, path)
