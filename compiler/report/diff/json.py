"""A difference as JSON: one complete document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from compiler.difference.side import generated
from compiler.difference.statements import written

if TYPE_CHECKING:
    from compiler.diagnostics import Finding
    from compiler.difference.causes import Cause
    from compiler.difference.difference import Difference, Happening, Value
    from compiler.difference.formulas import Formula
    from compiler.difference.rules import ChangedRule


def render(found: Difference) -> str:
    """Return the report."""
    return json.dumps(document(found), indent=2, ensure_ascii=False, default=str) + "\n"


def document(found: Difference) -> dict[str, Any]:
    """Return the report as data; numbers of causes count statements from 1, and 0 is the compiler itself."""
    verdicts = found.verdicts
    return {
        "base": {"name": found.base.name, "commit": found.base.commit},
        "head": found.head or None,
        "environments": found.environments,
        "happenings": [_happening(item) for item in found.happenings],
        "statements": [_statement(cause) for cause in found.causes],
        "values": [_value(value) for value in found.values],
        "compiler": {"differs": found.upgrade, "values": found.by_compiler},
        "left_out": found.left_out,
        "rules": [_rule(rule) for rule in found.rules],
        "verdicts": {
            "new": [_finding(item) for item in verdicts.new],
            "gone": [_finding(item) for item in verdicts.gone],
            "by_the_rules_of_the_base": [_finding(item) for item in verdicts.by_old_rules],
            "errors": sum(item.refuses for item in verdicts.findings),
        },
    }


def _happening(item: Happening) -> dict[str, Any]:
    return {
        "class": item.kind,
        "subject": item.subject,
        "reason": item.reason.written(),
        "more": item.more,
        "places": item.places,
        "causes": item.causes,
    }


def _statement(cause: Cause) -> dict[str, Any]:
    statement = cause.statement
    return {
        "number": cause.number,
        "file": statement.file,
        "line": statement.line,
        "environment": statement.environment or None,
        "path": statement.path,
        "before": written(statement.before),
        "after": written(statement.after),
        "means_the_same": cause.means_the_same,
        "kept_by": [{"environment": name, "place": place} for name, place in cause.hidden],
    }


def _value(value: Value) -> dict[str, Any]:
    places = {place: {"file": generated(file), "pointer": pointer} for place, (file, pointer) in value.places.items()}
    return {
        "subject": value.subject,
        "path": value.path or None,
        "before": value.before,
        "after": value.after,
        "formula": {"before": _formula(value.old_formula), "after": _formula(value.formula)} if value.formula else None,
        "classes": value.kinds,
        "causes": value.causes,
        "places": places,
    }


def _formula(formula: Formula | None) -> dict[str, str] | None:
    return {"names": formula.names, "numbers": formula.numbers} if formula else None


def _rule(rule: ChangedRule) -> dict[str, Any]:
    data = [{"path": change.name, "before": change.before, "after": change.after} for change in rule.data]
    return {
        "id": rule.id,
        "place": rule.place,
        "what": rule.what,
        "parts": rule.parts,
        "tests": rule.tests,
        "data": data,
    }


def _finding(item: Finding) -> dict[str, Any]:
    return {
        "code": item.code,
        "severity": item.severity,
        "message": item.message,
        "path": item.span.source.path if item.span else item.path,
        "line": item.span.line if item.span else None,
        "clusters": item.clusters,
        "waived": item.waived.word if item.waived else None,
    }
