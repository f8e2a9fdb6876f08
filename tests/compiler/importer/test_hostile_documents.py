"""Whatever a document holds, reading it comes to an end: with sections that can be written, or with findings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics import Source, has_errors
from compiler.diagnostics.bounds import MOST
from compiler.diagnostics.text import render
from compiler.importer.files import files
from compiler.sources import yaml
from tests.compiler.importer.documents import TEXTS, document, imported
from tests.compiler.mutations import spoilt_bytes

COMPONENTS = TEXTS["components"].replace("    features:\n  ", "  ")
TEXT = document(components=COMPONENTS) + "## References\n\n- For monitoring, see `A.md`\n"


@settings(max_examples=60, derandomize=True, database=None)
@given(spoilt_bytes(TEXT.encode()), st.booleans())
def test_whatever_the_bytes_of_a_document_are_it_is_read_or_has_findings_in_it(content: bytes, lenient: bool) -> None:
    source = Source("design.md", content.decode(errors="replace"))
    found = imported(source.text, lenient=lenient)
    assert render(found.findings, colour=False).encode()
    for finding in found.findings:
        if finding.span and finding.span.source.path == source.path:
            assert 1 <= finding.span.line <= len(source.lines()) + 1
            assert finding.span.column >= 1
    if not has_errors(found.findings):
        for name, text in files(found).items():
            assert yaml.parse(Source(name, text.decode()))[1] == ()


@pytest.mark.parametrize(
    "text",
    [
        "```yaml\na: 1\n```\n" * 60_000,
        "```yaml\ncomponents:\n  api_layer:\n" + "    - a\n    b: c\n" * 60_000 + "```\n",
        "```yaml\n" + "- " * 200_000 + "\n```\n",
        "> " * 400_000 + "```yaml\na: 1\n```\n",
        "- " * 300_000 + "\n",
        "# References\n\n" + "- For a, see `b`\n" * 20_000,
        "# References\n\n" + "For " * 250_000,
        "```yaml\n" * 120_000,
        "[" * 900_000,
        "\n" * 500_000 + "```yaml\na: 1\n```",
    ],
    ids=lambda text: text[:12],
)
def test_very_much_of_anything_is_refused_in_few_words(text: str) -> None:
    found = imported(text, lenient=True)
    assert has_errors(found.findings)
    assert len(found.findings) <= 3 * MOST
