"""The resolved specification of one environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from compiler.diagnostics import Code, Finding, Severity, Span, bounded
from compiler.model.environment import Environment, EnvironmentFile
from compiler.model.specification import SECTIONS, Specification
from compiler.model.text import EnvironmentName
from compiler.resolve.bind import bind
from compiler.resolve.entries import Placed, placed_acknowledgements, placed_waivers
from compiler.resolve.layers import repetitions
from compiler.resolve.overlay import is_placeholder, overlay, says_placeholder, unfilled_placeholders
from compiler.resolve.repeated import contradicted
from compiler.sources.nodes import KeyValue, MappingNode, Node, Path, ScalarNode, SequenceNode, lookup, nearest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path as FilePath

    from compiler.model.acknowledgement import Acknowledgement
    from compiler.model.waiver import Waiver
    from compiler.sources.files import EnvironmentFiles, Loaded

_NAME: TypeAdapter[str] = TypeAdapter(EnvironmentName)


@dataclass(frozen=True, slots=True)
class Resolved:
    """One environment with all values: the models, and the tree with the source line of each value.

    Paths into ``tree`` start with a section of the specification, or with ``environment``. ``specification`` is the
    tree before overlays. ``waivers`` are the environment's waivers of policy findings, ``acknowledgements`` those of
    transitions.
    """

    environment: Environment
    spec: Specification
    tree: MappingNode
    specification: MappingNode
    waivers: tuple[Placed[Waiver], ...] = ()
    acknowledgements: tuple[Placed[Acknowledgement], ...] = ()

    def says_the_same(self, other: Resolved) -> bool:
        """Return whether the values are equal, wherever they are written: then the same files follow from both."""
        return (self.spec, self.environment) == (other.spec, other.environment)

    def span(self, path: Path) -> Span:
        """Return the source of the value at a path, or of the closest value above it if the path does not exist."""
        return nearest(self.tree, path)

    def has(self, path: Path) -> bool:
        """Return whether the path leads to a value or a key."""
        return lookup(self.tree, path) is not None

    def written(self, path: Path) -> str | None:
        """Return the text of the value or the list of values at a path in one line; None for mappings."""
        node = lookup(self.tree, path)
        if isinstance(node, ScalarNode):
            return node.text
        items = node.items if isinstance(node, SequenceNode) else ()
        texts = [item.text for item in items if isinstance(item, ScalarNode)]
        return f"[{', '.join(texts)}]" if texts and len(texts) == len(items) else None


def resolve(root: FilePath, loaded: Loaded) -> tuple[tuple[Resolved, ...], tuple[Finding, ...]]:
    """Merge the specification and each environment's overlays, and bind the result to the models.

    An environment with a finding is left out; the others are resolved.
    """
    base, findings = _specification(loaded.sections)
    resolved = []
    for files in loaded.environments:
        result, found = _resolve(base, files)
        findings += found
        if result:
            resolved.append(result)
    for item in resolved:
        findings += (*_absent(root, item), *contradicted(root, item), *repetitions(item))
    return tuple(resolved), findings


def _specification(sections: tuple[tuple[str, Node], ...]) -> tuple[MappingNode | None, tuple[Finding, ...]]:
    """Join the sections' documents into one tree, and validate all its values except placeholders.

    A section is missing from the tree if its file has a finding. The tree is None if all sections are missing.
    """
    entries: dict[str, KeyValue] = {}
    findings: tuple[Finding, ...] = ()
    for name, document in sections:
        entry, found = _single_entry(document, name)
        findings += found
        if entry:
            entries[name] = entry
    if not entries:
        return None, findings
    tree = MappingNode(entries, next(iter(entries.values())).key)
    _, found = bind(Specification, tree, skip=_undecided(tree))
    return tree, findings + found


def _undecided(tree: MappingNode) -> Callable[[Path], bool]:
    """Return a predicate of paths that the models cannot validate yet: placeholders and unread sections."""
    return lambda path: is_placeholder(tree, path) or (len(path) == 1 and path[0] not in tree.entries)


def _has_finding(base: MappingNode, merged: MappingNode) -> Callable[[Path], bool]:
    """Return a predicate of paths that have a finding already.

    Their values come from the specification, or an overlay wrote them below a single value, or they are placeholders.
    """
    files = {entry.key.source.path for entry in base.entries.values()}
    return lambda path: (
        nearest(merged, path).source.path in files
        or any(isinstance(lookup(base, path[:length]), ScalarNode) for length in range(1, len(path)))
        or says_placeholder(merged, path)
    )


def _single_entry(document: Node, name: str) -> tuple[KeyValue | None, tuple[Finding, ...]]:
    """Return the entry of the only key that a document may have; other keys are findings."""
    entries = document.entries if isinstance(document, MappingNode) else {}
    found = entries.get(name)
    unknown, more = bounded((key for key in entries if key != name), lambda key: entries[key].key.source.path)
    help_ = f"write '{name}:', and nothing beside it"
    findings = [
        Finding(Code.SPEC002, f"the key '{key}' is unknown in this file", help_, entries[key].key) for key in unknown
    ]
    if found is None and not findings:
        message, help_ = f"the key '{name}' is missing in this file", f"start the file with '{name}:'"
        findings.append(Finding(Code.SPEC001, message, help_, document.span))
    return found, (*findings, *more)


def _resolve(base: MappingNode | None, files: EnvironmentFiles) -> tuple[Resolved | None, tuple[Finding, ...]]:
    entry, environment, findings = _environment(files)
    if base is None:
        return None, findings
    patches = [document for document in files.overlays if document]
    merged, found = overlay(base, patches, unread=set(SECTIONS) - base.entries.keys())
    spec, refused = bind(Specification, merged, skip=_has_finding(base, merged))
    findings += found + refused
    if len(patches) < len(files.overlays) or None in (*files.waivers, *files.acknowledgements):
        return None, findings  # the unread files might fill placeholders, or waive findings
    findings += unfilled_placeholders(merged, base, files.name)
    waivers, refused = placed_waivers(files.waivers)
    findings += refused
    acknowledged, refused = placed_acknowledgements(files.acknowledgements)
    findings += refused
    if entry is None or environment is None or spec is None or findings:
        return None, findings
    tree = MappingNode({**merged.entries, "environment": entry}, merged.span)
    return Resolved(environment, spec, tree, base, waivers, acknowledged), ()


def _environment(files: EnvironmentFiles) -> tuple[KeyValue | None, Environment | None, tuple[Finding, ...]]:
    """Bind ``environment:`` in an environment's own file; its name must be the folder's name."""
    if files.environment is None:
        return None, None, ()
    entry, findings = _single_entry(files.environment, "environment")
    if entry is None:
        return None, None, findings
    document, found = bind(EnvironmentFile, MappingNode({"environment": entry}, entry.key))
    name = lookup(entry.value, ("name",))
    if isinstance(name, ScalarNode) and name.text != files.name:
        message = f"'{name.text}' is not the name of the folder, '{files.name}'"
        help_ = f"write 'name: {files.name}', or rename the folder"
        if not _names_an_environment(files.name):
            help_ = f"rename the folder: '{files.name}' cannot be the name of an environment"
        found += (Finding(Code.ENV005, message, help_, name.span),)
    return entry, document.environment if document else None, findings + found


def _names_an_environment(folder: str) -> bool:
    try:
        _NAME.validate_python(folder)
    except ValidationError:
        return False
    return True


def _absent(root: FilePath, resolved: Resolved) -> tuple[Finding, ...]:
    """Warn of each missing document that the specification refers to."""
    return tuple(
        Finding(
            Code.SPEC020,
            f"the document {name} is absent",
            "put it into spec/, or name the document that is meant",
            resolved.span(("references", field)),
            severity=Severity.WARNING,
        )
        for field, name in resolved.spec.references
        if not (root / "spec" / name).is_file()
    )
