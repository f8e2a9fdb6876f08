"""The steps of an exchange are what the project takes: what the page writes stops one cluster, and starts no other."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from compiler.emit.site import sites
from tests.compiler.project import changed, documents, site

PAGE = (Path(__file__).parents[2] / "docs/exchange.md").read_text(encoding="utf-8")


def test_the_first_change_of_a_planned_exchange_leaves_nobody_serving_and_demotes_the_former_primary() -> None:
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert block
    stated = yaml.safe_load(block[1])["clusters"]
    after = changed(
        {
            f"environment.clusters.{name}.{path}": value
            for name, cluster in stated.items()
            for path, value in (
                ("role", cluster["role"]),
                *((f"handover.{key}", text) for key, text in cluster.get("handover", {}).items()),
            )
        }
    )
    assert not any(at.serves for at in sites(after))
    replica = documents(site(after))["cbp-data/cluster-configuration-db.yaml"]["spec"]["replica"]
    assert replica["primary"] == "eu-west-1"
