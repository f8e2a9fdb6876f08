"""The page of a cluster: the drawing names what the policies open, and sizes are those of the objects."""

from __future__ import annotations

import re

from compiler.emit.cluster import flows
from tests.compiler.project import artifacts, changed, site

NODE = re.compile(r'^ +(\w+)(?:\["|\(\[")([a-z0-9-]+)(?:<br/>([^"]+))?"\]\)?', re.MULTILINE)
ARROW = re.compile(r'^  (\w+) -- "([0-9, ]+)" --> (\w+)$', re.MULTILINE)


def page(**changes: str) -> str:
    at = site(changed({path.replace("__", "."): text for path, text in changes.items()}))
    return artifacts(at)["README.md"].content.decode()


def drawing(text: str) -> str:
    (found,) = re.findall(r"^```mermaid\nflowchart LR\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(found)


def test_each_line_of_the_drawing_is_a_zone_a_component_or_a_connection_between_components() -> None:
    drawn = drawing(page())
    zones = re.compile(r'  subgraph (\w+)\["[a-z-]+"\]|  end')
    lines = [line for line in drawn.splitlines() if not zones.fullmatch(line)]
    assert all(NODE.fullmatch(line) or ARROW.fullmatch(line) for line in lines)
    components = [node[0] for node in NODE.findall(drawn)]
    assert len({*components}) == len(components)
    assert {end for source, _, destination in ARROW.findall(drawn) for end in (source, destination)} == {*components}


def test_each_connection_of_the_drawing_is_one_that_the_policies_open() -> None:
    declared = {(flow.source.name, flow.destination.name): {*flow.ports} for flow in flows(site())}
    names = {identifier: name for identifier, name, _ in NODE.findall(drawing(page()))}
    arrows = ARROW.findall(drawing(page()))
    assert len(arrows) > 15
    for source, ports, destination in arrows:
        assert declared[names[source], names[destination]] <= {*map(int, ports.split(", "))}
    assert ("load-balancer", "api") in {(names[source], names[destination]) for source, _, destination in arrows}


def test_sizes_are_those_of_the_objects() -> None:
    text = page(compute__application_tier__instances__max="9")
    rows = dict(re.findall(r"^\| ([a-z-]+) (\| [^|]+ \| [^|]+ \| [^|]+ \| [^|]*)\|$", text, re.MULTILINE))
    assert rows["api"] == "| 2 to 9 | 2 | 4Gi |  "
    assert rows["postgres"] == "| 3 to 5 | 8 | 16Gi | 100Gi, log 102Gi "
    assert ("api", "2 to 9 pods, each 2 CPU, 4Gi") in [node[1:] for node in NODE.findall(drawing(text))]


def test_the_page_names_each_folder() -> None:
    found = artifacts(site())
    text = found["README.md"].content.decode()
    for folder in {path.partition("/")[0] for path in found if "/" in path}:
        assert f"| `{folder}/" in text


def test_a_cluster_that_stands_by_says_so_and_draws_no_pooler() -> None:
    text = artifacts(site(cluster="eu-west-1"))["README.md"].content.decode()
    assert "It stands by: its database follows that of the cluster that serves" in text
    assert "pooler" not in drawing(text)
