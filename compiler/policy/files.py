"""A strict reader of the files of policies: an ambiguous value is an error.

YAML has the bounds of :mod:`compiler.sources.yaml` and only values of JSON: text, whole numbers, ``true``, ``false``
and ``null``. A plain scalar that YAML 1.1 reads as another type, such as a date, ``yes`` or ``0x10``, is an error,
because engines disagree about it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from yaml.nodes import ScalarNode as Scalar
from yaml.resolver import Resolver

from compiler.diagnostics import Finding, Source
from compiler.policy.errors import Faults, PolicyError
from compiler.sources import disk, yaml
from compiler.sources.nodes import MappingNode, Node, ScalarNode, SequenceNode, nearest

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)
_TEXT = "tag:yaml.org,2002:str"
_WORDS = {"true": True, "false": False, "null": None}
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,14}")  # an integer below 2^53, which every engine represents exactly
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


def read_yaml(path: Path, name: str) -> Any:
    """Return the only document of a YAML file as JSON values; messages use ``name`` for the file.

    Raises:
        PolicyError: the file cannot be read, is not YAML, has a value that JSON lacks or a duplicate key, or is too
            large or deep.
    """
    return _json(parse_node(read_text(path), name))


def parse(model: type[M], text: str, name: str) -> tuple[M, Node]:
    """Return the model that a YAML text describes, and its located tree; messages use ``name`` for the file.

    Raises:
        PolicyError: :func:`read_yaml` would refuse the text, or the model refuses a value of it. It names every fault.
    """
    node, faults = parse_node(text, name), Faults()
    document = _collected(node, faults)
    try:
        found = model.model_validate(document)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            at = nearest(node, detail["loc"])
            # A scalar without a value has been reported; the model's opinion of it adds nothing.
            if not faults.known_at(str(at)):
                faults.add(f"{at}: {_reason(detail)}")
        faults.refuse()
        raise
    faults.refuse()
    return found, node


def _reason(fault: ErrorDetails) -> str:
    key = fault["loc"][-1] if fault["loc"] else "the whole"
    if fault["type"] == "missing":
        return f"the key '{key}' is missing"
    if fault["type"] == "extra_forbidden":
        return f"the key '{key}' is unknown here"
    return f"'{key}': {fault['msg'][:1].lower()}{fault['msg'][1:]}"


def parse_node(text: str, name: str) -> Node:
    """Return the located tree of a YAML text.

    Raises:
        PolicyError: the text is not YAML, or is too large or deep.
    """
    node, findings = yaml.parse(Source(name, text))
    if node is None or findings:
        raise PolicyError(*(f"{finding.place}: {finding.message}" for finding in findings))
    return node


def _json(node: Node) -> Any:
    faults = Faults()
    document = _collected(node, faults)
    faults.refuse()
    return document


def _collected(node: Node, faults: Faults) -> Any:
    if isinstance(node, MappingNode):
        return {name: _collected(entry.value, faults) for name, entry in node.entries.items()}
    if isinstance(node, SequenceNode):
        return [_collected(item, faults) for item in node.items]
    if node.quoted:
        return node.text
    with faults.collected():
        return _plain(node)
    return None


def _plain(node: ScalarNode) -> Any:
    """Return the value of a scalar without quotes."""
    if node.text in _WORDS:
        return _WORDS[node.text]
    if _WHOLE.fullmatch(node.text):
        return int(node.text)
    if node.text and _implicit.resolve(Scalar, node.text, (True, False)) == _TEXT:
        return node.text
    if not node.text:
        raise PolicyError(f"{node.span}: a value is missing behind the key")
    raise PolicyError(f"{node.span}: '{node.text[:40]}' is neither text nor a whole number: put text in quotes")
