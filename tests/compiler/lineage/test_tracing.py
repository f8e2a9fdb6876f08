"""Formulas that are traced through the emitters, and the experiment, check each other."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from compiler.emit import settings as settings_module
from compiler.emit import text
from compiler.emit.kubernetes.application import quota
from compiler.lineage.emission import Emission, emission
from compiler.lineage.explanation import OWN_NUMBER, without_formula
from compiler.lineage.formulas import evaluated, operands, written
from compiler.lineage.incremental import prepared
from compiler.lineage.leaves import flattened
from compiler.lineage.origins import Cause, origins
from compiler.lineage.tracing import every_formula, formulas
from compiler.lineage.variants import variants_of
from compiler.sources.nodes import ScalarNode, lookup
from runtime.settings import Settings
from tests.compiler.project import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compiler.lineage.formulas import Expression

_CLUSTER = "production/eu-central-1"
_FILES = (
    f"{_CLUSTER}/kubernetes/cbp-application/deployment-configuration-api.yaml",
    f"{_CLUSTER}/kubernetes/cbp-application/horizontalpodautoscaler-configuration-api.yaml",
    f"{_CLUSTER}/kubernetes/cbp-application/ingress-configuration-api.yaml",
    f"{_CLUSTER}/kubernetes/cbp-application/resourcequota-configuration-api.yaml",
    f"{_CLUSTER}/kubernetes/cbp-data/cluster-configuration-db.yaml",
    f"{_CLUSTER}/kubernetes/cbp-data/pooler-configuration-db-pooler-rw.yaml",
    f"{_CLUSTER}/kubernetes/cbp-data/redisreplication-configuration-cache.yaml",
    f"{_CLUSTER}/kubernetes/cbp-data/scaledobject-configuration-db.yaml",
    f"{_CLUSTER}/runtime/settings.json",
    f"{_CLUSTER}/envoy/bootstrap.json",
    f"{_CLUSTER}/vault/plan.yaml",
)
_WORDS = "words of the specification choose it"
_CHOSEN = ("/database/retry/attempts", "/monitors/background_tasks", "/queue/retry/attempts")
_RETRY = (
    "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config"
    "/route_config/virtual_hosts/0/routes/0/route/retry_policy"
)
_FREE_PORTS = (
    "/admin/address/socket_address/port_value",
    "/static_resources/clusters/1/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address/port_value",
)
"""The port of the proxy's administration, which is the next one where a statement takes it."""
_WITHOUT = {
    "kubernetes/cbp-application/ingress-configuration-api.yaml": {
        "/metadata/annotations/external-dns.alpha.kubernetes.io~1aws-weight": _WORDS,
    },
    "runtime/settings.json": dict.fromkeys(_CHOSEN, _WORDS),
    "envoy/bootstrap.json": {
        **dict.fromkeys((f"{_RETRY}/num_retries", f"{_RETRY}/retry_back_off/max_interval"), _WORDS),
        **dict.fromkeys(_FREE_PORTS, "the emitter composes its text of a number and more"),
    },
}
"""The numbers that statements decide and that have no formula, with the reason: all of them, in these files."""


@cache
def _emission(file: str) -> Emission:
    found = emission(resolved()["production"], file)
    assert found, file
    return found


@cache
def _formulas(file: str) -> Mapping[str, Expression]:
    return formulas(resolved()["production"], _emission(file))


@cache
def _origins(file: str) -> Mapping[str, tuple[Cause, ...]]:
    return origins(resolved()["production"], _emission(file))


def test_one_emission_of_everything_gives_the_formulas_of_each_file() -> None:
    every = every_formula(resolved()["production"])
    assert {file: every.get(file, {}) for file in _FILES} == {file: _formulas(file) for file in _FILES}


@pytest.mark.parametrize("file", _FILES)
def test_every_number_that_an_experiment_moves_is_traced_or_listed_with_the_reason(file: str) -> None:
    values = dict(flattened(_emission(file).content(prepared(resolved()["production"]))))
    found = {pointer: without_formula(values[pointer], causes) for pointer, causes in _origins(file).items()}
    untraced = {pointer: reason for pointer, reason in found.items() if reason not in ("", OWN_NUMBER)}
    untraced = {pointer: reason for pointer, reason in untraced.items() if pointer not in _formulas(file)}
    assert untraced == _WITHOUT.get(file.removeprefix(f"{_CLUSTER}/"), {})


@pytest.mark.parametrize("file", _FILES)
def test_a_statement_of_a_formula_moves_its_leaf_or_a_choice_hides_it(file: str) -> None:
    for pointer, formula in _formulas(file).items():
        moving = {cause.path for cause in _origins(file).get(pointer, ())}
        for path in operands(formula).keys() - moving:
            assert {"max", "min", "floor", "ceil"} & _symbols(formula), (pointer, path)


@pytest.mark.parametrize("file", _FILES)
def test_a_formula_predicts_the_number_that_the_emitter_computes_from_another_value(file: str) -> None:
    given = resolved()["production"]
    for path in {path for formula in _formulas(file).values() for path in operands(formula)}:
        node = lookup(given.tree, path)
        assert isinstance(node, ScalarNode)
        for _, changed in variants_of(given, path, node):
            after = formulas(changed, _emission(file))
            for pointer, formula in _formulas(file).items():
                new = after.get(pointer)
                if new is not None and _shape(new) == _shape(formula):
                    numbers = {where: operand.value for where, operand in operands(new).items()}
                    assert evaluated(formula, numbers) == evaluated(new, {}), (pointer, path)


def test_tracing_changes_no_value_and_leaves_the_emitters_as_they_were() -> None:
    given = resolved()["production"]
    for file in _FILES:
        assert (
            formulas(given, _emission(file)).keys() <= dict(flattened(_emission(file).content(prepared(given)))).keys()
        )
    assert vars(settings_module)["Settings"] is Settings
    assert vars(quota)["number"] is text.number
    assert not {"max", "min"} & vars(quota).keys()


def test_a_number_of_the_settings_has_the_formula_that_a_reader_expects() -> None:
    formula = _formulas(f"{_CLUSTER}/runtime/settings.json")["/process/workers"]
    assert _shape(formula) == "max(2, floor(cpu / 1000))"
    assert evaluated(formula, {("containers", "application", "resource_limits", "cpu"): 5000}) == 5


def _shape(formula: Expression) -> str:
    return written(formula, lambda operand: str(operand.path[-1]))


def _symbols(formula: Expression) -> set[str]:
    return set(_inside(formula))


def _inside(formula: Any) -> Iterator[str]:
    if hasattr(formula, "symbol"):
        yield formula.symbol
        for item in formula.arguments:
            yield from _inside(item)
