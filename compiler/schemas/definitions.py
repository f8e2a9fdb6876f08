"""Convert CustomResourceDefinitions, from ``kubectl get crd -o yaml`` or an operator's release, into schemas.

Upstream: https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson
import yaml

from compiler.schemas.errors import SchemaError
from compiler.schemas.strict import strict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_API_VERSION, _KIND = "apiextensions.k8s.io/v1", "CustomResourceDefinition"
# Names that become parts of a path: a DNS subdomain, a kind and a version, as the API server accepts them.
_GROUP, _NAME, _VERSION = r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", r"[A-Za-z][A-Za-z0-9]*", r"[a-z0-9][a-z0-9-]*"


@dataclass(frozen=True, slots=True)
class Definition:
    """The schema of one version of one kind: its path below a folder of schemas (POSIX), and its bytes."""

    path: str
    content: bytes


def file_name(api_version: str, kind: str) -> str:
    """Return the path of a kind's schema below a folder of schemas: ``<group>/<kind>_<version>.json``."""
    group, _, version = api_version.rpartition("/")
    return f"{group}/{kind.lower()}_{version}.json"


def definitions(source: str, text: bytes) -> tuple[Definition, ...]:
    """Return the schema of every served version that a file (YAML or JSON) defines; errors name it by ``source``.

    A file may hold many documents and lists of them. Other kinds of objects are skipped, so that the manifest of a
    whole release can be given.

    Raises:
        SchemaError: the file is not YAML, or holds no definition, or an unusable one.
    """
    try:
        documents = list(yaml.load_all(text, _Loader))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SchemaError(f"{source}: this is not YAML: {' '.join(str(error).split())}") from error
    found = tuple(item for document in documents for crd in _definitions(document) for item in _versions(source, crd))
    if not found:
        raise SchemaError(f"{source}: there is no {_KIND} of {_API_VERSION} with a served version")
    return found


def distinct(found: Iterable[Definition]) -> tuple[Definition, ...]:
    """Return each schema once, ordered by path.

    Raises:
        SchemaError: one version of one kind is defined in two ways.
    """
    by_path: dict[str, Definition] = {}
    for item in found:
        if by_path.setdefault(item.path, item) != item:
            raise SchemaError(f"{item.path} is defined in two ways: give one release's definitions at a time")
    return tuple(by_path[path] for path in sorted(by_path))


class _Loader(yaml.CSafeLoader):
    """A loader of YAML as Kubernetes reads it: dates and ``=``, types that only Python has, stay text."""


def _text(_: _Loader, node: yaml.ScalarNode) -> str:
    return str(node.value)


for _tag in ("value", "timestamp"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _text)


def _definitions(document: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(document, dict):
        return
    if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _definitions(item)
    elif document.get("kind") == _KIND and document.get("apiVersion") == _API_VERSION:
        yield document


def _versions(source: str, crd: dict[str, Any]) -> Iterator[Definition]:
    try:
        group, kind = crd["spec"]["group"], crd["spec"]["names"]["kind"]
        served = [version for version in crd["spec"]["versions"] if version["served"]]
        for version in served:
            yield _definition(group, kind, version["name"], version["schema"]["openAPIV3Schema"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        name = (crd.get("metadata") or {}).get("name", "without a name")
        raise SchemaError(f"{source}: the {_KIND} {name} is malformed: {_reason(error)}") from error


def _definition(group: str, kind: str, version: str, structural: dict[str, Any]) -> Definition:
    for pattern, text in ((_GROUP, group), (_NAME, kind), (_VERSION, version)):
        if not re.fullmatch(pattern, text):
            raise ValueError(f"'{text}' is not a valid name")
    schema = strict(structural)
    jsonschema_rs.Draft202012Validator(schema)  # raises ValueError for an invalid schema
    return Definition(file_name(f"{group}/{version}", kind), orjson.dumps(schema, option=_CANONICAL))


_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def _reason(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
