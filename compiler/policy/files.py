"""Reading the files of policies, strictly: what cannot be read as it is meant is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from compiler.policy.errors import PolicyError

if TYPE_CHECKING:
    from pathlib import Path


def read_text(path: Path) -> str:
    """Return a file's text.

    Raises:
        PolicyError: the file cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: the file cannot be read: {error}") from error


def read_yaml(path: Path) -> Any:
    """Return a YAML file's one document.

    Raises:
        PolicyError: the file cannot be read, is not YAML, or writes a key twice.
    """
    return parse_yaml(read_text(path), str(path))


def parse_yaml(text: str, name: str) -> Any:
    """Return the one document of a text; ``name`` says in messages what it is.

    Raises:
        PolicyError: the text is not YAML, or writes a key twice.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise PolicyError(f"{name}: this is not valid YAML: {error}") from error


class _Loader(yaml.CSafeLoader):
    """YAML in which a key that is written twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key is written twice", node.start_mark)
        return mapping
