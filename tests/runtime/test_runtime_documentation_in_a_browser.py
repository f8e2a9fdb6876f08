"""The page of the API in a real browser, which CBP_CHROMIUM names, from a service that listens."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.compiler.difference.chromium import Tab, browser
from tests.runtime.listening import listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runtime.http.application import Application

_SHOWN = "document.querySelectorAll('.opblock').length"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A browser that runs for all tests of this module."""
    if not os.environ.get("CBP_CHROMIUM"):
        pytest.skip("not checked: CBP_CHROMIUM names no browser (docs/report.md)")
    with browser(os.environ["CBP_CHROMIUM"], tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def tab(shared: Tab) -> Iterator[Tab]:
    """An empty page, which is left again: what it still loads when its service ends is no complaint of the next one."""
    yield shared
    shared.visit("about:blank")


def until(tab: Tab, condition: str) -> None:
    """Wait in the page until a condition holds."""
    look = f"const look = () => ({condition}) ? done() : setTimeout(look, 20); look()"
    tab.send("Runtime.evaluate", expression=f"new Promise(done => {{ {look} }})", awaitPromise=True)


def click(tab: Tab, selector: str) -> None:
    """Click on an element as soon as it is there: a page that is drawn anew replaces its elements."""
    until(tab, f"(found => found && (found.click(), true))(document.querySelector('{selector}'))")


def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere(app: Application, tab: Tab) -> None:
    with listening(app) as address:
        tab.visit(f"{address}/docs")
        until(tab, f"{_SHOWN} > 0")
        assert tab.evaluate(_SHOWN) == len(app.endpoints)
        assert tab.complaints == []
        elsewhere = [url for url in tab.requests if not url.startswith((f"{address}/", "data:", "blob:"))]
        assert elsewhere == []
        assert {url.removeprefix(address) for url in tab.requests} >= {"/docs", "/docs/start.js", "/openapi.json"}


def test_a_request_can_be_tried_on_the_page(app: Application, tab: Tab) -> None:
    with listening(app) as address:
        tab.visit(f"{address}/docs#/service/readLive")
        click(tab, ".try-out__btn")
        click(tab, ".execute")
        until(tab, "document.querySelector('.live-responses-table .microlight')")
        assert '"live"' in tab.evaluate("document.querySelector('.live-responses-table .microlight').textContent")
        assert tab.complaints == []


def test_the_explanation_that_a_type_leads_to_is_marked(app: Application, tab: Tab) -> None:
    with listening(app) as address:
        tab.visit(f"{address}/problems#precondition-required")
        assert tab.evaluate("document.querySelector(':target').textContent") == "428 Precondition Required"
        assert tab.evaluate("getComputedStyle(document.querySelector(':target')).outlineStyle") == "solid"
        assert tab.complaints == []
