"""The embedded engine and OPA come to one verdict: on every fixture, on the whole project, and on inputs nearly right.

What they may disagree about is listed here, and in ``docs/policy-engines.md``; an input that our models and emitters
could give never is.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from compiler.policy.gate import Gate, load
from tests.compiler.cli.running import cbp
from tests.compiler.project import copy
from tests.policy import fuzz
from tests.policy.agreement import clusters, disagreement, disagreements
from tests.policy.policies import POLICIES
from tests.policy.servers import KINDS, OpaProcess
from tests.policy.servers import opa as serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LISTED = {"the embedded engine refuses", "OPA refuses", "the text of a message"}
"""What engines disagree about where a value has a type that it never has (docs/policy-engines.md)."""
INPUTS = 100


@pytest.fixture(scope="module")
def embedded() -> Gate:
    return load(POLICIES)


@pytest.fixture(scope="module", params=KINDS)
def process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpaProcess]:
    with serving(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture(scope="module")
def opa(process: OpaProcess) -> Gate:
    """Our policies on a server, proved there."""
    gate = load(POLICIES, partial(process.engine, timeout_seconds=60))
    gate.prove()
    return gate


def test_engines_agree_on_each_fixture_of_each_rule(embedded: Gate, opa: Gate) -> None:
    for rule in embedded.library.rules:
        for document in (rule.fixture.must_pass, *rule.fixture.must_deny):
            assert disagreement(embedded, opa, rule.id, document) is None


def test_engines_agree_on_each_cluster_of_the_project(embedded: Gate, opa: Gate) -> None:
    for document in clusters():
        assert list(disagreements(embedded, opa, document)) == []


def test_engines_agree_on_inputs_that_are_nearly_right(embedded: Gate, opa: Gate) -> None:
    found = list(fuzz.found(embedded, opa, seed=7, count=INPUTS))
    assert [difference for item, difference in found if item.typed] == []
    assert {difference.kind for _, difference in found} <= LISTED


def test_the_whole_report_is_the_same_but_for_the_name_of_the_engine(
    process: OpaProcess, opa: Gate, tmp_path: Path
) -> None:
    project = copy(tmp_path / "project", "staging")
    assert cbp("compile", "--root", str(project)).exit_code == 0
    chosen = ("--opa-url", process.url, "--opa-token-file", str(process.token_file), "--opa-timeout", "60")
    one, other = (cbp("verify", "--root", str(project), "--format", "json", *options) for options in ((), chosen))
    assert one.exit_code == other.exit_code != 2
    assert named(other.stdout, opa) == named(one.stdout, load(POLICIES))
    assert opa.engine.version in other.stdout


def named(report: str, gate: Gate) -> str:
    """Return a report with another name in the place of the engine's."""
    engine, version = gate.engine.name, gate.engine.version
    return report.replace(f'"engine": "{engine}"', '"engine": ""').replace(f'"version": "{version}"', '"version": ""')
