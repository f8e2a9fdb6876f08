"""Reading the files of policies, strictly: what cannot be read as it is meant is an error.

YAML has the bounds of every file that is read here (:mod:`compiler.sources.yaml`), and means JSON: text, whole numbers,
``true``, ``false`` and ``null``. A plain scalar that YAML 1.1 takes for anything else, as a date, ``yes`` or ``0x10``,
is an error: engines read those apart.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yaml.nodes import ScalarNode as Scalar
from yaml.resolver import Resolver

from compiler.diagnostics import Finding, Source
from compiler.policy.errors import PolicyError
from compiler.sources import disk, yaml
from compiler.sources.nodes import MappingNode, Node, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from pathlib import Path

_TEXT = "tag:yaml.org,2002:str"
_WORDS = {"true": True, "false": False, "null": None}
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,14}")  # an integer below 2^53, which every engine counts with exactly
_implicit: Any = Resolver()


def read_text(path: Path) -> str:
    """Return a file's text.

    Raises:
        PolicyError: the file is no regular file, cannot be read, is too large, or is not UTF-8.
    """
    source = disk.read(path.parent, path.name)
    if isinstance(source, Finding):
        raise PolicyError(f"{path}: {source.message}")
    return source.text


def read_yaml(path: Path) -> Any:
    """Return a YAML file's one document, as JSON has it.

    Raises:
        PolicyError: the file cannot be read, or :func:`parse_yaml` refuses it.
    """
    return parse_yaml(read_text(path), str(path))


def parse_yaml(text: str, name: str) -> Any:
    """Return the one document of a text, as JSON has it; ``name`` says in messages what it is.

    Raises:
        PolicyError: the text is not YAML, has a value that JSON has not, writes a key twice, or is too large or deep.
    """
    node, findings = yaml.parse(Source(name, text))
    if node is None or findings:
        raise PolicyError(f"{findings[0].place}: {findings[0].message}")
    return _json(node)


def _json(node: Node) -> Any:
    if isinstance(node, MappingNode):
        return {name: _json(entry.value) for name, entry in node.entries.items()}
    if isinstance(node, SequenceNode):
        return [_json(item) for item in node.items]
    return node.text if node.quoted else _plain(node)


def _plain(node: ScalarNode) -> Any:
    """Read a scalar without quotes."""
    if node.text in _WORDS:
        return _WORDS[node.text]
    if _WHOLE.fullmatch(node.text):
        return int(node.text)
    if node.text and _implicit.resolve(Scalar, node.text, (True, False)) == _TEXT:
        return node.text
    raise PolicyError(f"{node.span}: '{node.text[:40]}' is neither text nor a whole number: put text in quotes")
