"""Changed statements: each is found at its line, and all of them together lead from the old side to the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.difference.statements import applied, changed, written
from compiler.model.specification import SECTIONS
from compiler.sources.files import load
from compiler.sources.nodes import MappingNode, ScalarNode, leaves, plain
from tests.compiler.project import FROZEN, loaded, with_value
from tests.copying import copy_tree

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.sources.files import Loaded
    from compiler.sources.nodes import Node, Plain

STATEMENTS = [(name, path) for name, node in loaded().sections for path, _ in leaves(node)]


def documents(found: Loaded) -> dict[str, Plain]:
    nodes: list[Node | None] = [node for _, node in found.sections]
    nodes += [node for files in found.environments for node in (files.environment, *files.overlays)]
    return {node.span.source.path: plain(node) for node in nodes if node is not None}


@given(st.lists(st.tuples(st.sampled_from(STATEMENTS), st.sampled_from(["1", "other"])), max_size=5))
def test_all_changed_statements_together_lead_to_the_new_side(
    edits: list[tuple[tuple[str, tuple[str, ...]], str]],
) -> None:
    sections = dict(loaded().sections)
    for (name, path), text in edits:
        node = sections[name]
        sections[name] = with_value(node, path, ScalarNode(text, node.span))
    after = type(loaded())(tuple(sections.items()), loaded().environments, ())
    assert_leads(loaded(), after)


def assert_leads(before: Loaded, after: Loaded) -> None:
    found = before
    for statement in changed(before, after):
        found = applied(found, statement)
    assert documents(found) == documents(after)
    assert changed(found, after) == ()


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    return copy_tree(FROZEN, tmp_path / "project")


PRODUCTION = "environments/production/environment.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "name", "before", "after"),
    [
        ("spec/compute.yaml", "max: 8", "max: 9", "compute.application_tier.instances.max", "8", "9"),
        (PRODUCTION, '["10.30.250.32/28"]', "[10.1.0.0/16, 10.2.0.0/16]", "environment.addresses.fis",
         "[10.30.250.32/28]", "[10.1.0.0/16, 10.2.0.0/16]"),
        (PRODUCTION, "{default: 300 req/min, burst", "{default: 200 req/min, burst",
         "environment.throttling.routes.0.limits.default", "300 req/min", "200 req/min"),
        (PRODUCTION,
         '        replicated_to: {location: "s3://bank-cbp-production-eu-west-1-copy", region: eu-central-1}\n',
         "", "environment.clusters.eu-west-1.backups.replicated_to",
         "{location: s3://bank-cbp-production-eu-west-1-copy, region: eu-central-1}", None),
        ("environments/staging/overlays/tuning.yaml", "    worker: 40\n", "    worker: 41\n", "limits.threads.worker",
         "40", "41"),
    ],
)  # fmt: skip
def test_a_changed_statement_is_told_by_its_path_with_both_values(
    edited: Path, file: str, old: str, new: str, name: str, before: str, after: str | None
) -> None:
    text = (edited / file).read_text()
    assert text.count(old) == 1
    (edited / file).write_text(text.replace(old, new))
    other = load(edited, SECTIONS)
    (statement,) = changed(loaded(), other)
    assert (statement.name, written(statement.before), written(statement.after)) == (name, before, after)
    assert (statement.file, statement.line) == (file, text[: text.index(old)].count("\n") + 1)
    assert_leads(loaded(), other)


def test_a_comment_is_no_statement(edited: Path) -> None:
    file = edited / "spec/compute.yaml"
    file.write_text(f"# as agreed\n{file.read_text()}")
    assert changed(loaded(), load(edited, SECTIONS)) == ()


def test_an_overlay_that_is_new_or_gone_is_one_statement(edited: Path) -> None:
    (edited / "environments/staging/overlays/more.yaml").write_text("orchestration:\n  platform: Kubernetes\n")
    other = load(edited, SECTIONS)
    (new,), (gone,) = changed(loaded(), other), changed(other, loaded())
    assert (new.name, new.environment, new.before) == ("more.yaml", "staging", None)
    assert (gone.name, gone.environment, gone.after) == ("more.yaml", "staging", None)
    assert isinstance(new.node, MappingNode)
    assert_leads(loaded(), other)
    assert_leads(other, loaded())
