"""An outcome as JUnit XML: each rule is a test, and so is each kind of mistake in files.

There is no standard; Jenkins, GitLab and GitHub's reporters read this form:
https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from compiler.diagnostics import Code
from compiler.diagnostics.text import block, line, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compiler.diagnostics import Finding
    from compiler.report.outcome import Outcome

_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def render(outcome: Outcome) -> str:
    """Return the report; a rule with only waived findings, or with nothing to judge, is a skipped test."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in outcome.findings:
        found[finding.code].append(finding)
    root = Element("testsuites", {"name": "cbp"})
    root.extend((*_compiler(outcome, found), *_policies(outcome, found)))
    root.attrib.update(_counts(root))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _compiler(outcome: Outcome, found: Mapping[str, list[Finding]]) -> Iterator[Element]:
    unknown = _unknown(outcome)
    for name, codes in groupby(Code, key=lambda code: code.family):
        suite = name.lower()
        if name in unknown:
            yield _suite(suite, (_skipped(suite, f"{name}: all of them", unknown[name]),))
        else:
            yield _suite(suite, (_case(suite, code, code.meaning, found.get(code, ())) for code in codes))


def _unknown(outcome: Outcome) -> dict[str, str]:
    """Return the families of codes that were not checked, with the reason."""
    compilation = outcome.compilation
    files = {"GEN": "generated/ is compared once the specification is right"} if compilation.refused else {}
    documents = {} if compilation.verdict else {"SCHEMA": "nothing was rendered", "WVR": "nothing could be judged"}
    return {**files, **documents}


def _policies(outcome: Outcome, found: Mapping[str, list[Finding]]) -> Iterator[Element]:
    verdict = outcome.compilation.verdict
    if verdict is None:
        yield _suite("policies", (_skipped("policies", "every rule", "nothing could be judged"),))
        return
    ordered = sorted(verdict.rules, key=lambda rule: rule.module.domain)
    for domain, rules in groupby(ordered, key=lambda rule: rule.module.domain):
        cases = (_case(domain, rule.id, rule.metadata.title, found.get(rule.id, ()), verdict.vacuous) for rule in rules)
        yield _suite(domain, cases)


def _suite(name: str, cases: Iterable[Element]) -> Element:
    suite = Element("testsuite", {"name": name})
    suite.extend(cases)
    suite.attrib.update(_counts(suite))
    return suite


def _skipped(suite: str, name: str, why: str) -> Element:
    case = Element("testcase", {"classname": f"cbp.{suite}", "name": name, "time": "0"})
    SubElement(case, "skipped", {"message": why})
    return case


def _counts(of: Element) -> dict[str, str]:
    number = {name: str(len(of.findall(f".//{tag}"))) for name, tag in _COUNTED.items()}
    return {"tests": str(len(of.findall(".//testcase"))), **number, "time": "0"}


def _case(suite: str, code: str, title: str, findings: Iterable[Finding], vacuous: Iterable[str] = ()) -> Element:
    """Return one test: errors fail it, it is skipped if all findings are waived, and its output lists warnings."""
    case = Element("testcase", {"classname": f"cbp.{suite}", "name": printable(f"{code}: {title}"), "time": "0"})
    errors = [finding for finding in findings if finding.refuses]
    waived = [finding for finding in findings if finding.waived]
    others = [finding for finding in findings if not (finding.refuses or finding.waived)]
    if errors:
        said = {"type": code, "message": printable(errors[0].message)}
        SubElement(case, "failure", said).text = "".join(block(finding, colour=False) for finding in errors)
    elif waived and not others:
        SubElement(case, "skipped", {"message": printable(f"waived {waived[0].waived}")})
    elif code in vacuous:
        SubElement(case, "skipped", {"message": "nothing to judge"})
    if printed := (*(block(item, colour=False) for item in others), *(line(item, colour=False) for item in waived)):
        SubElement(case, "system-out").text = "".join(printed)
    return case
