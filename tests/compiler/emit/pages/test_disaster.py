"""A standby cluster's page says in which steps it takes over, and they fit into the recovery time objective."""

from __future__ import annotations

import re

import pytest

from compiler.emit.pages.disaster import steps
from tests.compiler.project import artifacts, changed, documents, listing, resolved, site


@pytest.mark.parametrize("target", ["15 minutes", "1 hour", "4 hours", "7 seconds"])
def test_the_shares_of_all_steps_fit_into_the_objective(target: str) -> None:
    at = site(changed({"recovery.rto.target": target}), cluster="eu-west-1")
    shares = [share for _, share in steps(at, "eu-central-1")]
    assert sum(shares) <= at.spec.recovery.rto.target.seconds


def test_the_former_primary_is_fenced_before_anything_else() -> None:
    at = site(cluster="eu-west-1")
    first, *others = (step for step, _ in steps(at, "eu-central-1"))
    assert first.title == "Fence eu-central-1"
    assert all("--context production-eu-central-1" in command for command in first.commands)
    assert not any("--context production-eu-central-1" in command for step in others for command in step.commands)


WORDS = {
    "database": ("Failover to replica", "Restore from backup", "Validate data integrity"),
    "application": ("Deploy to recovery region", "Update DNS records", "Verify functionality"),
}


@pytest.mark.parametrize(("part", "word"), [(part, word) for part, words in WORDS.items() for word in words])
def test_each_procedure_of_the_specification_has_its_steps(part: str, word: str) -> None:
    """Without a procedure its steps are left out, and no others."""
    others = [each for each in WORDS[part] if each != word]
    found = steps(site(cluster="eu-west-1"), "eu-central-1")
    without = steps(site(listing(f"recovery.procedures.{part}", *others), cluster="eu-west-1"), "eu-central-1")
    assert [step for step, _ in without] == [step for step, _ in found if step.procedure != word]
    assert len(without) < len(found)


def test_a_database_is_made_anew_only_while_it_follows_the_archive() -> None:
    titles = [step.title for step, _ in steps(site(cluster="eu-west-1"), "eu-central-1")]
    restored = titles.index("Restore the database, if it is lost here too")
    assert titles.index("Fence eu-central-1") < restored < titles.index("Exchange the roles in Git")


def test_the_commands_name_objects_that_are_there() -> None:
    serving = documents(site(cluster="eu-west-1").serving())
    text = artifacts(site(cluster="eu-west-1"))["bootstrap.md"].content.decode()
    named = re.findall(r"--namespace (\S+) (?:annotate|scale|get) (cluster|deployment|ingress) (\S+)", text)
    assert {kind for _, kind, _ in named} == {"cluster", "deployment", "ingress"}
    assert all(f"{namespace}/{kind}-{name}.yaml" in serving for namespace, kind, name in named)


def test_the_page_lists_what_has_to_outlive_the_region_in_clusters_that_stand_by_alone() -> None:
    environment = resolved()["production"].environment
    text = artifacts(site(cluster="eu-west-1"))["bootstrap.md"].content.decode()
    _, found, section = text.partition("## In a disaster")
    assert found
    for kept in (environment.delivery.repository, environment.image.repository, environment.sign_in.issuer, "Argo CD"):
        assert kept in section.partition("Argo CD knows it")[0]
    assert "## In a disaster" not in artifacts(site())["bootstrap.md"].content.decode()
