"""The gate's benchmark judges what it says; how long that takes is up to the machine, and nothing is asserted of it."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from benchmarks import gate
from benchmarks.__main__ import of_judging, of_share
from benchmarks.gate_process import OPA_LIBRARY
from benchmarks.table import table
from tests.e2e.states import small

if TYPE_CHECKING:
    import pytest


def test_the_real_input_is_that_of_a_serving_cluster() -> None:
    document = gate.real_input()
    assert document["cluster"]["role"] == "primary"
    assert document["documents"]


def test_repeated_objects_are_distinct_and_begin_with_the_real_ones() -> None:
    real = gate.real_input()
    number = 2 * len(real["documents"]) + 1
    documents = gate.repeated(real, number)["documents"]
    assert documents[: len(real["documents"])] == real["documents"]
    assert len({document["file"] for document in documents}) == number


def test_a_round_asks_each_engine_that_there_is() -> None:
    (measured,) = gate.judging(gate.real_input(), rounds=1)
    assert measured.regorus > 0
    assert (measured.opa is not None) == (importlib.util.find_spec(OPA_LIBRARY) is not None)


def test_the_gate_is_a_part_of_the_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "make_project", lambda project, _: small(project))
    (measured,) = gate.share(environments=1, rounds=1, warm_up=0)
    assert 0 < measured.gate < measured.compile


def test_what_the_gate_adds_is_its_part_of_the_rest() -> None:
    assert gate.Share(compile=1.4, gate=0.4).added == 0.4 / (1.4 - 0.4)


def test_an_engine_that_is_not_installed_is_said_to_be_unchecked() -> None:
    written = table(of_judging("one", [gate.Judging(regorus=2.0, opa=None)]))
    assert "| gate, one: regorus, s | 2 | 2 | 2 |" in written
    assert "| gate, one: OPA, s |  |  |  |  | not checked |" in written
    assert "| gate, one: regorus / OPA |  |  |  | under 1 | not checked |" in written


def test_every_aim_of_the_gate_is_judged() -> None:
    rows = [*of_share([gate.Share(1.0, 0.2)]), *of_judging("one", [gate.Judging(1.0, 2.0)])]
    assert [row.name for row in rows if row.aim] == ["3 environments: gate / the rest, CPU", "gate, one: regorus / OPA"]
