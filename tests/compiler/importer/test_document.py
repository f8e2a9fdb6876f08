"""The blocks of a document become sections, and a mistake is told once, at its place."""

from __future__ import annotations

import pytest

from compiler.model.specification import SECTIONS
from compiler.sources.nodes import plain
from tests.compiler.importer.documents import TEXTS, document, imported, places, values


def test_a_block_may_state_several_sections_and_their_order_does_not_matter() -> None:
    text = f"```yaml\n{''.join(TEXTS[name] for name in reversed(SECTIONS))}```\n"
    found = imported(text)
    assert found.findings == ()
    assert [section.name for section in found.sections] == list(SECTIONS)


@pytest.mark.parametrize("text", ["", "text\n", "```yaml\n```\n", "```yaml\n# a comment\n```\n", "```json\n{}\n```\n"])
def test_a_document_that_states_nothing_is_refused(text: str) -> None:
    assert places(imported(text, lenient=True)) == ["DOC001 design.md"]


def test_an_empty_block_states_nothing() -> None:
    assert imported("```yaml\n```\n" + document()).findings == ()


def test_an_absent_section_is_told_where_every_block_was_read() -> None:
    assert [finding.message for finding in imported(document(backup="", limits="")).findings] == [
        "there is no section 'backup'",
        "there is no section 'limits'",
    ]


@pytest.mark.parametrize("backup", ["backup: [\n", "backups: {}\n", "- backup\n"])
def test_a_section_that_could_not_be_read_is_not_told_to_be_absent(backup: str) -> None:
    (code,) = (finding.code for finding in imported(document(backup=backup)).findings)
    assert code != "SPEC001"


def test_references_that_are_stated_twice_are_a_mistake_at_the_second_place() -> None:
    text = document() + "# References\n\n- For monitoring, see `A.md`\n"
    assert places(imported(text)) == [f"YAML005 design.md:{text.count(chr(10))}:7"]


def test_a_placeholder_is_left_to_the_environments() -> None:
    found = imported(document(limits=TEXTS["limits"].replace("80% maximum", "Configurable")))
    assert found.findings == ()
    limits = plain(values(found)["limits"])
    assert isinstance(limits, dict)
    assert limits["memory"]["heap"] == "Configurable"


def test_a_credential_is_a_finding_and_is_shown_nowhere() -> None:
    secret = f"ghp_{'a1' * 18}"
    found = imported(document(references=TEXTS["references"] + f"  # {secret}\n"))
    assert [finding.code for finding in found.findings] == ["FILE007"]
    assert all(secret not in str(finding) for finding in found.findings)
