"""Leaves: the single values of the emitted files, each at a JSON pointer into its file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from compiler.emit.artifact import Artifact

Value = str | int | float | bool | None | Mapping[str, Any] | Sequence[Any]
"""The value of a leaf: a scalar, or an empty mapping or list."""


@dataclass(frozen=True, order=True, slots=True)
class Leaf:
    """The place of one value: a file below ``generated/`` (POSIX), and a pointer into it (RFC 6901).

    A text file without structure is the list of its lines, so that ``/11`` is its twelfth line.
    """

    file: str
    pointer: str

    def __str__(self) -> str:
        return f"{self.file}#{self.pointer}"


def leaves(artifacts: Iterable[Artifact]) -> Mapping[Leaf, Value]:
    """Return the values of all files by their leaves, in the order of the files."""
    return {
        Leaf(artifact.path, pointer): value
        for artifact in artifacts
        for pointer, value in flattened(structure(artifact))
    }


def structure(artifact: Artifact) -> Any:
    """Return the content of a file as data: its document, or the parsed JSON or YAML, or the list of its lines."""
    return _parsed(artifact.path, artifact.content) if artifact.document is None else artifact.document


def flattened(value: Any, pointer: str = "") -> Iterator[tuple[str, Value]]:
    """Yield the pointer and the value of every leaf of a document, in its order."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from flattened(item, f"{pointer}/{escaped(str(key))}")
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield from flattened(item, f"{pointer}/{index}")
    else:
        yield pointer, value


def escaped(key: str) -> str:
    """Return a key as a token of a pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def tokens(pointer: str) -> list[str]:
    """Return the keys of a pointer, from the root."""
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


@lru_cache(maxsize=64)
def _parsed(path: str, content: bytes) -> Any:
    if path.endswith(".json"):
        return json.loads(content)
    if path.endswith(".yaml"):
        return yaml.load(content, Loader=yaml.CSafeLoader)
    return content.decode().splitlines()
