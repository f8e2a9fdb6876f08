"""The frozen project ``tests/project``: resolved as it is, with single values replaced, or copied to be broken.

``spec/`` and ``environments/`` of the checkout belong to their users: a test that asserts what a file says reads these
copies, which nothing but tests does. The policies are the real ones.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.diagnostics import Finding, Source, Span
from compiler.emit.cluster import cluster_artifacts
from compiler.emit.kubernetes.objects import file_name
from compiler.emit.site import sites
from compiler.model.environment import EnvironmentFile
from compiler.model.shape import annotation_at
from compiler.model.specification import SECTIONS, Specification
from compiler.resolve.bind import bind
from compiler.resolve.resolved import Resolved, resolve
from compiler.sources.files import Loaded, load
from compiler.sources.nodes import Key, KeyValue, MappingNode, Node, ScalarNode, SequenceNode
from compiler.sources.nodes import Path as Keys
from tests.copying import copy_tree

if TYPE_CHECKING:
    from compiler.emit.artifact import Artifact, Document
    from compiler.emit.site import Site

ROOT = Path(__file__).parents[2]
FROZEN = ROOT / "tests/project"
POLICIES = ROOT / "policies"
SOMEWHERE = Span(Source("test.yaml", ""), 1, 1)


def copy(target: Path, *environments: str) -> Path:
    """Copy what is compiled, and what judges it, into a folder: some environments, or all."""
    copy_tree(FROZEN, target)
    for folder in (target / "environments").iterdir():
        if environments and folder.name not in environments:
            shutil.rmtree(folder)
    copy_tree(POLICIES, target / "policies")
    return target


@cache
def loaded() -> Loaded:
    """Every document of the frozen project."""
    return load(FROZEN, SECTIONS)


@cache
def resolved() -> Mapping[str, Resolved]:
    """The frozen environments by name."""
    found, findings = resolve(FROZEN, loaded())
    assert not findings
    return {item.environment.name: item for item in found}


def rebound(tree: Node) -> tuple[Resolved | None, tuple[Finding, ...]]:
    """Bind a resolved tree anew: what is left where a value of it was replaced."""
    assert isinstance(tree, MappingNode)
    sections = {name: entry for name, entry in tree.entries.items() if name != "environment"}
    spec, findings = bind(Specification, MappingNode(sections, tree.span))
    file, found = bind(EnvironmentFile, MappingNode({"environment": tree.entries["environment"]}, tree.span))
    result = Resolved(file.environment, spec, tree, resolved()["staging"].specification) if file and spec else None
    return result, findings + found


def takes(tree: Node, path: Keys) -> bool:
    """Return whether the model that a path leads into, of a section or of the environment's file, takes a tree.

    No model looks at another section.
    """
    assert isinstance(tree, MappingNode)
    name = str(path[0])
    if name == "environment":
        file, _ = bind(EnvironmentFile, MappingNode({name: tree.entries[name]}, tree.span))
        return file is not None
    section, _ = bind(annotation_at(Specification, (name,)), tree.entries[name].value)
    return section is not None


def changed(changes: Mapping[str, str], environment: str = "production") -> Resolved:
    """Return an environment with single values replaced by other well-typed ones; paths are written with dots."""
    tree: Node = resolved()[environment].tree
    for path, text in changes.items():
        tree = with_value(tree, keys(path), ScalarNode(text, SOMEWHERE))
    result, findings = rebound(tree)
    assert result, findings
    return result


def listing(path: str, *items: str) -> Resolved:
    """Return production with a list, whose path is written with dots, replaced by another one."""
    entries = tuple(ScalarNode(item, SOMEWHERE) for item in items)
    result, findings = rebound(with_value(resolved()["production"].tree, keys(path), SequenceNode(entries, SOMEWHERE)))
    assert result, findings
    return result


def node(value: object) -> Node:
    """Return the tree of a value: a text, or lists and mappings of them."""
    if isinstance(value, Mapping):
        return MappingNode({name: KeyValue(SOMEWHERE, node(item)) for name, item in value.items()}, SOMEWHERE)
    if isinstance(value, list | tuple):
        return SequenceNode(tuple(map(node, value)), SOMEWHERE)
    return ScalarNode(str(value), SOMEWHERE)


def keys(path: str) -> Keys:
    """Return the path that is written with dots, as ``network.segmentation.zones.0``."""
    return tuple(int(part) if part.isdecimal() else part for part in path.split("."))


def with_value(node: Node, path: Keys, value: Node) -> Node:
    """Return the tree with what lies at a path replaced."""
    return _with_child(node, path[0], path[1:], value) if path else value


def _with_child(node: Node, key: Key, below: Keys, value: Node) -> Node:
    if isinstance(node, MappingNode):
        # A key that may be left out is added.
        entry = node.entries.get(str(key)) or KeyValue(SOMEWHERE, MappingNode({}, SOMEWHERE))
        entries = {**node.entries, str(key): KeyValue(entry.key, with_value(entry.value, below, value))}
        return MappingNode(entries, node.span)
    assert isinstance(node, SequenceNode)
    assert isinstance(key, int)
    items = list(node.items)
    items[key] = with_value(items[key], below, value)
    return SequenceNode(tuple(items), node.span)


def site(of: Resolved | None = None, cluster: str = "eu-central-1") -> Site:
    """Return one cluster of a resolved environment: of production, where none is given."""
    return next(item for item in sites(of or resolved()["production"]) if item.name == cluster)


def artifacts(at: Site) -> dict[str, Artifact]:
    """Return the files of a cluster by their path below its folder."""
    found = cluster_artifacts(at)
    return {artifact.path.removeprefix(f"{at.folder}/"): artifact for artifact in found}


def documents(at: Site) -> dict[str, Document]:
    """Return the Kubernetes objects of a cluster by ``<namespace>/<kind>-<name>.yaml``."""
    emitted = (artifact.document for artifact in artifacts(at).values())
    return {file_name(document): document for document in emitted if document and "kind" in document}


def emitted(name: str, **changes: str) -> Document:
    """Return an object of production with values changed; dots are written as double underscores."""
    return documents(site(changed({path.replace("__", "."): text for path, text in changes.items()})))[name]
