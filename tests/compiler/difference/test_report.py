"""``cbp report``: the page says what the comment says, holds what users wrote as text, and needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from contextlib import contextmanager
from datetime import date
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from compiler.cli.diff import commits, sides
from compiler.report.html.exemptions import Exemption
from compiler.report.html.marks import mark, marked
from compiler.report.html.topology import topology
from tests.compiler.cli.running import cbp, run
from tests.compiler.difference.conftest import EXAMPLES
from tests.compiler.difference.reading import read
from tests.compiler.history.git import commit, git
from tests.copying import copy_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compiler.difference.side import Side
    from tests.compiler.difference.reading import Element

TODAY = "2026-01-15"
NAMES = sorted(folder.name for folder in EXAMPLES.iterdir())
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;"


@pytest.fixture(scope="module")
def example(deployed: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Element]:
    """Return the page of a recorded pull request, or (without a name) of a project in which nothing changed."""

    @cache
    def page(name: str) -> Element:
        project = copy_tree(deployed, tmp_path_factory.mktemp("example") / "project")
        if name:
            git(project, "apply", str(EXAMPLES / name / "change.patch"))
        return read(report(project))

    return page


def report(project: Path, *arguments: str) -> str:
    result = cbp("report", *arguments, "--root", str(project), "--as-of", TODAY)
    assert result.exit_code == 0
    return result.stdout


@contextmanager
def _sides(project: Path, base: str | None = None) -> Iterator[tuple[Side, Side]]:
    with sides(project, commits(project, base, None)) as found:
        yield found


def edit(project: Path, file: str, old: str, new: str) -> None:
    text = (project / file).read_text()
    assert text.count(old) == 1
    (project / file).write_text(text.replace(old, new))


def outline(page: Element) -> str:
    """Return the lines of a page that are about the change: all but the values, connections and formulas that stay."""
    (header,) = (item for item in page.all("header") if any(item.all("h1")))
    parts = [header, *(page.with_id(name) for name in ("changes", "findings", "exemptions"))]
    lines = [line for part in parts for line in part.lines()]
    lines += ["Topology", *_changed(page.with_id("topology")), "Values", *_changed(page.with_id("values"))]
    return re.sub(r"\([0-9a-f]{12}\)", "(BASE)", "".join(f"{line}\n" for line in lines))


def _changed(part: Element) -> Iterator[str]:
    for cluster in part.all("details"):
        rows = [row for row in cluster.inside if not isinstance(row, str) and row.name in ("table", "div")]
        changed = [item for row in rows for item in row.all() if item.attributes.get("data-row") == "changed"]
        if changed:
            (summary, *_) = cluster.all("summary")
            yield summary.text
            yield from (f"  {' | '.join(item.lines())}" for item in changed)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_of_a_pull_request_says_what_a_reviewer_has_to_know(
    name: str, example: Callable[[str], Element]
) -> None:
    found, expected = outline(example(name)), EXAMPLES / name / "page.txt"
    if "CBP_UPDATE_GOLDEN" in os.environ:
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_page_shows_everything_that_the_comment_shows(name: str, example: Callable[[str], Element]) -> None:
    """Every word and number of a row or a sentence of the comment stands in one row or sentence of the page."""
    shown = [_words(line) for line in outline(example(name)).splitlines()]
    for line in (EXAMPLES / name / "comment.md").read_text().splitlines()[3:]:
        # Of a statement the page makes a heading; a table has one head in the comment, and another on the page.
        if not re.match(r"\*\*\d|\| what happens|\| value|\*\*The rules", line):
            assert any(_words(line) <= found for found in shown), line


def _words(text: str) -> set[str]:
    return {word.strip(".:,;") for word in re.findall(r'[\w.:,;/"\[\]-]*\w[\w.:,;/"\[\]-]*', text)}


def test_every_statement_has_its_value_in_each_environment_as_show_prints_it(
    example: Callable[[str], Element], deployed: Path
) -> None:
    said = cbp("show", "production", "staging", "--root", str(deployed), "--format", "json").stdout
    values = example("").with_id("values")
    rows = {next(row.all("code")).text: row.text for row in values.all("tr") if "id" in row.attributes}
    for statement in json.loads(said)["statements"]:
        for value in statement["values"].values():
            row, text = rows[statement["statement"]], value["value"]
            assert (text if isinstance(text, str) else f"[{', '.join(text)}]") in row
            place = f"{value['path']}:{value['line']}:{value['column']}" if value["path"] else "by default"
            assert place in row


def test_a_computed_number_leads_to_its_statements_and_each_of_them_back(example: Callable[[str], Element]) -> None:
    page = example("")
    rows = [row for row in page.with_id("formulas").all("tr") if "id" in row.attributes]
    (quota,) = (row for row in rows if row.text.startswith("/spec/hard/pods "))
    assert "= instances.max + rolling_update.max_surge + min(" in quota.text
    names = {link.text: link.attributes["href"] for link in quota.all("a")}
    statement = page.with_id(names["compute.application_tier.instances.max"].removeprefix("#"))
    assert f"#{quota.attributes['id']}" in {link.attributes["href"] for link in statement.all("a")}


def test_a_formula_is_shown_with_the_numbers_of_both_sides(example: Callable[[str], Element]) -> None:
    (row,) = (row for row in example("raise_replicas").with_id("changes").all("tr") if "spec.hard.pods" in row.text)
    assert "= 12 + 1 + min(12, 2 * (1 + 0)) before: 8 + 1 + min(8, 2 * (1 + 0))" in row.text


def test_what_users_wrote_is_text_and_never_markup(project: Path) -> None:
    entry = {
        "rule": "TRN010",
        "file": "generated/staging/eu-central-1",
        "before": HOSTILE,
        "after": "b",
        "reason": HOSTILE,
    }
    entry |= {"owner": "platform", "ticket": "PLAT-1", "granted": "2026-01-05"}
    (project / "environments/staging/acknowledgements.yaml").write_text(json.dumps({"acknowledgements": [entry]}))
    edit(project, "spec/compute.yaml", "optimal: 4", "optimal: 5")
    text = report(project)
    assert "<script>alert" not in text
    assert "<img" not in text
    page = read(text)
    assert len(list(page.all("script"))) == 1
    assert HOSTILE in page.with_id("exemptions").text
    assert not [name for item in page.all() for name in item.attributes if name.startswith("on") or name == "style"]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ('<b> & "it"', "&lt;b&gt; &amp; &#34;it&#34;"),
        (f"from {mark('<i>')}", "from <code>&lt;i&gt;</code>"),
        (mark("a/b.c"), "<code>a/<wbr>b.<wbr>c</code>"),
        (mark("\x03</code>\x02"), "<code>\N{REPLACEMENT CHARACTER}&lt;/<wbr>code&gt;\N{REPLACEMENT CHARACTER}</code>"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}\x02", "\N{REPLACEMENT CHARACTER}" * 2),
    ],
)
def test_a_value_in_a_sentence_is_code_that_nothing_in_it_ends(sentence: str, expected: str) -> None:
    assert marked(sentence) == expected


def test_the_page_admits_its_own_style_and_script_alone(example: Callable[[str], Element]) -> None:
    page = example("")
    (policy,) = (
        item.attributes["content"]
        for item in page.all("meta")
        if item.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    hashes = []
    for name in ("style", "script"):
        (element,) = page.all(name)
        content = "".join(item for item in element.inside if isinstance(item, str))
        assert not re.search(r"url\(|@import|https?:|fetch|XMLHttp|innerHTML|eval", content)
        hashes.append(f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}")
    style, script = hashes
    assert policy == (
        f"default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"
    )


def test_the_page_refers_to_nothing_but_its_own_parts(example: Callable[[str], Element]) -> None:
    page = example("drop_backup")
    elements = list(page.all())
    ids = [item.attributes["id"] for item in elements if "id" in item.attributes]
    assert len(ids) == len(set(ids))
    links = [item.attributes["href"] for item in elements if "href" in item.attributes]
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert not {name for item in elements for name in item.attributes} & {
        "src",
        "srcset",
        "action",
        "formaction",
        "ping",
    }
    assert not {item.name for item in elements} & {"link", "iframe", "object", "embed", "base", "form"}


def test_the_page_can_be_read_by_its_structure(example: Callable[[str], Element]) -> None:
    page = example("drop_backup")
    (html,) = page.all("html")
    assert html.attributes["lang"] == "en"
    levels = [int(item.name[1]) for item in page.all() if re.fullmatch("h[1-6]", item.name)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for table in page.all("table"):
        assert all(item.attributes["scope"] in ("col", "row") for item in table.all("th"))
        assert all("data-label" in item.attributes for item in table.all("td"))
    assert {item.name for item in page.all()} >= {"main", "nav", "header", "section"}
    skip = next(page.all("a"))
    assert page.with_id(skip.attributes["href"].removeprefix("#")).name == "section"


def test_the_same_project_is_the_same_bytes(deployed: Path) -> None:
    other = run("report", "--root", str(deployed), "--as-of", TODAY, PYTHONHASHSEED="1")
    assert (other.returncode, other.stdout) == (0, report(deployed))


def test_a_range_of_addresses_opens_a_connection_one_way_and_closes_it_the_other_way(
    patched: Callable[[str], Path],
) -> None:
    with _sides(patched("widen_egress")) as (before, after):
        there, back = next(topology(before, after)), next(topology(after, before))
    assert [(item.source, item.destination, item.status) for item in there.moving] == [("api", "fis", "opened")]
    assert [(item.source, item.destination, item.status) for item in back.moving] == [("api", "fis", "closed")]
    assert [(route.destination, route.opened) for route in there.routes if route.opened] == [("outside", 1)]


def test_ports_that_no_policy_admits_any_more_are_connections_that_close(project: Path) -> None:
    edit(project, "spec/network.yaml", "        - Monitoring\n", "")
    with _sides(project) as (before, after):
        there, back = next(topology(before, after)), next(topology(after, before))
    closed = {(item.source, item.destination, item.before) for item in there.moving if item.status == "closed"}
    assert ("prometheus", "api", "9464, 9901") in closed
    assert closed == {(item.source, item.destination, item.after) for item in back.moving if item.status == "opened"}


def test_a_cluster_that_only_one_side_has_is_new_or_removed(project: Path) -> None:
    git(project, "switch", "--quiet", "--create", "older")
    git(project, "rm", "-r", "--quiet", "generated/staging")
    commit(project)
    with _sides(project, "older") as (before, after):
        assert [(item.name, item.status) for item in topology(before, after) if item.status] == [
            ("staging/eu-central-1", "new")
        ]
        assert [item.status for item in topology(after, before) if item.status] == ["removed"]


@pytest.mark.parametrize(
    ("day", "said"),
    [("2026-01-04", "holds from 2026-01-05"), ("2026-01-05", "10 days left"), ("2026-01-14", "1 day left"),
     ("2026-01-15", "0 days left"), ("2026-01-16", "expired 1 day ago")],
)  # fmt: skip
def test_an_exemption_says_how_long_it_holds(day: str, said: str) -> None:
    days = date(2026, 1, 5), date(2026, 1, 15)
    waiver = Exemption("waiver", "staging", "CON001", "compute", *days, "platform", "PLAT-1", "it is known", "file:1:1")
    assert waiver.left(date.fromisoformat(day)) == said


def test_a_project_in_which_nothing_changed_has_a_page_of_its_state(example: Callable[[str], Element]) -> None:
    page = example("")
    assert "No statement changes, and no value." in page.with_id("changes").text
    assert not [item for item in page.all() if item.attributes.get("data-row") == "changed"]
    assert len([item for item in page.with_id("values").all("tr") if "id" in item.attributes]) > 200


def test_a_specification_with_errors_has_no_page(project: Path) -> None:
    edit(project, "spec/compute.yaml", "optimal: 4", "optimal: four")
    result = cbp("report", "--root", str(project))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("cbp: the policies could not judge: the specification has errors")
