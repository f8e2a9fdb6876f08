"""The page of ``cbp report`` in a real browser, which CBP_CHROMIUM names: at every width, by keyboard, and on paper."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.compiler.cli.running import cbp
from tests.compiler.difference.chromium import Tab, browser
from tests.compiler.difference.conftest import EXAMPLES
from tests.compiler.history.git import git
from tests.copying import copy_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ACKNOWLEDGEMENTS = """
acknowledgements:
  - rule: TRN010
    file: generated/staging/eu-central-1/kubernetes/cbp-data/objectstore-configuration-db-eu-central-1.yaml
    before: 30 days
    after: 14 days
    reason: the archive costs more than was planned
    owner: platform
    ticket: PLAT-1234
    granted: 2026-01-05
"""
"""An acknowledgement of something that does not happen, which the rules refuse."""
_OPEN = "document.querySelectorAll('details').forEach(item => { item.open = true })"
_VISIBLE = "[...document.querySelectorAll('[data-row]')].filter(item => item.checkVisibility())"
_CLOSED = "[...document.querySelectorAll('details')].filter(item => !item.open).length"
_FAINT = """(() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const linear = value => value <= 10.31475 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const found = channels(getComputedStyle(element).backgroundColor);
      if (found[3] !== 0) return found;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  for (const element of document.querySelectorAll('body *:not(script, style)')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility()) continue;
    const pair = [light(channels(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (contrast < 4.5) faint.add(`${element.localName}.${element.className}: ${contrast.toFixed(2)}`);
  }
  return [...faint];
})()"""
"""The texts with less contrast than 4.5 to 1: https://www.w3.org/TR/WCAG22/#contrast-minimum."""


@pytest.fixture(scope="module")
def page(deployed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a pull request with every kind of part, in a file."""
    project = copy_tree(deployed, tmp_path_factory.mktemp("browser") / "project")
    for name in ("raise_replicas", "widen_egress"):
        git(project, "apply", str(EXAMPLES / name / "change.patch"))
    (project / "environments/staging/acknowledgements.yaml").write_text(_ACKNOWLEDGEMENTS)
    result = cbp("report", "HEAD", "--root", str(project), "--as-of", "2026-01-15")
    assert result.exit_code == 0
    file = project.with_name("report.html")
    file.write_text(result.stdout, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A browser that runs for all tests of this module."""
    if not os.environ.get("CBP_CHROMIUM"):
        pytest.skip("not checked: CBP_CHROMIUM names no browser (docs/report.md)")
    with browser(os.environ["CBP_CHROMIUM"], tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture
def tab(running: Tab, page: Path) -> Tab:
    """The page on a screen of 1280 pixels, in light colours."""
    running.script(on=True)
    running.media()
    running.resize(1280, 900)
    running.open(page)
    return running


def test_nothing_is_reported_on_the_console_and_nothing_else_is_loaded(tab: Tab, page: Path) -> None:
    assert tab.complaints == []
    assert tab.requests == [page.as_uri()]
    assert tab.evaluate("document.title").startswith("cbp report: ")


@pytest.mark.parametrize("width", [320, 390, 768, 1000, 1280])
def test_no_width_needs_to_be_scrolled_sideways(tab: Tab, page: Path, width: int) -> None:
    tab.resize(width, 800, phone=width < 700)
    tab.open(page)
    tab.evaluate(_OPEN)
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert tab.evaluate("[...document.querySelectorAll('main *')].filter("
                        f"item => item.checkVisibility() && item.getBoundingClientRect().right > {width + 1}"
                        ").map(item => item.outerHTML.slice(0, 200))") == []  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_told_from_its_background(tab: Tab, scheme: str) -> None:
    tab.media(scheme=scheme)
    tab.evaluate(_OPEN)
    red = tab.evaluate("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
    assert (red > 200) is (scheme == "light")
    assert tab.evaluate(_FAINT) == []


def test_a_page_on_paper_is_light_and_has_no_bar(tab: Tab) -> None:
    tab.media(medium="print", scheme="dark")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.evaluate("document.querySelector('.bar').checkVisibility()") is False
    assert tab.evaluate(_FAINT) == []
    tab.media()
    assert tab.pdf().startswith(b"%PDF-")


def test_a_search_shows_the_rows_that_hold_every_word_and_escape_shows_all(tab: Tab) -> None:
    before = tab.evaluate(f"{_VISIBLE}.length"), tab.evaluate(_CLOSED)
    tab.press("/", "/")
    assert tab.evaluate("document.activeElement.type") == "search"
    tab.send("Input.insertText", text="MAX_CONNECTIONS database")
    shown = tab.evaluate(f"{_VISIBLE}.map(item => item.textContent)")
    assert shown
    assert all("max_connections" in text.lower() and "database" in text.lower() for text in shown)
    assert tab.evaluate("document.querySelector('output').value") == f"{len(shown)} found"
    tab.press("Escape")
    assert (tab.evaluate(f"{_VISIBLE}.length"), tab.evaluate(_CLOSED)) == before


def test_only_what_changes_can_be_chosen(tab: Tab) -> None:
    tab.evaluate("document.querySelector('[type=checkbox]').click()")
    assert tab.evaluate(f"[...new Set({_VISIBLE}.map(item => item.dataset.row))]") == ["changed"]


def test_a_link_opens_the_part_that_it_leads_to(tab: Tab) -> None:
    tab.evaluate("document.querySelector('a[href=\"#f0\"]').click()")
    tab.evaluate("new Promise(done => setTimeout(done))")
    assert tab.evaluate("document.getElementById('f0').checkVisibility()") is True


def test_the_keyboard_reaches_everything_in_its_order(tab: Tab) -> None:
    tab.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.press("Tab")
    assert tab.evaluate("document.activeElement.localName") == "a"
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.evaluate("document.querySelector('#values summary').focus()")
    opened = tab.evaluate("document.querySelector('#values details').open")
    tab.press("Enter", "\r")
    assert tab.evaluate("document.querySelector('#values details').open") is not opened


def test_without_its_script_the_page_has_everything_but_the_search(tab: Tab, page: Path) -> None:
    rows = tab.evaluate("document.querySelectorAll('[data-row]').length")
    tab.script(on=False)
    tab.open(page)
    tree = tab.send("DOM.getDocument", depth=0)["root"]["nodeId"]
    found = tab.send("DOM.querySelectorAll", nodeId=tree, selector="[data-row]")["nodeIds"]
    hidden = tab.send("DOM.querySelectorAll", nodeId=tree, selector="[hidden]")["nodeIds"]
    (search,) = tab.send("DOM.querySelectorAll", nodeId=tree, selector="[role=search]")["nodeIds"]
    assert (len(found), hidden) == (rows, [search])
