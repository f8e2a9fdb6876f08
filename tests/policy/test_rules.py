"""What holds for every rule: it proves itself, speaks of places that exist, and says all that a reader needs."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

import compiler.model
from compiler.model.environment import EnvironmentFile
from compiler.model.shape import annotation_at
from compiler.model.specification import Specification
from compiler.pipeline import emit
from compiler.policy.denial import answer
from compiler.policy.gate import Gate, load
from compiler.policy.input import input_of
from runtime.services.leases import LIFETIME_MICROSECONDS
from runtime.settings import Settings
from tests.compiler.project import resolved
from tests.policy.policies import POLICIES, real_policies

if TYPE_CHECKING:
    from compiler.policy.library import Rule

RULES = {rule.id: rule for rule in real_policies().rules}
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


@every_rule
def test_a_rule_denies_each_of_its_must_deny_inputs_and_passes_its_must_pass_input(rule: Rule) -> None:
    assert denials(rule, rule.fixture.must_pass) == []
    for document in rule.fixture.must_deny:
        assert {denial["id"] for denial in denials(rule, document)} == {rule.id}


@every_rule
def test_a_denial_leads_to_a_place_that_specifications_have(rule: Rule) -> None:
    for document in rule.fixture.must_deny:
        for denial in denials(rule, document):
            model = EnvironmentFile if denial["path"][0] == "environment" else Specification
            assert annotation_at(model, tuple(denial["path"])) is not None, denial["path"]


@every_rule
def test_a_denial_of_a_rendered_document_leads_into_it(rule: Rule) -> None:
    for document in rule.fixture.must_deny:
        files = {item["file"] for name in ("documents", "argocd") for item in document.get(name, ())}
        files |= document.get("before", {}).get("documents", {}).keys()
        files |= {document[name]["file"] for name in ("vault", "proxy") if name in document}
        for denial in denials(rule, document):
            assert not files or denial["file"] in files


@every_rule
def test_a_fixture_speaks_only_of_what_real_inputs_have(rule: Rule) -> None:
    """Otherwise a rule would prove itself on an input that it never meets."""
    document = rule.fixture.must_pass
    real = real_input()
    assert document.keys() <= {*real, "before"}
    unique, stated = real["unique"], document.get("unique", {"own": (), "holders": {}})
    for value in stated["own"]:
        assert value.keys() == unique["own"][0].keys()
    assert {value["purpose"] for value in stated["own"]} | stated["holders"].keys() <= unique["holders"].keys()
    for path in places(document.get("spec", {})):
        assert annotation_at(Specification, path) is not None, path
    for path in places(document.get("environment", {})):
        assert annotation_at(EnvironmentFile, ("environment", *path)) is not None, path
    Settings.model_validate_json(json.dumps(completed(document.get("settings", {}), real["settings"])))
    assert resembles(document.get("proxy", {}), real["proxy"])


@every_rule
def test_a_rule_names_the_section_of_the_specification_that_it_protects(rule: Rule) -> None:
    assert rule.metadata.custom.section in headings()


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("least_zones", 1),
        ("least_instances", 1),
        ("least_backup_retention_seconds", 1),
        ("longest_between_restores_seconds", -1),
        ("needed_replication", 1),
    ],
)
def test_a_later_stage_is_held_to_no_less_than_an_earlier_one(name: str, sign: int) -> None:
    held = real_policies().data["thresholds"][name]
    numbers = {stage: len(value) if isinstance(value, list) else value * sign for stage, value in held.items()}
    assert numbers["development"] <= numbers["staging"] <= numbers["production"]
    assert numbers["development"] < numbers["production"]


def test_policies_know_how_long_a_worker_holds_a_token() -> None:
    assert real_policies().data["thresholds"]["token_lifetime_milliseconds"] * 1000 == LIFETIME_MICROSECONDS


@cache
def gate() -> Gate:
    return load(POLICIES)


def denials(rule: Rule, document: Any) -> list[dict[str, Any]]:
    given = gate().engine.evaluate(f"gate.{rule.id}", json.dumps(document))
    return [denial.model_dump(mode="json") for denial in answer(rule.id, given).denials]


def places(document: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every key and item."""
    if path:
        yield path
    if isinstance(document, Mapping):
        for name, value in document.items():
            yield from places(value, (*path, name))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from places(value, (*path, index))


def resembles(stated: Any, real: Any) -> bool:
    """Return whether all keys of a document are those of a real one; an item of a list, those of some item there."""
    if isinstance(stated, Mapping):
        return isinstance(real, Mapping) and all(key in real and resembles(stated[key], real[key]) for key in stated)
    if isinstance(stated, list):
        return isinstance(real, list) and all(any(resembles(one, other) for other in real) for one in stated)
    return True


@cache
def real_input() -> dict[str, Any]:
    """The input of the first cluster of the frozen production, which is compared with no base."""
    return input_of(emit(resolved()["production"])[0])


def completed(stated: Any, real: Any) -> Any:
    """Return a document with the keys that it leaves out, as a real one has them."""
    if isinstance(stated, Mapping) and isinstance(real, Mapping):
        return {**real, **{key: completed(item, real.get(key)) for key, item in stated.items()}}
    if isinstance(stated, list) and isinstance(real, list) and real:
        return [completed(item, real[0]) for item in stated]
    return stated


@cache
def headings() -> frozenset[str]:
    """The headings of the specification, which each section's model repeats."""
    modules = (
        importlib.import_module(f"compiler.model.{module.name}")
        for module in pkgutil.iter_modules(compiler.model.__path__)
    )
    return frozenset((module.__doc__ or "").split(": ")[0] for module in modules)
