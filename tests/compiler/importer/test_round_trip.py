"""A document that is made from any valid specification gives the same specification back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from compiler.diagnostics import Source
from compiler.importer.document import read
from compiler.importer.files import files
from compiler.lineage.variants import choices
from compiler.model.specification import SECTIONS, Specification
from compiler.resolve.bind import bind
from compiler.resolve.overlay import is_placeholder
from compiler.resolve.resolved import resolve
from compiler.sources.files import Loaded
from compiler.sources.nodes import MappingNode, Node, ScalarNode, SequenceNode, leaves, lookup, plain
from compiler.sources.nodes import Path as Keys
from compiler.sources.yaml import parse
from tests.compiler.importer.documents import project
from tests.compiler.project import FROZEN, SOMEWHERE, loaded, with_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compiler.model.environment import Environment

TREE = project()
LEAVES = [(path, node) for path, node in leaves(TREE) if not is_placeholder(TREE, path)]


@st.composite
def specifications(draw: st.DrawFn) -> MappingNode:
    """Return the frozen specification with a few values replaced, and lists shortened or turned, as models accept."""
    tree: Node = TREE
    for path, node in draw(st.lists(st.sampled_from(LEAVES), max_size=12, unique_by=lambda leaf: leaf[0][:-1])):
        changed = with_value(tree, *draw(st.sampled_from(list(_others(path, node)))))
        tree = changed if accepted(changed) else tree
    assert isinstance(tree, MappingNode)
    return tree


def _others(path: Keys, node: ScalarNode) -> Iterable[tuple[Keys, Node]]:
    """Yield other values for a leaf, or for the list that it stands in."""
    around = lookup(TREE, path[:-1])
    if isinstance(around, SequenceNode):
        yield path[:-1], SequenceNode(around.items[::-1], SOMEWHERE)
        yield path[:-1], SequenceNode(around.items[:1], SOMEWHERE)
    for text in choices(path):
        yield path, ScalarNode(str(text), SOMEWHERE)
    for number in ("1", "7", "012", "9000"):
        yield path, ScalarNode(re.sub(r"[0-9]+", number, node.text, count=1), SOMEWHERE, node.quoted)
    yield path, ScalarNode("Configurable", SOMEWHERE)


def accepted(tree: Node) -> bool:
    return not bind(Specification, tree, skip=lambda path: is_placeholder(tree, path))[1]


@st.composite
def documents(draw: st.DrawFn, tree: MappingNode) -> str:
    """Return a document that states a specification in some of the ways that CommonMark and YAML have."""
    listed = draw(st.booleans())
    names = draw(st.permutations([name for name in SECTIONS if not (listed and name == "references")]))
    parts = [draw(blocks({name: plain(tree.entries[name].value)})) for name in names]
    if listed:
        stated = leaves(tree.entries["references"].value)
        lines = [f"- For {path[-1]} of the service, see: `{node.text}`\n" for path, node in stated]
        parts.insert(draw(st.integers(0, len(parts))), f"## References\n{''.join(lines)}")
    text = "# A design\n\n" + "\n".join(parts)
    return text.replace("\n", draw(st.sampled_from(("\n", "\r\n"))))


@st.composite
def blocks(draw: st.DrawFn, content: Mapping[str, object]) -> str:
    """Return a block of YAML below a heading, in a fence of its own, in a list or in a quotation."""
    fence = draw(st.sampled_from(("```", "~~~", "`````")))
    flow = draw(st.sampled_from((True, False, None)))
    text = yaml.safe_dump(content, sort_keys=draw(st.booleans()), default_flow_style=flow, width=60)
    first, after = draw(st.sampled_from((("", ""), ("- ", "  "), ("> ", "> "), ("1) ", "   "), ("  ", "  "))))
    lines = [f"{fence}{draw(st.sampled_from(('yaml', ' yml', 'YAML title=x')))}", *text.splitlines(), fence]
    block = "\n".join(f"{after if number else first}{line}" for number, line in enumerate(lines))
    example = draw(st.sampled_from(("", "```json\n{}\n```\n", "The `key: value` of it.\n\n")))
    return f"{example}## Part {next(iter(content))}\n\n{block}\n"


# Hundreds of draws make a document: to shrink one takes minutes, and its findings name the line.
@settings(max_examples=20, phases=[Phase.generate])
@given(st.data())
def test_a_specification_survives_its_document(data: st.DataObject) -> None:
    tree = data.draw(specifications())
    document = Source("design.md", data.draw(documents(tree)))
    found = read(document)
    assert found.findings == ()
    assert read(document, lenient=True, project=TREE) == found  # there is nothing to mend
    assert {item.name: plain(item.value) for item in found.sections} == plain(tree)
    read_back = {name: _root(name, content) for name, content in files(found).items()}
    before, codes = resolved({name: MappingNode({name: entry}, SOMEWHERE) for name, entry in tree.entries.items()})
    assert resolved({name.removesuffix(".yaml"): node for name, node in read_back.items()}) == (before, codes)


def _root(name: str, content: bytes) -> Node:
    node, findings = parse(Source(f"spec/{name}", content.decode()))
    assert findings == ()
    assert node
    return node


def resolved(sections: Mapping[str, Node]) -> tuple[list[tuple[Environment, Specification]], list[str]]:
    """Resolve sections in the frozen environments: the values of each environment, and the findings.

    Findings are in the order of the keys, which a document may turn.
    """
    ordered = tuple((name, sections[name]) for name in SECTIONS)
    found, findings = resolve(FROZEN, Loaded(ordered, loaded().environments, ()))
    said = sorted(f"{finding.code} {finding.message}" for finding in findings)
    return [(item.environment, item.spec) for item in found], said
