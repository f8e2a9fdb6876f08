"""A list without a key is an error with its line, or is put below ``features:`` if the reader is lenient."""

from __future__ import annotations

import pytest

from compiler.diagnostics import Severity
from compiler.sources.nodes import plain
from tests.compiler.importer.documents import TEXTS, document, imported, places, values

COMPONENTS = """\
components:
  api_layer:
    - Starlette framework
    # the second
    - Python implementation
    - Middleware stack

    scaling:
      type: Horizontal
      strategy: Auto-scaling
      metrics: [CPU utilization]
      thresholds:
        scale_up: 70% utilization
        scale_down: 30% utilization
  data_layer:
    - PostgreSQL database
    - Redis cache
    - Event store
    scaling:
      type: Vertical
      strategy: {read_replicas: Enabled, sharding: 4}
      metrics: [Storage usage]
  integration_layer:
    - FIS connector
"""
"""The document starts with this block, whose first line is line 4 there."""
LISTS = ["DOC003 design.md:11:5", "DOC003 design.md:22:5", "DOC003 design.md:27:5"]


def test_a_list_beside_keys_and_one_in_their_place_are_errors_at_their_lines() -> None:
    found = imported(document(components=COMPONENTS))
    assert places(found) == LISTS
    assert all(finding.severity is Severity.ERROR for finding in found.findings)
    assert [finding.notes for finding in found.findings] == [
        ("the list starts at design.md:6:5",),
        ("the list starts at design.md:19:5",),
        (),
    ]


def test_a_lenient_reader_puts_each_list_below_its_key_and_says_so() -> None:
    found = imported(document(components=COMPONENTS), lenient=True)
    assert places(found) == LISTS
    assert all(finding.severity is Severity.WARNING for finding in found.findings)
    components = plain(values(found)["components"])
    assert components == {
        "api_layer": {
            "features": ["Starlette framework", "Python implementation", "Middleware stack"],
            "scaling": {
                "type": "Horizontal",
                "strategy": "Auto-scaling",
                "metrics": ["CPU utilization"],
                "thresholds": {"scale_up": "70% utilization", "scale_down": "30% utilization"},
            },
        },
        "data_layer": {
            "features": ["PostgreSQL database", "Redis cache", "Event store"],
            "scaling": {
                "type": "Vertical",
                "strategy": {"read_replicas": "Enabled", "sharding": "4"},
                "metrics": ["Storage usage"],
            },
        },
        "integration_layer": {"features": ["FIS connector"]},
    }


def test_a_mistake_in_a_mended_list_is_a_finding_at_its_line() -> None:
    found = imported(document(components=COMPONENTS.replace("FIS", "Fax")), lenient=True)
    assert places(found) == [*LISTS, "SPEC003 design.md:27:7"]


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (
            "    - Middleware stack\n\n",
            "    - Middleware stack\n\n    features: [Middleware stack]\n",
            "11:5",
        ),
        ("      type: Vertical\n", "      - Vertical\n      type: Vertical\n", "11:5"),
        ("[CPU utilization]", "[CPU utilization", "15:17"),
        ("    - Starlette framework\n", "    - 'Starlette framework\n", "6:7"),
        ("    scaling:\n      type: Horizontal", "    scaling\n      type: Horizontal", "11:5"),
    ],
    ids=["the key is taken", "the model has no such key", "a list is open", "a quote is open", "a colon is missing"],
)
def test_a_block_that_is_not_yaml_for_another_reason_is_an_error(old: str, new: str, place: str, lenient: bool) -> None:
    found = imported(document(components=COMPONENTS.replace(old, new)), lenient=lenient)
    assert [item for item in places(found) if item.startswith("YAML")] == [f"YAML001 design.md:{place}"]
    assert "components" not in values(found)


def test_a_block_that_is_valid_is_read_as_it_is() -> None:
    found = imported(document(), lenient=True)
    assert found.findings == ()
    assert [section.name for section in found.sections] == list(TEXTS)
