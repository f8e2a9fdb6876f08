"""What the page about Vault lists is what is compiled."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from compiler.emit.site import sites
from tests.compiler.project import artifacts, documents, resolved

PAGE = (Path(__file__).parents[2] / "docs/vault.md").read_text(encoding="utf-8")
SITES = [site for environment in resolved().values() for site in sites(environment)]


def rows(heading: str) -> list[str]:
    """The first cells of the table under a heading row."""
    table = PAGE[PAGE.index(f"| {heading} |") :].partition("\n\n")[0]
    return [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()[2:]]


def test_it_lists_every_value_that_is_given() -> None:
    plans = [artifacts(site)["vault/plan.yaml"].document or {} for site in SITES]
    given = {name for plan in plans for item in plan["documents"] for name in item["writeOnly"]}
    assert set(rows("field")) == {f"`{name}`" for name in given}


def test_it_lists_every_secret_that_is_read() -> None:
    listed = {name for row in rows("Secret") for name in re.findall("`([^`]+)`", row)}
    assert listed == {
        f"{item['metadata']['namespace']}/{item['spec']['target']['name']}"
        for site in SITES
        for item in documents(site).values()
        if item["kind"] == "ExternalSecret"
    }


def test_every_secret_that_people_change_has_its_procedure_here() -> None:
    listed = yaml.safe_load((Path(__file__).parents[2] / "policies/unrotated/data.yaml").read_text(encoding="utf-8"))
    headings = {
        re.sub("[^a-z_-]", "", line[4:].lower().replace(" ", "-")) for line in re.findall("^### .*", PAGE, re.MULTILINE)
    }
    anchors = {item["procedure"].partition("#")[2] for entries in listed.values() for item in entries.values()} - {""}
    assert anchors == headings
