"""What an editor makes of a file: the YAML server's reading of it, judged by the schema that is meant for it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import yaml

from compiler.emit.editor import schemas

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from pathlib import Path

    from compiler.emit.artifact import Document
    from compiler.sources.nodes import Path as Keys

SCHEMAS = schemas()
CLUSTER = "eu-central-1"
_GLOBS = (
    "spec/*.yaml",
    "environments/*/environment.yaml",
    "environments/*/overlays/*.yaml",
    "environments/*/waivers.yaml",
)

_TAG = "tag:yaml.org,2002:"
# The core schema of YAML 1.2.2, chapter 10.3.2; what it does not name is text.
_CORE = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?",
    "merge": r"<<",
}


class _Loader(yaml.SafeLoader):
    """YAML 1.2's types in place of 1.1's, and names for keys, as JSON has them."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own, emptied of YAML 1.1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        self.flatten_mapping(node)
        if not all(isinstance(key, yaml.ScalarNode) for key, _ in node.value):
            raise yaml.constructor.ConstructorError(problem="a key is not a name", problem_mark=node.start_mark)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


def _int(_: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    base = {"0o": 8, "0x": 16}.get(node.value[:2], 10)
    return int(node.value[2:] if base != 10 else node.value, base)


for name, pattern in _CORE.items():
    _Loader.add_implicit_resolver(_TAG + name, re.compile(rf"^(?:{pattern})$"), None)
_Loader.add_constructor(f"{_TAG}int", _int)
_Loader.add_constructor(f"{_TAG}float", lambda _, node: float(node.value))


def read(text: str) -> Any:
    """Return what YAML 1.2 reads in a text.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    """Return a schema's validator by the schema's name."""
    return jsonschema.Draft202012Validator(SCHEMAS[name])


def schema_of(path: str) -> str:
    """Return the name of the schema that is meant for a file, by its path in the project."""
    folders = path.split("/")
    if folders[0] == "spec":
        return folders[1].removesuffix(".yaml")
    return "overlay" if "overlays" in folders else folders[-1].removesuffix(".yaml")


def accepts(root: Path, path: str) -> bool:
    """Say whether an editor finds nothing wrong in a file."""
    try:
        document = read((root / path).read_bytes().decode())
    except (yaml.YAMLError, UnicodeDecodeError):
        return False
    return bool(validator(schema_of(path)).is_valid(document))


def written(project: Path) -> list[str]:
    """The files of a project that a schema is meant for, those of no section left out."""
    found = (file.relative_to(project).as_posix() for glob in _GLOBS for file in project.glob(glob) if file.is_file())
    return sorted(path for path in found if schema_of(path) in SCHEMAS)


def nodes(schema: Document, path: Keys = ()) -> Iterator[tuple[Keys, Document]]:
    """Every key of a schema with its path; the real cluster stands for any, and the first entry for a list's."""
    yield path, schema
    for name, below in schema.get("properties", {}).items():
        yield from nodes(below, (*path, name))
    for below in schema.get("patternProperties", {}).values():
        yield from nodes(below, (*path, CLUSTER))
    if schema.get("items", {}).get("type") == "object":
        yield from nodes(schema["items"], (*path, 0))


def values(schema: Document) -> Iterator[tuple[Keys, Document]]:
    """The keys of a schema behind which there is a value or a list of values."""
    return ((path, below) for path, below in nodes(schema) if "object" not in (below["type"], _items_type(below)))


def kinds(schema: Document) -> dict[Keys, Document]:
    """The values of a schema, the first of those that are judged alike."""
    found: dict[str, tuple[Keys, Document]] = {}
    for path, below in values(schema):
        found.setdefault(json.dumps({**below, "description": "", "markdownDescription": ""}), (path, below))
    return dict(found.values())


def _items_type(schema: Document) -> object:
    return schema.get("items", {}).get("type")
