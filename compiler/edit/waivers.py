"""Waivers written for findings: a new one at the end of an environment's list, or new days for one that is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Source, did_you_mean
from compiler.edit.text import EditError, document, rewrite, scalar, with_scalars
from compiler.model.waiver import Waiver
from compiler.resolve.bind import bind
from compiler.sources import disk, yaml
from compiler.sources.files import WAIVERS_FILE
from compiler.sources.nodes import Node, ScalarNode, SequenceNode, leaves, lookup
from compiler.write.disk import replace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from compiler.diagnostics import Finding
    from compiler.policy.library import Rule

Entry = dict[str, str]
"""The keys of a waiver with their texts, in the order in which they are written."""

_HEAD = "# yaml-language-server: $schema=../../generated/schemas/waivers.json\nwaivers: []\n"


def require_waivable(rules: Iterable[Rule], name: str) -> None:
    """Require that a rule exists and can be waived.

    Raises:
        EditError: it does not, or cannot; the message says what to do instead.
    """
    known = {rule.id: rule for rule in rules}
    if name in Code.__members__:
        raise EditError(f"{name} is a finding of the compiler itself, and cannot be waived: mend its cause")
    if name not in known:
        raise EditError(
            f"there is no rule '{name}': {did_you_mean(name, known, otherwise='cbp policy list knows them')}"
        )
    rule = known[name]
    if rule.of_transitions:
        raise EditError(f"{name} is about a transition, which is acknowledged: see docs/transitions.md")
    if not rule.metadata.custom.waivable:
        raise EditError(f"{name} cannot be waived: {rule.metadata.custom.remediation}")


def places(
    findings: Iterable[Finding], rule: str, environment: str = "", resource: str = ""
) -> tuple[str, list[Entry]]:
    """Return the environment of a rule's findings, and the place of each; waived ones count if there are no others.

    Raises:
        EditError: there is no finding, or there are several values or environments to choose from.
    """
    found = [item for item in findings if item.code == rule and resource in ("", item.resource)]
    found = [item for item in found if not item.waived] or found
    things = dict.fromkeys(
        (name, item.resource)
        for item in found
        for name in dict.fromkeys(cluster.partition("/")[0] for cluster in item.clusters)
        if environment in ("", name)
    )
    if not things:
        about = f" about {resource}" if resource else ""
        where = f" in {environment}" if environment else ""
        raise EditError(f"{rule} finds nothing{about}{where}: there is nothing to waive")
    if len(things) > 1:
        listed = "; ".join(f"--environment {name} --resource {value}" for name, value in things)
        raise EditError(f"{rule} finds several things, and a waiver is about one: choose by {listed}")
    ((name, value),) = things
    folders = (f"generated/{name}/", f"generated/argocd/{name}/")
    entries = [
        {"rule": rule, "resource": value, "file": place.file, "pointer": place.pointer}
        for item in found
        if item.resource == value
        for place in item.rendered
        if place.file.startswith(folders)
    ]
    return name, [{key: text for key, text in entry.items() if text} for entry in entries] or [
        {"rule": rule, "resource": value}
    ]


def grant(root: Path, environment: str, entries: Iterable[Entry]) -> str:
    """Write waivers to an environment's file, and return its path, relative to ``root``.

    A waiver of the same place gets the new texts; any other is put at the end of the list.

    Raises:
        EditError: an entry is no waiver, or the file is written in a way that cannot be edited line by line.
        OSError: the file cannot be written.
    """
    path = f"environments/{environment}/{WAIVERS_FILE}"
    present = disk.is_file(root, path)
    source = document(root, path).span.source if present else Source(path, _HEAD)
    text, wanted = source.text, {_key(entry): entry for entry in map(_texts, _items(source))}
    for entry in entries:
        _require_waiver(entry)
        text = _renewed(Source(path, text), entry) if _key(entry) in wanted else _appended(Source(path, text), entry)
        wanted[_key(entry)] = entry
    if list(map(_texts, _items(Source(path, text)))) != list(wanted.values()):
        raise _by_hand(path)
    if present:
        rewrite(root, source, text)
    else:
        replace(root / path, text.encode())
    return path


def _require_waiver(entry: Entry) -> None:
    """Refuse texts that the model of a waiver refuses."""
    node, _ = yaml.parse(Source("", _lines(entry, "", "\n")))
    if isinstance(node, SequenceNode) and (found := bind(Waiver, node.items[0])[1]):
        raise EditError("; ".join(f"{finding.message}: {finding.help}" for finding in found))


def _renewed(source: Source, entry: Entry) -> str:
    """Return the text with the texts of a waiver in place of those that it had."""
    item = next(item for item in _items(source) if _key(_texts(item)) == _key(entry))
    known = ((lookup(item, (key,)), value) for key, value in entry.items())
    changed = ((node.span, value) for node, value in known if isinstance(node, ScalarNode) and node.text != value)
    return with_scalars(source.text, changed)


def _appended(source: Source, entry: Entry) -> str:
    """Return the text with one more waiver at its end, indented as the others are."""
    newline = "\r\n" if "\r\n" in source.text else "\n"
    text, indentation = source.text, "  "
    if items := _items(source):
        span = items[0].span
        indentation = source.line(span.line)[: span.column - 1].rpartition("-")[0]
    else:
        text = re.sub(r"^(waivers:) *\[ *\]", r"\1", text, count=1, flags=re.MULTILINE)
    if not text.endswith("\n"):
        text += newline
    return text + _lines(entry, indentation, newline)


def _lines(entry: Entry, indentation: str, newline: str) -> str:
    """Return a waiver as an entry of a list."""
    texts = (f"{key}: {scalar(value)}{newline}" for key, value in entry.items())
    return "".join(f"{indentation}{'  ' if number else '- '}{text}" for number, text in enumerate(texts))


def _items(source: Source) -> tuple[Node, ...]:
    """Return the waivers that a file lists."""
    node, _ = yaml.parse(source)
    listed = lookup(node, ("waivers",)) if node else None
    if not isinstance(listed, SequenceNode):
        raise _by_hand(source.path)
    return listed.items


def _texts(item: Node) -> Entry:
    return {str(path[-1]): leaf.text for path, leaf in leaves(item)}


def _key(entry: Entry) -> tuple[str | None, ...]:
    return tuple(entry.get(key) for key in ("rule", "resource", "file", "pointer"))


def _by_hand(path: str) -> EditError:
    return EditError(f"{path}: write each waiver in lines of its own, the first behind '- ', and run this again")
