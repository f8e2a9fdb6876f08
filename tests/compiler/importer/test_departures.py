"""Each recorded departure is made by a lenient reader, told with its decision, and listed on the page."""

from __future__ import annotations

import re

import pytest

from compiler.importer.departures import DEPARTURES, Departure
from compiler.sources.nodes import ScalarNode, SequenceNode, lookup, plain
from tests.compiler.importer.documents import TEXTS, document, imported, places, project, values
from tests.compiler.project import ROOT

WRITTEN = document(
    components=TEXTS["components"].replace("Starlette", "Express/NestJS").replace("Python", "TypeScript"),
    containers=re.sub(r"  images:.*", "", TEXTS["containers"], flags=re.DOTALL).replace(
        "python:3.13-slim", "node:18-alpine"
    ),
    redundancy=re.sub(r"^    objectives:.*\n(      .*\n)*", "", TEXTS["redundancy"], flags=re.MULTILINE),
)
"""A document with everything that the specification departs from."""


def test_a_lenient_reader_makes_every_departure_and_names_its_decision() -> None:
    found = imported(WRITTEN, lenient=True)
    assert {finding.code for finding in found.findings} == {"DOC004"}
    assert [finding.help for finding in sorted(found.findings, key=lambda finding: finding.help)] == [
        f"{departure.page} says why" for departure in DEPARTURES
    ]
    assert {name: plain(node) for name, node in values(found).items()} == {
        name: plain(entry.value) for name, entry in project().entries.items()
    }


def test_a_departure_is_told_at_the_value_that_it_replaces_or_at_the_key_that_lacks_it() -> None:
    lines = WRITTEN.splitlines()
    for finding in imported(WRITTEN, lenient=True).findings:
        assert finding.span
        shown = lines[finding.span.line - 1][finding.span.column - 1 :]
        said = re.match(r"'(.*)' became|the document has no '(?:\w+\.)*?(\w+)\.\w+'", finding.message)
        assert said
        assert shown.strip('"').startswith(said[1] or said[2])


def test_a_strict_reader_makes_none() -> None:
    found = imported(WRITTEN)
    assert [place.partition(" ")[0] for place in places(found)] == ["SPEC003", "SPEC003", "SPEC001"]
    containers = values(found)["containers"]
    image = lookup(containers, ("application", "base_image"))
    assert isinstance(image, ScalarNode)
    assert image.text == "node:18-alpine"


def test_a_document_that_says_what_the_specification_says_is_left_as_it_is() -> None:
    assert imported(document(), lenient=True).findings == ()


@pytest.mark.parametrize("departure", DEPARTURES, ids=lambda departure: departure.written or departure.path[-1])
def test_a_departure_leads_to_what_the_specification_says_and_its_decision_says_so(departure: Departure) -> None:
    value = lookup(project(), departure.path)
    said = [
        node.text
        for node in (value.items if isinstance(value, SequenceNode) else [value])
        if isinstance(node, ScalarNode)
    ]
    assert value
    assert departure.becomes is None or departure.becomes in said
    decision = (ROOT / departure.page).read_text(encoding="utf-8")
    assert (departure.becomes or ".".join(map(str, departure.path))) in decision


def test_the_page_lists_every_departure_and_no_other() -> None:
    page = (ROOT / "docs/import.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\S+)` \| (.+) \| (.+) \| \[\d+\]\((\S+)\) \|$", page, re.MULTILINE)
    assert rows == [
        (
            ".".join(map(str, departure.path)),
            f"`{departure.written}`" if departure.written else "nothing",
            f"`{departure.becomes}`" if departure.becomes else "as the project's `spec/` states it",
            departure.page.removeprefix("docs/"),
        )
        for departure in DEPARTURES
    ]
