"""A recorder of the values that a pure function reads from a model; no other value can change its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    from compiler.sources.nodes import Path

M = TypeVar("M", bound=BaseModel)

# Copying and serialising a model read its values through these attributes, and not one by one.
_WHOLE = ("__dict__", "__pydantic_serializer__")


class Reads:
    """The paths of the values that were read, and of the nested models that were passed on the way to values."""

    def __init__(self) -> None:
        self.paths: set[Path] = set()
        self.passed: set[Path] = set()

    def add(self, others: Reads) -> None:
        """Add what was read elsewhere."""
        self.paths |= others.paths
        self.passed |= others.passed

    def taken(self) -> Reads:
        """Return what was read by now, and begin anew."""
        taken = Reads()
        taken.paths, self.paths = self.paths, taken.paths
        taken.passed, self.passed = self.passed, taken.passed
        return taken

    def hold(self, path: Path) -> bool:
        """Return whether the value at a path, or one that contains it, was read."""
        return any(path[:length] in self.paths for length in range(len(path) + 1))


def recorded(model: M, reads: Reads, path: Path = ()) -> M:
    """Return a copy of a model that adds each value to ``reads`` when it is read.

    A list or a mapping is one value. Access to a nested model does not count as a read until one of its values is read.
    """
    fields: dict[str, Any] = {
        name: recorded(value, reads, (*path, name)) if isinstance(value, BaseModel) else value
        for name, value in model.__dict__.items()
    }

    def read(self: BaseModel, name: str) -> Any:
        value = object.__getattribute__(self, name)
        if name in fields:
            (reads.passed if isinstance(value, BaseModel) else reads.paths).add((*path, name))
        elif name in _WHOLE:
            reads.paths.add(path)
        return value

    def refuse(self: BaseModel, other: object) -> bool:
        # Models of different classes are never equal, so the function would behave differently under recording.
        raise TypeError(
            f"{'.'.join(map(str, path))} is compared as a whole, which cannot be recorded: compare its values"
        )

    kind = type(model)
    names = {"__getattribute__": read, "__eq__": refuse, "__module__": kind.__module__}
    recording: Any = type(kind.__name__, (kind,), names)
    copy: M = recording.model_construct(**fields)
    return copy
