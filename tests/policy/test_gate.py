"""The gate proves, judges, and comes to no verdict where it cannot."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from compiler.diagnostics import Severity
from compiler.pipeline import compile_project, emit_for_policies
from compiler.policy.errors import PolicyError
from compiler.policy.gate import Gate, load
from compiler.policy.library import Module
from compiler.policy.regorus import Regorus
from tests.compiler.project import changed as project_with
from tests.compiler.project import copy, resolved
from tests.policy.mutation import AS_OF, mutation, stated
from tests.policy.policies import FIXTURE, POLICIES, RULE, changed, write

HEAP = '["limits", "memory", "heap"]'
PATH = f'"path": {HEAP}'

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from compiler.policy.rendering import Rendering
    from compiler.resolve.resolved import Resolved


def test_the_frozen_project_is_judged_by_every_rule_and_only_warned_about(gate: Gate) -> None:
    """In production the authority of an issuer is stated too, which the project leaves out."""
    (rule,) = (rule for rule in gate.library.rules if rule.id == "K8S049")
    environments = {**resolved(), "production": stated("production", mutation(rule).given)}
    verdict = gate.judge([rendering for item in environments.values() for rendering in renderings(item)], AS_OF)
    assert verdict.vacuous == ()
    assert verdict.clusters == 4
    assert verdict.rules == gate.library.rules
    assert (verdict.engine, verdict.version) == ("regorus", "0.13.0")
    assert [(finding.code, finding.severity, finding.place) for finding in verdict.findings] == [
        ("DEP002", Severity.WARNING, "environments/production/environment.yaml:9:14")
    ]


def test_a_finding_is_at_the_line_that_caused_it_and_says_what_to_do(tmp_path: Path) -> None:
    gate = load(write(tmp_path))
    (finding,) = gate.judge(renderings(resolved()["development"])).findings
    assert finding.place == "spec/limits.yaml:5:11"
    assert (finding.code, finding.message, finding.help) == ("TST001", "the heap is 80%", "Lower the heap.")
    assert finding.severity is Severity.ERROR
    assert (finding.notes, finding.rendered, finding.waived) == ((), (), None)
    assert (finding.resource, finding.found, finding.wanted) == ("limits.memory.heap", "80% maximum", None)


def test_one_mistake_in_two_clusters_is_one_finding_that_names_both_files(tmp_path: Path) -> None:
    place = '"path": ["limits", "memory", "heap"], "file": input.documents[0].file, "pointer": "/spec"'
    gate = load(write(tmp_path, changed('"path": ["limits", "memory", "heap"]', place), with_documents()))
    (finding,) = gate.judge(renderings(resolved()["production"])).findings
    assert [re.sub(r"kubernetes/.*", "...", place.file) for place in finding.rendered] == [
        "generated/production/eu-central-1/...",
        "generated/production/eu-west-1/...",
    ]
    assert {place.pointer for place in finding.rendered} == {"/spec"}
    assert finding.clusters == ("production/eu-central-1", "production/eu-west-1")


def test_a_line_that_is_wrong_for_some_environments_alone_names_them(tmp_path: Path) -> None:
    rule = changed("memory.heap > 50", 'input.environment.stage in {"staging", "production"}')
    fixture = FIXTURE.replace("{spec:", "{environment: {stage: development}, spec:")
    denied = "must_deny: [{at: [environment, stage], value: production}]\n"
    gate = load(write(tmp_path, rule, fixture.partition("must_deny")[0] + denied))
    (finding,) = gate.judge([rendering for item in resolved().values() for rendering in renderings(item)]).findings
    assert (finding.place, finding.notes) == ("spec/limits.yaml:5:11", ("in production, staging alone",))
    (alone,) = gate.judge(renderings(resolved()["staging"])).findings
    assert alone.notes == ()


def test_what_two_environments_claim_for_themselves_is_found_in_each_of_the_two(tmp_path: Path) -> None:
    file = copy(tmp_path / "project") / "environments/staging/environment.yaml"
    text = file.read_text()
    for theirs, ours in (
        ("config.staging.bank", "config.bank"),
        ("cbp-staging-eu-central-1\n", "cbp-production-eu-central-1\n"),
    ):
        assert theirs in text
        text = text.replace(theirs, ours)
    file.write_text(text)
    denied = [item for item in compile_project(tmp_path / "project").findings if item.code in ("DEP020", "STO008")]
    assert {(item.code, item.place.partition(":")[0].split("/")[1], *item.clusters) for item in denied} == {
        ("DEP020", "production", "production/eu-central-1", "production/eu-west-1"),
        ("DEP020", "staging", "staging/eu-central-1"),
        ("STO008", "production", "production/eu-central-1"),
        ("STO008", "staging", "staging/eu-central-1"),
    }


def test_a_rule_that_looked_at_nothing_anywhere_is_reported(tmp_path: Path) -> None:
    rule = changed("input.spec.limits.memory", "input.spec.limits.disk").replace("TST001", "TST002")
    write(tmp_path, rule.replace("heap_large", "disk_large"), FIXTURE.replace("memory", "disk"), "disk_large")
    verdict = load(write(tmp_path)).judge(renderings(resolved()["development"]))
    assert [rule.id for rule in verdict.rules] == ["TST001", "TST002"]
    assert verdict.vacuous == ("TST002",)


def test_without_a_subject_there_is_no_verdict(gate: Gate) -> None:
    with pytest.raises(PolicyError, match="there is no cluster to judge"):
        gate.judge([])


def test_a_subject_with_nothing_rendered_is_no_pass(gate: Gate) -> None:
    empty = [replace(rendering, artifacts=()) for rendering in renderings(resolved()["development"])]
    with pytest.raises(PolicyError, match="no Kubernetes object was rendered for development/eu-central-1"):
        gate.judge(empty)


@pytest.mark.parametrize(
    ("rule", "fixture", "message"),
    [
        (RULE, FIXTURE.replace("51", "50"), "TST001 does not deny number 1 of its own must_deny"),
        (RULE, FIXTURE.replace("heap: 50", "heap: 60"), "TST001 denies its own must_pass: the heap is 60%"),
        (RULE, FIXTURE.replace("memory", "disk"), "TST001 examines nothing in its own must_pass"),
        (changed('"id": "TST001"', '"id": "TST009"'), FIXTURE, "TST001 denies under the id 'TST009'"),
        (changed('"message": sprintf("the heap is %d%%", [memory.heap])', '"messages": 1'), FIXTURE, "not a list of"),
        (changed('sprintf("the heap is %d%%", [memory.heap])', '""'), FIXTURE, "not a list of denials"),
        (changed('"path": ["limits", "memory", "heap"]', '"path": "limits"'), FIXTURE, "not a list of denials"),
        (changed('"path": ["limits", "memory", "heap"]', '"path": []'), FIXTURE, "not a list of denials"),
        (
            changed(PATH, f'{PATH}, "places": [["limits", "memory", "cache"]]'),
            FIXTURE,
            "the path is not one of the places",
        ),
        (changed(PATH, f'{PATH}, "excess": 1'), FIXTURE, "there are no places that could mend the relation"),
        (changed(PATH, f'{PATH}, "places": [{HEAP}], "excess": 0'), FIXTURE, "greater than 0"),
        (changed(PATH, f'{PATH}, "places": [{HEAP}, ["limits", "disk"]]'), FIXTURE, "nobody can state: limits.disk"),
        (RULE.replace("deny contains denial", "deny contains memory"), FIXTURE, "not a list of denials"),
        (changed("memory.heap > 50", "some part in memory.heap\n\tpart > 1"), FIXTURE, "expects array/set/object"),
        (changed("memory.heap > 50", "memory.heap > 50 / 0"), FIXTURE, "divide by zero"),
        (changed("memory.heap > 50", "memry.heap > 50"), FIXTURE, "memry"),
    ],
)
def test_a_rule_that_does_not_prove_itself_never_judges(tmp_path: Path, rule: str, fixture: str, message: str) -> None:
    gate = load(write(tmp_path, rule, fixture))
    with pytest.raises(PolicyError, match=re.escape(message)):
        gate.prove()


def test_a_finding_that_points_outside_the_specification_is_no_finding(tmp_path: Path) -> None:
    gate = load(write(tmp_path, changed('["limits", "memory", "heap"]', '["limits", "memory", "stack"]')))
    gate.prove()
    with pytest.raises(PolicyError, match=r"points at limits\.memory\.stack, which the specification does not have"):
        gate.judge(renderings(resolved()["development"]))


@pytest.mark.parametrize("value", [{}, [], None, {"TST001": {"denials": [], "examined": 1}, "TST002": {}}])
def test_an_engine_that_leaves_a_rule_out_gives_no_verdict(tmp_path: Path, value: Any) -> None:
    gate = load(write(tmp_path), lambda: Scripted(value))
    with pytest.raises(PolicyError, match="does not hold an answer of every rule"):
        gate.judge(renderings(resolved()["development"]))


@pytest.mark.parametrize("answer", [None, [], "denied", {"denials": []}, {"denials": [], "examined": "many"}])
def test_an_answer_of_another_shape_is_no_verdict(tmp_path: Path, answer: Any) -> None:
    gate = load(write(tmp_path), lambda: Scripted({"TST001": answer}))
    with pytest.raises(PolicyError, match="the answer of TST001 is not a list of denials"):
        gate.judge(renderings(resolved()["development"]))


@pytest.mark.parametrize(("rule", "message"), [("gate.absent", "not a valid rule path"), ("gate.yes", "is undefined")])
def test_a_rule_that_is_missing_or_undefined_is_not_an_empty_answer(rule: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        regorus_with("yes := 1 if input.yes\n").evaluate(rule, "{}")


def test_an_engine_serves_the_thread_that_made_it_and_refuses_any_other() -> None:
    engine, raised = regorus_with("one := 1\n"), []

    def evaluate() -> None:
        try:
            engine.evaluate("gate.one", "{}")
        except PolicyError as error:
            raised.append(error)

    thread = threading.Thread(target=evaluate)
    thread.start()
    thread.join()
    assert len(raised) == 1
    assert engine.evaluate("gate.one", "{}") == 1


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"orchestration.configuration.replicas.max": "9"}, {"CON001"}),
        ({"components.api_layer.scaling.thresholds.scale_up": "75%"}, {"CON002"}),
        ({"storage.database.backup.retention": "7 days"}, {"CON004"}),
        ({"compute.application_tier.instances.min": "9"}, {"CON001", "CON006", "CON007", "K8S009"}),
        ({"compute.application_tier.resources.cpu.min": "3 cores"}, {"CON011", "K8S001"}),
        ({"containers.application.resource_limits.cpu": "7 cores"}, {"STO001"}),
        ({"load_management.throttling.limits.burst": "1000 req/min"}, {"CON013", "RUN001"}),
        ({"auto_scaling.application.triggers.memory.window": "2h"}, {"CON029", "K8S009"}),
        ({"auto_scaling.application.cooldown.scale_up": "1h"}, {"K8S009"}),
        ({"orchestration.configuration.affinity.zone_spread": "false"}, {"CON024"}),
        ({"network.protection.waf.enabled": "false"}, {"CON023"}),
        ({"access_control.secrets.rotation.schedule": "31 days"}, {"VLT003"}),
        ({"access_control.secrets.rotation.schedule": "1 second"}, {"VLT004"}),
        ({"environment.image.release": "v1.0.0"}, {"DEP003", "K8S003"}),
        ({"environment.clusters.eu-west-1.region": "eu-central-1"}, {"DEP005", "DEP024", "NET006"}),
        ({"environment.clusters.eu-west-1.role": "primary"}, {"DEP006"}),
        ({"environment.addresses.vpn.0": "0.0.0.0/0"}, {"DEP007", "NET004", "NET005", "NET013"}),
    ],
)
def test_a_mistake_in_the_real_specification_is_found_where_it_was_made(
    gate: Gate, changes: Mapping[str, str], codes: set[str]
) -> None:
    findings = gate.judge(renderings(project_with(changes))).findings
    assert {finding.code for finding in findings} - {"DEP002"} == codes


class Scripted:
    """An engine that answers what it was told to."""

    name = "scripted"
    version = "1"

    def __init__(self, value: Any) -> None:
        self._value = value

    def load(self, modules: object, data: object) -> None:
        """Take any policies."""

    def evaluate(self, rule: str, document: str) -> Any:
        """Return the value."""
        return self._value

    def evaluate_each(self, rule: str, documents: Iterable[str]) -> Iterator[Any]:
        """Yield the value for each input."""
        return (self._value for _ in documents)

    def confirm(self) -> None:
        """Hold what it was told to."""


@pytest.fixture(scope="module")
def gate() -> Gate:
    return load(POLICIES)


def regorus_with(text: str) -> Regorus:
    engine = Regorus()
    module = "package gate\n\nimport rego.v1\n\n" + text
    engine.load([Module("gate.rego", "gate", module)], {})
    return engine


def renderings(of: Resolved) -> list[Rendering]:
    return list(emit_for_policies(of))


def with_documents() -> str:
    return FIXTURE.replace("{spec:", "{documents: [{file: a.yaml}], spec:")
