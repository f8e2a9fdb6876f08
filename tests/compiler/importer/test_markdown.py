"""Blocks of YAML and references are found in any CommonMark, and keep their lines and columns in it."""

from __future__ import annotations

import pytest

from compiler.diagnostics import Source
from compiler.importer.markdown import outline
from compiler.sources import yaml
from compiler.sources.nodes import MappingNode

BLOCKS = {
    "a fence of backticks": "```yaml\nkey: value\n```\n",
    "a fence of tildes": "~~~~ yaml\nkey: value\n~~~~\n",
    "another name of the language": "```YML title=x\nkey: value\n```\n",
    "a longer fence around a shorter one": "````yaml\nkey: value # ```\n````\n",
    "an indented fence": "   ```yaml\n   key: value\n   ```\n",
    "a fence in a list": "1. first\n\n   ```yaml\n   key: value\n   ```\n",
    "a fence in a quotation": "> ```yaml\n> key: value\n> ```\n",
    "lines that end with CRLF": "text\r\n\r\n```yaml\r\nkey: value\r\n```\r\n",
    "a line separator in the text above": "one\u2028two\n\n```yaml\nkey: value\n```\n",
}
NO_BLOCKS = {
    "another language": "```json\n{}\n```\n",
    "no language": "```\nkey: value\n```\n",
    "a comment": "<!--\n```yaml\nkey: value\n```\n-->\n",
    "code that is indented": "text\n\n    ```yaml\n    key: value\n    ```\n",
    "code in a sentence": "The ``` ```yaml ``` fence.\n",
}


@pytest.mark.parametrize("text", BLOCKS.values(), ids=list(BLOCKS))
def test_a_key_is_at_its_place_in_the_document(text: str) -> None:
    document = Source("design.md", text)
    found = outline(document)
    assert found.findings == ()
    (block,) = found.blocks
    root, findings = yaml.parse(block.source)
    assert findings == ()
    assert isinstance(root, MappingNode)
    span = root.entries["key"].key
    assert document.line(span.line)[span.column - 1 :].startswith("key: value")


@pytest.mark.parametrize("text", NO_BLOCKS.values(), ids=list(NO_BLOCKS))
def test_what_is_no_fenced_block_of_yaml_states_nothing(text: str) -> None:
    assert outline(Source("design.md", text)).blocks == ()


@pytest.mark.parametrize("end", ["", "\n", "\n``\n", "\n~~~\n", "\n\ntext\n", "\n\n```yaml\nother: value\n```\n"])
def test_a_block_that_nothing_closes_is_a_finding_at_its_first_line(end: str) -> None:
    found = outline(Source("design.md", f"text\n\n```yaml\nkey: value{end}"))
    assert [(finding.code, finding.place) for finding in found.findings] == [("DOC002", "design.md:3:1")]


def test_a_block_knows_the_headings_above_it_and_none_beside_them() -> None:
    text = "# A\n## B\n### C\n## D\n\nE\n-\n\n```yaml\n```\n# F\n```yaml\n```\n"
    assert [block.headings for block in outline(Source("design.md", text)).blocks] == [("A", "E"), ("F",)]


def test_references_are_lines_below_their_heading() -> None:
    text = "- For x, see `X.md`\n\n## 7. References\n\n"
    text += "- For monitoring of it, see: `A.md`\n- RFC 9457\n  - see `x`\n- for Security, see `B.md`.\n"
    found = outline(Source("design.md", text)).references
    assert [(item.key, str(item.key_span), item.name, str(item.name_span)) for item in found] == [
        ("monitoring", "design.md:5:7", "A.md", "design.md:5:31"),
        ("security", "design.md:8:7", "B.md", "design.md:8:22"),
    ]
