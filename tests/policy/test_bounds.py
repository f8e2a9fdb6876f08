"""A bound is a value that the rule accepts, and one step beyond it is a value that the rule refuses."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.fix.propose import proposals
from compiler.model.environment import EnvironmentFile
from compiler.model.shape import annotation_at
from compiler.model.specification import Specification
from compiler.model.units.base import Unit
from compiler.pipeline import emit_for_policies
from compiler.policy import bounds
from compiler.policy.denial import answer
from compiler.policy.gate import Gate
from compiler.policy.input import input_of
from compiler.resolve.substitute import substituted
from tests.compiler.project import changed, keys
from tests.policy.mutation import AS_OF, Mutation, gate, mutation, stated
from tests.policy.policies import real_policies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from compiler.diagnostics import Bound, Finding, Place
    from compiler.policy.denial import Answer, Denial
    from compiler.policy.library import Rule
    from compiler.policy.rendering import Rendering
    from compiler.resolve.resolved import Resolved

MEBIBYTE = 1 << 20
RELATIONS = {
    rule.id: (rule, mistake)
    for rule in real_policies().rules
    if '"places"' in rule.module.text and (mistake := mutation(rule)).statement
}
WORDS = {
    "CON003": "its statements are lists",
    "CON034": "its statements are names",
    "CON036": "its statements are lists and mappings",
    "DEP004": "its statements are lists",
    "DEP005": "its statements are mappings and lists",
    "DEP011": "its statement is a name",
    "DEP014": "its statement is an address",
    "DEP017": "its statements are lists",
    "DEP019": "its statement is a mapping",
    "DEP020": "its statements are addresses",
    "DEP024": "its statements are regions",
    "DEP025": "its statement is an address, and right by itself",
    "DEP030": "its statements are addresses, or names",
    "NET004": "its statements are ranges of addresses",
    "NET006": "its statements are zones",
    "NET007": "its statements are lists",
    "NET008": "its statements are lists",
    "NET010": "its statements are ranges of addresses",
    "STO008": "its statements are addresses",
}
"""Rules whose mistake has no bound, with the reason."""


class Alone(Gate):
    """The gate of one rule: the findings of the others, and their bounds, are no concern of these tests."""

    def answers(
        self, renderings: Iterable[Rendering], as_of: date | None
    ) -> Iterator[tuple[Rendering, dict[str, Answer]]]:
        (rule,) = self.library.rules
        for rendering in renderings:
            document = orjson.dumps(input_of(rendering, as_of)).decode()
            yield rendering, {rule.id: answer(rule.id, self.engine.evaluate(f"gate.{rule.id}", document))}


def findings(resolved: Resolved, rule: str) -> list[Finding]:
    library = gate().library
    alone = replace(library, rules=tuple(each for each in library.rules if each.id == rule))
    found = Alone(alone, gate().engine).judge(emit_for_policies(resolved), AS_OF).findings
    return [item for item in found if item.code == rule and item.places and not item.waived]


def denied(resolved: Resolved, finding: Finding) -> bool:
    """Return whether the rule denies the same relation in a cluster of the finding."""
    paths = {place.path for place in finding.places}
    return any(
        {*denial.participants} == paths and {*denial.rendered} <= {*finding.rendered}
        for rendering in emit_for_policies(resolved)
        if rendering.site.folder in finding.clusters
        for denial in denials(rendering, finding.code)
    )


def denials(rendering: Rendering, rule: str) -> tuple[Denial, ...]:
    document = orjson.dumps(input_of(rendering, AS_OF)).decode()
    return answer(rule, gate().engine.evaluate(f"gate.{rule}", document)).denials


def check(resolved: Resolved, finding: Finding, place: Place, bound: Bound) -> None:
    """Hold a bound to its promise, by judging the whole environment."""
    held = substituted(resolved, {place.path: bound.value})
    assert held, f"{place.resource} cannot be {bound.value}"
    assert not denied(held, finding), f"{finding.code} denies {place.resource}: {bound.value}"
    for text in beyond(place, bound):
        other = substituted(resolved, {place.path: text})
        assert other is None or denied(other, finding), f"{finding.code} accepts {place.resource}: {text}"


def beyond(place: Place, bound: Bound) -> list[str]:
    """Return the values one step beyond a bound: on both sides of one that stands alone."""
    if bound.number is None:
        return []
    step = MEBIBYTE if bound.number >= MEBIBYTE and bound.number % MEBIBYTE == 0 else 1
    signs = {"at most": (1,), "at least": (-1,)}.get(bound.word, (1, -1))
    model = EnvironmentFile if place.path[0] == "environment" else Specification
    unit: Any = annotation_at(model, place.path)
    is_unit = isinstance(unit, type) and issubclass(unit, Unit)
    numbers = (bound.number + sign * step for sign in signs)
    return [str(unit(number)) if is_unit else str(number) for number in numbers if number >= 0]


@pytest.mark.parametrize(("rule", "mistake"), RELATIONS.values(), ids=RELATIONS)
def test_a_bound_is_accepted_a_step_beyond_is_refused_and_a_proposal_mends(rule: Rule, mistake: Mutation) -> None:
    """What follows from the mistake as the intent, and what follows where nothing was edited, is accepted."""
    resolved = stated(mistake.environment, mistake.given, mistake)
    found = findings(resolved, rule.id)
    assert found
    promised = [(item, place, bound) for item in found for place in item.places for bound in place.bounds]
    assert bool(promised) == (rule.id not in WORDS)
    for item, place, bound in promised:
        check(resolved, item, place, bound)
    edited = keys(str(mistake.statement))
    for intended in (edited, None):
        edits = proposals(found, lambda _, place, path=intended: place.path == path)  # type: ignore[misc]
        after = substituted(resolved, {edit.place.path: edit.text for edit in edits})
        proposed = {edit.place.path for edit in edits}
        mended = [item for item in found if proposed & {place.path for place in item.places}]
        assert intended not in proposed
        assert after
        assert not any(denied(after, item) for item in mended)


PERCENT = st.integers(1, 100).map(lambda number: f"{number}%")
SECONDS = st.integers(1, 400).map(lambda number: f"{number}s")
ARITHMETIC = {
    "CON006": {
        "storage.cache.size.initial": st.integers(1, 64).map(lambda number: f"{number}GB"),
        "storage.cache.size.max": st.integers(1, 64).map(lambda number: f"{number}GB"),
    },
    "CON007": {
        f"compute.application_tier.instances.{end}": st.integers(1, 12).map(str) for end in ("min", "optimal", "max")
    },
    "CON008": {f"compute.application_tier.scaling.thresholds.{name}": PERCENT for name in ("scale_up", "scale_down")},
    "CON009": {f"limits.threads.monitoring.{level}": PERCENT for level in ("warning", "critical")},
    "CON010": {
        "compute.application_tier.instances.min": st.integers(1, 9).map(str),
        "compute.application_tier.resources.cpu.min": st.integers(1, 9000).map(lambda number: f"{number}m"),
        "compute.application_tier.resources.cpu.reserved": st.integers(1, 16).map(lambda number: f"{number} cores"),
    },
    "CON012": {
        "connections.database.pool_size": st.integers(1, 90).map(str),
        "compute.application_tier.instances.max": st.integers(2, 20).map(str),
        "load_balancing.database.max_connections": st.integers(100, 3000).map(str),
    },
    "CON013": {
        f"load_management.throttling.limits.{name}": st.integers(1, 3000).map(lambda number: f"{number} req/min")
        for name in ("default", "burst")
    },
    "CON014": {
        "load_balancing.database.connection_timeout": SECONDS,
        "connections.database.timeout": SECONDS,
    },
    "CON016": {f"load_balancing.application.health_check.{name}": SECONDS for name in ("timeout", "interval")},
    "CON018": {
        "auto_scaling.application.triggers.memory.target": PERCENT,
        "limits.memory.monitoring.critical": PERCENT,
    },
    "CON025": {
        "backup.database.retention": st.integers(1, 40).map(lambda number: f"{number} days"),
        "backup.database.schedule.full": st.sampled_from(["Hourly", "Daily", "Weekly", "Monthly"]),
    },
}
"""The statements of relations between numbers, with values for each."""


@pytest.mark.parametrize("rule", ARITHMETIC)
@given(data=st.data())
@settings(max_examples=3, deadline=None)
def test_the_bounds_of_any_numbers_are_accepted_and_a_step_beyond_is_refused(rule: str, data: st.DataObject) -> None:
    resolved = changed({path: data.draw(values) for path, values in ARITHMETIC[rule].items()}, "staging")
    for item in findings(resolved, rule):
        # A number between bounds that are inverted themselves cannot be right.
        assert any(place.bounds for place in item.places) or rule == "CON007"
        for place in item.places:
            for bound in place.bounds:
                check(resolved, item, place, bound)


def test_a_bound_holds_in_every_cluster_that_a_finding_names() -> None:
    """Both clusters of production share the line, and the one that stands by runs fewer pods."""
    resolved = changed({"limits.threads.monitoring.warning": "90%"})
    (finding,) = findings(resolved, "CON009")
    assert finding.clusters == ("production/eu-central-1", "production/eu-west-1")
    assert [(place.resource, *map(str, place.bounds)) for place in finding.places] == [
        ("limits.threads.monitoring.warning", "at most 84%"),
        ("limits.threads.monitoring.critical", "at least 91%"),
    ]
    assert finding.wanted == "at most 84%"


def test_a_bound_is_spelt_like_the_value_that_it_replaces() -> None:
    resolved = changed({"load_balancing.application.health_check.timeout": "2 minutes"})
    (finding,) = findings(resolved, "CON016")
    assert [str(bound) for place in finding.places for bound in place.bounds] == ["at most 29 seconds", "at least 121s"]


def test_a_number_that_is_far_too_small_has_a_bound_too() -> None:
    limits = "load_management.throttling.limits"
    resolved = changed({f"{limits}.default": "568 req/min", f"{limits}.burst": "1 req/min"}, "staging")
    (finding,) = findings(resolved, "CON013")
    bounds_of = {place.resource: [str(bound) for bound in place.bounds] for place in finding.places}
    assert bounds_of == {f"{limits}.burst": ["at least 573 req/min"], f"{limits}.default": []}


def test_when_the_trials_are_spent_statements_are_named_without_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_TRIALS", 0)
    resolved = changed({"connections.database.pool_size": "60"}, "staging")
    (finding,) = findings(resolved, "CON012")
    assert len(finding.places) > 3
    assert not any(place.bounds for place in finding.places)


STATEMENT = re.compile(r"\binput\.(?:spec|environment|cluster)(?:\.\w+)+|statements\.at\([^)]*\)")
NAMES = frozenset({"input.cluster.name", "input.environment.name"})
WITHOUT_PLACES = {
    "DEP018": "a handover is wrong by itself; the reasons name the others",
    "DEP029": "anchors that are not stated have no place",
    "K8S049": "only an emitter could break it",
    "NET015": "only an emitter could break it",
    "NET016": "a range that nothing uses contradicts no other statement",
    "NET017": "its message names the statement that is missing, one of two",
    "RUN001": "only an emitter could break it",
    "RUN002": "only an emitter could break it",
    "STO009": "only an emitter could break it",
    "STO025": "only an emitter could break it",
    "VLT020": "only an emitter could break it",
}
"""Rules that read several statements and name one, each with the reason."""


def test_a_rule_that_reads_several_statements_names_them() -> None:
    without = set()
    for rule in real_policies().rules:
        code = "\n".join(line for line in rule.module.text.splitlines() if not line.lstrip().startswith("#"))
        if '"places"' not in code and not rule.of_transitions and len({*STATEMENT.findall(code)} - NAMES) > 1:
            without.add(rule.id)
    assert without == WITHOUT_PLACES.keys()
