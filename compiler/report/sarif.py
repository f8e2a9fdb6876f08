"""An outcome as SARIF 2.1.0, the format of code scanning.

Upstream: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html (comments name its sections).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from compiler.diagnostics import Code, Severity
from compiler.diagnostics.text import details

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compiler.diagnostics import Finding, Span, Waived
    from compiler.policy.library import Rule
    from compiler.report.outcome import Outcome

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "SRCROOT"
_DIAGNOSTICS = "docs/diagnostics.md"
# The line breaks of diagnostics.finding.LINE_BREAK; by default a viewer knows fewer of them (3.14.26).
_NEWLINES = ("\r\n", "\n", "\r", "\x85", "\u2028", "\u2029")


def render(outcome: Outcome) -> str:
    """Return a log with one run; columns count UTF-16 code units from 1, and paths are relative to the project."""
    rules = {rule["id"]: rule for rule in _rules(outcome)}
    index = {identifier: number for number, identifier in enumerate(rules)}
    run = {
        "tool": {"driver": _driver(outcome, rules.values())},
        "invocations": [_invocation(outcome, index)],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder that holds spec/ and environments/."}}},
        "columnKind": "utf16CodeUnits",
        "newlineSequences": _NEWLINES,
        "results": list(_results(outcome.findings, index)),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def message(text: str) -> dict[str, str]:
    """Return a message with escaped braces, which would be placeholders (3.11.5), and without links (3.11.6)."""
    return {"text": text.replace("{", "{{").replace("}", "}}").replace("](", "] (")}


def _driver(outcome: Outcome, rules: Iterable[dict[str, Any]]) -> dict[str, Any]:
    verdict = outcome.compilation.verdict
    engine = {"properties": {"engine": f"{verdict.engine} {verdict.version}"}} if verdict else {}
    return {"name": "cbp", "version": version("cbp-config"), "rules": list(rules), **engine}


def _rules(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Yield a descriptor for every rule that judged, and for each code of the compiler's findings."""
    verdict = outcome.compilation.verdict
    for rule in verdict.rules if verdict else ():
        yield _rule(rule, outcome.pages)
    found = {finding.code: finding.severity for finding in outcome.findings}
    for code in (code for code in Code if code in found):
        yield {
            "id": code,
            "shortDescription": message(code.meaning),
            "help": message(f"See {_DIAGNOSTICS}."),
            **_help_uri(outcome.pages, _DIAGNOSTICS),
            "defaultConfiguration": {"level": found[code]},
        }


def _rule(rule: Rule, pages: str) -> dict[str, Any]:
    said, place = rule.metadata, rule.page
    return {
        "id": rule.id,
        "name": rule.module.package.rpartition(".")[2],
        "shortDescription": message(said.title),
        "fullDescription": message(said.description),
        "help": message(said.custom.remediation + (f" See {place}." if place else "")),
        **(_help_uri(pages, place) if place else {}),
        "defaultConfiguration": {"level": said.custom.severity},
        "properties": {"tags": [rule.module.domain], "owner": said.custom.owner, "section": said.custom.section},
    }


def _help_uri(pages: str, place: str) -> dict[str, str]:
    """Return the absolute URL of a page as ``helpUri``, or nothing without a base URL (3.49.12)."""
    return {"helpUri": f"{pages}/{place}"} if pages else {}


def _invocation(outcome: Outcome, index: Mapping[str, int]) -> dict[str, Any]:
    verdict = outcome.compilation.verdict
    notes = [
        {"level": "note", "associatedRule": {"id": rule, "index": index[rule]}, "message": message("nothing to judge")}
        for rule in (verdict.vacuous if verdict else ())
    ]
    notes += [{"level": "note", "message": message(f"no schema for {kind}")} for kind in outcome.compilation.unchecked]
    return {"executionSuccessful": True, "exitCode": outcome.exit_code, "toolExecutionNotifications": notes}


def _results(findings: Iterable[Finding], index: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    seen: Counter[str] = Counter()
    for finding in findings:
        digest = _fingerprint(finding)
        seen[digest] += 1
        yield _result(finding, index[finding.code], f"{digest}:{seen[digest]}")


def _result(finding: Finding, rule: int, fingerprint: str) -> dict[str, Any]:
    """Return one result; it always lists its suppressions, even if there are none (3.27.23)."""
    lines = (f"{label}: {text}" for label, text in details(finding) if label != "rule")
    facts = {"found": finding.found, "wanted": finding.wanted, "clusters": list(finding.clusters)}
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": "error" if finding.severity is Severity.ERROR else "warning",
        "message": message("\n".join((finding.message, *lines))),
        "locations": list(_locations(finding)),
        "relatedLocations": [{"id": number, **place} for number, place in enumerate(_related(finding), 1)],
        "partialFingerprints": {"place/v1": fingerprint, "primaryLocationLineHash": fingerprint},
        "suppressions": [_suppression(finding.waived)] if finding.waived else [],
        "properties": {name: fact for name, fact in facts.items() if fact},
    }


def _fingerprint(finding: Finding) -> str:
    """Return a hash of a finding that is stable when lines move; findings with equal hashes are numbered in order."""
    path = finding.span.source.path if finding.span else finding.path
    parts = (finding.code, path, finding.resource or finding.message, *map(str, finding.rendered[:1]))
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:32]


def _suppression(waived: Waived) -> dict[str, Any]:
    location = _location(waived.at.source.path, waived.at)
    return {"kind": "external", "status": "accepted", "justification": str(waived), "location": location}


def _locations(finding: Finding) -> Iterator[dict[str, Any]]:
    if finding.span:
        yield {**_location(finding.span.source.path, finding.span), **_value(finding.resource)}
    elif finding.path:
        yield _location(finding.path)


def _related(finding: Finding) -> Iterator[dict[str, Any]]:
    """Yield the other statements of the relation, and the places in rendered documents."""
    for other in finding.others:
        where = {**_location(other.span.source.path, other.span), **_value(other.resource)}
        yield {**where, "message": message(other.label)}
    for place in finding.rendered:
        yield {**_location(place.file), **_value(place.pointer), "message": message("rendered from it")}


def _location(path: str, span: Span | None = None) -> dict[str, Any]:
    artifact = {"uri": quote(path, safe="/", errors="replace"), "uriBaseId": _ROOT}
    region = {"region": _region(span)} if span else {}
    return {"physicalLocation": {"artifactLocation": artifact, **region}}


def _value(name: str) -> dict[str, Any]:
    """Return the logical location of a value: a path with dots, or a JSON pointer (3.33.5)."""
    return {"logicalLocations": [{"fullyQualifiedName": name, "kind": "value"}]} if name else {}


def _region(span: Span) -> dict[str, int]:
    """Return the region of a span; ``endColumn`` is exclusive (3.30.8)."""
    line, start = span.source.line(span.line), span.column - 1
    before, covered = line[:start], line[start : start + span.width]
    column = _units(before) + 1
    return {"startLine": span.line, "startColumn": column, "endColumn": column + _units(covered)}


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", errors="replace")) // 2
