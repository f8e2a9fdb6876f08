"""The gate: policies prove themselves on their fixtures, and then judge every cluster.

Every failure raises a :class:`PolicyError`. There is no verdict if the engine fails, if a rule is missing, undefined or
unproven, or if nothing was rendered for a cluster.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson

from compiler.diagnostics import Code, Finding, RuleId, alternatives, in_source_order
from compiler.policy.acknowledgements import Acknowledgements
from compiler.policy.denial import Answer, Denial, answer, dotted
from compiler.policy.errors import Faults, PolicyError
from compiler.policy.input import input_of
from compiler.policy.library import Library, Module, Rule, scan
from compiler.policy.regorus import Regorus
from compiler.policy.rendering import Case
from compiler.policy.statements import is_stated, place
from compiler.policy.waivers import Register

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from compiler.policy.bounds import Bounds
    from compiler.policy.engine import Engine, Loadable
    from compiler.policy.rendering import Rendering

PACKAGE = "gate"
"""The package with the answer of each rule, by the rule's id."""
VERDICT = f"{PACKAGE}.verdict"
"""The rule whose value holds the answer of every rule, by its id."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings of all clusters, with the engine and the rules that judged."""

    findings: tuple[Finding, ...]
    engine: str
    version: str
    rules: tuple[Rule, ...]
    """The rules that judged, ordered by id."""
    clusters: int
    """The number of clusters that were judged."""
    vacuous: tuple[str, ...]
    """The ids of the rules that examined no value in any cluster; without a base, none that judges transitions."""
    as_of: date | None
    """The day for which waivers were judged; None when there were no waivers."""


def load(policies: Path, engine: Callable[[], Loadable] = Regorus) -> Gate:
    """Load the policies of a folder into an engine.

    Raises:
        PolicyError: there are no policies, or they have faults; it names every fault.
    """
    found = scan(policies)
    # Policies with faults go to the embedded engine, which reports further faults, and never to a server.
    loaded = Regorus() if found.faults else engine()
    with found.faults.collected():
        if found.modules:
            loaded.load((*found.modules, _verdict_module(found.library.rules)), found.library.data)
    found.faults.refuse()
    return Gate(found.library, loaded)


def proven(policies: Path, engine: Callable[[], Loadable] = Regorus) -> Gate:
    """Load the policies of a folder into an engine, and let every rule prove itself.

    Raises:
        PolicyError: there are no policies, they have faults, or a rule does not prove itself; it names every fault.
    """
    loaded = load(policies, engine)
    loaded.prove()
    return loaded


class Gate:
    """A gate: it proves the policies in an engine, and judges clusters by them."""

    def __init__(self, library: Library, engine: Engine) -> None:
        self.library = library
        self.engine = engine

    def prove(self) -> None:
        """Run every rule on its own fixture, in the engine that will judge.

        Raises:
            PolicyError: a rule denies its must-pass input, passes a must-deny input, or examines nothing; or the
                engine no longer holds the loaded policies.
        """
        faults = Faults()
        for rule in self.library.rules:
            with faults.collected():
                self.prove_rule(rule)
        faults.refuse()
        self.engine.confirm()

    def prove_rule(self, rule: Rule) -> None:
        """Run one rule on its own fixture.

        Raises:
            PolicyError: the rule denies its must-pass input, passes a must-deny input, or examines nothing; or its
                files still have WRITE: marks.
        """
        faults = Faults()
        for unwritten in rule.unwritten:
            faults.add(unwritten)
        place = rule.proof_path
        with faults.collected():
            passed = self._answer(rule, orjson.dumps(rule.fixture.must_pass).decode())
            if passed.denials:
                faults.add(f"{place}: {rule.id} denies its own must_pass: {passed.denials[0].message}")
            if not passed.examined:
                faults.add(f"{place}: {rule.id} examines nothing in its own must_pass")
        for number, document in enumerate(rule.fixture.must_deny, 1):
            with faults.collected():
                denials = self._answer(rule, orjson.dumps(document).decode()).denials
                if not denials:
                    faults.add(f"{place}: {rule.id} does not deny number {number} of its own must_deny")
                for path in dict.fromkeys(
                    path for denial in denials for path in denial.participants if not is_stated(path)
                ):
                    faults.add(f"{rule.module.path}: {rule.id} names a place that nobody can state: {dotted(path)}")
        faults.refuse()

    def judge(
        self,
        renderings: Iterable[Rendering],
        as_of: date | None = None,
        acknowledgements: Acknowledgements | None = None,
    ) -> Verdict:
        """Judge every cluster, one by one; a mistake that several clusters share is one finding that names them all.

        The waivers and acknowledgements of their environments hold as of the day ``as_of``, to which the support of
        versions is counted; without a day nothing is waived, and no support is judged. ``acknowledgements`` may hold
        those of removed environments already.

        Raises:
            PolicyError: there is nothing to judge, the answer of a rule is malformed, or the engine no longer holds
                the loaded policies.
        """
        denied: list[_Denied] = []
        environments: set[str] = set()
        register = Register(self.library.rules, as_of)
        transitions = acknowledgements or self.acknowledgements(as_of)
        compared = False
        unseen = {rule.id for rule in self.library.rules}
        judged = 0
        for rendering, answers in self.answers(renderings, as_of):
            judged += 1
            unseen -= {identifier for identifier, given in answers.items() if given.examined}
            environment = rendering.resolved.environment.name
            environments.add(environment)
            register.enter(rendering.resolved)
            if rendering.before:
                compared = True
                transitions.enter(environment, rendering.before.base, rendering.resolved.acknowledgements)
            for rule in self.library.rules:
                for denial in answers[rule.id].denials:
                    finding = _finding(rule, denial, rendering)
                    waived = register.waived(denial, rendering.resolved)
                    if rule.of_transitions:
                        waived = transitions.acknowledged(environment, denial.transition)
                    denied.append(_Denied(replace(finding, waived=waived), rule, denial, Case.of(rendering)))
        if not judged:
            raise PolicyError("there is no cluster to judge")
        findings = tuple(_merged(denied, environments, self._bounds(as_of))) if denied else ()
        self.engine.confirm()
        return Verdict(
            findings=in_source_order((*findings, *register.findings(), *transitions.findings())),
            engine=self.engine.name,
            version=self.engine.version,
            rules=self.library.rules,
            clusters=judged,
            vacuous=tuple(sorted(unseen if compared else unseen - {rule.id for rule in self._transitions()})),
            as_of=as_of if register.holds_any else None,
        )

    def _bounds(self, as_of: date | None) -> Bounds:
        from compiler.policy.bounds import Bounds  # it renders clusters, which loading and proving do not

        return Bounds(self.library, self._answer, as_of)

    def acknowledgements(self, as_of: date | None) -> Acknowledgements:
        """Return an empty register of acknowledgements as of a day."""
        return Acknowledgements((*(rule.id for rule in self._transitions()), Code.ENV006), as_of)

    def _transitions(self) -> Iterator[Rule]:
        return (rule for rule in self.library.rules if rule.of_transitions)

    def _answer(self, rule: Rule, document: str) -> Answer:
        """Return the answer of one rule for an input (JSON text)."""
        return answer(rule.id, self.engine.evaluate(f"{PACKAGE}.{rule.id}", document))

    def answers(
        self, renderings: Iterable[Rendering], as_of: date | None
    ) -> Iterator[tuple[Rendering, dict[str, Answer]]]:
        """Yield each cluster with the answers of all rules; one query evaluates the helpers that they share once.

        Raises:
            PolicyError: an answer is malformed, or there is none.
        """
        asked: deque[Rendering] = deque()

        def inputs() -> Iterator[str]:
            for rendering in renderings:
                asked.append(rendering)
                yield orjson.dumps(input_of(rendering, as_of)).decode()

        for value in self.engine.evaluate_each(VERDICT, inputs()):
            if not isinstance(value, dict) or value.keys() != {rule.id for rule in self.library.rules}:
                raise PolicyError("the engine's verdict does not hold an answer of every rule")
            yield asked.popleft(), {identifier: answer(identifier, given) for identifier, given in value.items()}


@dataclass(frozen=True, slots=True)
class _Denied:
    """The finding of one denial in one cluster."""

    finding: Finding
    rule: Rule
    denial: Denial
    case: Case


def answers_module(rules: Iterable[Rule], path: str) -> Module:
    """Return a Rego module with the answer of each rule, by the rule's id; ``path`` is its name in messages."""
    lines = [f"package {PACKAGE}", "", "import rego.v1", ""]
    for rule in rules:
        package = f"data.{rule.module.package}"
        lines.append(f'{rule.id} := {{"denials": {package}.deny, "examined": count({package}.examined)}}')
    return Module(path, PACKAGE, "\n".join([*lines, ""]))


def _verdict_module(rules: Sequence[Rule]) -> Module:
    """Return a Rego module that evaluates all rules, so that one identical query serves every engine."""
    answers = answers_module(rules, "gate.rego")
    verdict = ["", "verdict := {", *(f'\t"{rule.id}": {rule.id},' for rule in rules), "}", ""]
    return replace(answers, text=answers.text + "\n".join(verdict))


def _finding(rule: Rule, denial: Denial, rendering: Rendering) -> Finding:
    resolved, custom = rendering.resolved, rule.metadata.custom
    for path in (denial.path, *denial.participants):
        if not resolved.has(path):
            raise PolicyError(f"{rule.id} points at {dotted(path)}, which the specification does not have")
    return Finding(
        RuleId(rule.id),
        denial.message,
        custom.remediation,
        resolved.span(denial.path),
        severity=custom.severity,
        resource=denial.resource,
        found=resolved.written(denial.path),
        wanted=denial.wanted,
        before=denial.before,
        after=denial.after,
        places=tuple(place(resolved, path) for path in denial.participants),
        rendered=denial.rendered,
        clusters=(rendering.site.folder,),
        page=rule.page,
    )


def _merged(denied: Iterable[_Denied], environments: Collection[str], bounds: Bounds) -> Iterator[Finding]:
    """Join findings that differ only in their clusters, and name the environments if nothing else in the finding does.

    A line of the specification may be wrong for one environment only, because of another value in its overlay. A
    finding that one environment waives stays a finding of the others. The statements of a relation get the bounds that
    hold in all of the clusters.
    """
    alike: dict[Finding, list[_Denied]] = {}
    for item in denied:
        alike.setdefault(replace(item.finding, rendered=(), clusters=()), []).append(item)
    for bare, found in alike.items():
        rendered = tuple(dict.fromkeys(place for item in found for place in item.finding.rendered))
        clusters = tuple(dict.fromkeys(cluster for item in found for cluster in item.finding.clusters))
        names = dict.fromkeys(cluster.partition("/")[0] for cluster in clusters)
        named = rendered or len(names) == len(environments) or bare.place.startswith("environments/")
        notes = () if named else (f"in {', '.join(names)} alone",)
        finding = replace(bare, notes=notes, rendered=rendered, clusters=clusters)
        yield finding if finding.waived else _bounded(finding, found, bounds)


def _bounded(finding: Finding, denied: Sequence[_Denied], bounds: Bounds) -> Finding:
    """Return a finding with the bounds of its statements; that of the first is the wanted value."""
    places = bounds.places(denied[0].rule, denied[0].denial, [item.case for item in denied])
    wanted = alternatives(places[0].bounds) if places else ""
    return replace(finding, places=places, wanted=finding.wanted or wanted or None)
