"""Mermaid itself draws the pages of clusters, in a real browser, which CBP_CHROMIUM names."""

from __future__ import annotations

import json
import os
import re
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.compiler.difference.chromium import Tab, browser
from tests.compiler.emit.pages.test_overview import ARROW, NODE, drawing
from tests.compiler.project import artifacts, resolved, site

if TYPE_CHECKING:
    from collections.abc import Iterator

# The wheel has Mermaid's own file, of which the tests read nothing else: test_it_is_mermaid_itself.
MERMAID = Path(str(distribution("mermaidx").locate_file("mermaidx/assets/mermaid.js")))
CLUSTERS = [(environment, cluster) for environment, item in resolved().items() for cluster in item.environment.clusters]
_READ = """
(async () => {
  const svg = document.querySelector('#drawn svg');
  const all = selector => [...svg.querySelectorAll(selector)];
  const words = item => item.innerText.trim().replace(/\\s+/g, ' ');
  const texts = selector => all(`${selector} foreignObject > div`).map(words).sort();
  const boxes = all('.node').map(item => item.getBoundingClientRect());
  const covers = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return {
    components: texts('.node'),
    zones: texts('.cluster'),
    arrows: all('path.flowchart-link').length,
    ports: texts('.edgeLabel'),
    covering: boxes.some((one, index) => boxes.slice(index + 1).some(other => covers(one, other))),
  };
})()
"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A page with Mermaid on it."""
    if not os.environ.get("CBP_CHROMIUM"):
        pytest.skip("not checked: CBP_CHROMIUM names no browser (docs/report.md)")
    page = tmp_path_factory.mktemp("page") / "page.html"
    page.write_text(f'<!doctype html><body><div id="drawn"></div><script src="{MERMAID.as_uri()}"></script>')
    with browser(os.environ["CBP_CHROMIUM"], tmp_path_factory.mktemp("profile")) as found:
        found.resize(1800, 1400)
        found.open(page)
        assert wait(found, "mermaid.initialize({startOnLoad: false})") is None
        yield found


def wait(tab: Tab, expression: str) -> Any:
    """Return what a promise in the page becomes."""
    result = tab.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
    assert "exceptionDetails" not in result, result
    return result["result"].get("value")


def test_it_is_mermaid_itself(tab: Tab) -> None:
    assert wait(tab, "mermaid.parse('flowchart LR\\n a --> b')") == {"diagramType": "flowchart-v2", "config": {}}
    assert wait(tab, "mermaid.parse('flowchart LR\\n a -- b', {suppressErrors: true})") is False


@pytest.mark.parametrize(("environment", "cluster"), CLUSTERS)
def test_each_zone_component_and_connection_of_a_page_is_drawn(environment: str, cluster: str, tab: Tab) -> None:
    found = artifacts(site(resolved()[environment], cluster=cluster))
    text = drawing(found["README.md"].content.decode())
    source = json.dumps(f"flowchart LR\n{text}")
    wait(
        tab,
        f"mermaid.render('shown', {source}).then(({{svg}}) => {{ document.querySelector('#drawn').innerHTML = svg }})",
    )
    drawn = wait(tab, _READ)
    assert drawn["components"] == sorted(f"{name} {size}".strip() for _, name, size in NODE.findall(text))
    assert drawn["zones"] == sorted(re.findall(r'subgraph \w+\["([a-z-]+)"\]', text))
    arrows = ARROW.findall(text)
    assert drawn["arrows"] == len(arrows) > 10
    assert drawn["ports"] == sorted(ports for _, ports, _ in arrows)
    assert not drawn["covering"]
    assert tab.complaints == []
