"""The page has one row for each name in the model, and nothing that a user of it writes."""

from __future__ import annotations

from compiler.reach.analysis import Reach, Statement
from compiler.reach.page import name, page, rows

_STATEMENTS = (
    Statement(("containers", "sidecar", "proxy", "ports", 0), "9901", 2, (), ("A001",)),
    Statement(("containers", "sidecar", "proxy", "ports", 1), "9902", 2, ("x/service-a.yaml",), ("B001",)),
    Statement(("network", "segmentation", "zones", 0), "public", 1, ("x/service-a.yaml", "plan.yaml"), ()),
    Statement(("orchestration", "platform"), "Kubernetes", 0, (), ()),
    Statement(("environment", "clusters", "here", "zones", 0), "here-1", 1, ("plan.yaml",), ()),
    Statement(("environment", "clusters", "there", "zones", 0), "there-1", 1, ("bootstrap.md",), ()),
)


def test_an_entry_is_named_by_its_word_only_where_the_list_takes_fixed_words() -> None:
    names = [name(statement) for statement in _STATEMENTS]
    ports, clusters = "sidecar.proxy.ports[]", "clusters.*.zones[]"
    assert names == [ports, ports, "segmentation.zones[public]", "platform", clusters, clusters]


def test_statements_of_one_name_are_one_row() -> None:
    first, *_, last = rows(_STATEMENTS)
    assert (first.variants, first.changes, first.rules) == (4, "service", {"A001", "B001"})
    assert last.files == {"plan.yaml", "bootstrap.md"}


def test_the_page_counts_what_acts_and_lists_every_file() -> None:
    text = page(Reach(_STATEMENTS, ("bootstrap.md", "plan.yaml", "x/service-a.yaml")), "a/project", "production")
    assert "2 of 3 statements act; 1 take one value only, each for its reason; 0 act nowhere." in text
    assert "| `sidecar.proxy.ports[]` | service | A001 B001 |" in text
    assert (
        "| `platform` | *one value*: everything that runs is an object of Kubernetes or of an operator in it |  |"
        in text
    )
    assert "| plan.yaml | `network`: segmentation.zones[public]; `environment`: clusters.*.zones[] |" in text
    assert not any(value in text for value in ("9901", "here-1"))
