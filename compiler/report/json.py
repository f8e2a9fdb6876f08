"""An outcome as JSON: one complete document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from compiler.report.diff import json as diff

if TYPE_CHECKING:
    from compiler.diagnostics import Finding, Place, Waived
    from compiler.report.outcome import Outcome


def render(outcome: Outcome) -> str:
    """Return the report; lines and columns count from 1, and are null for a finding without a line."""
    compilation, verdict = outcome.compilation, outcome.compilation.verdict
    document = {
        "environments": compilation.environments,
        "files": len(compilation.artifacts),
        "findings": [_finding(finding) for finding in outcome.findings],
        "changes": [
            {"path": f"generated/{change.path}", "reason": change.reason, "pruned": change.content is None}
            for change in outcome.written or ()
        ],
        "pending": [{"path": f"generated/{change.path}", "reason": change.reason} for change in outcome.pending],
        "difference": diff.document(outcome.difference) if outcome.difference else None,
        "unchecked": compilation.unchecked,
        "policy": verdict
        and {
            "engine": verdict.engine,
            "version": verdict.version,
            "rules": [rule.id for rule in verdict.rules],
            "vacuous": list(verdict.vacuous),
            "as_of": verdict.as_of and str(verdict.as_of),
        },
        "transitions": {
            "bases": {name: {"name": base.name, "commit": base.commit} for name, base in compilation.bases.items()},
            "not_judged": compilation.no_base or None,
        },
        "exit_code": outcome.exit_code,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    span = finding.span
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "help": finding.help,
        "notes": finding.notes,
        "path": span.source.path if span else finding.path,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "resource": finding.resource or None,
        "found": finding.found,
        "wanted": finding.wanted,
        "before": finding.before,
        "after": finding.after,
        "places": [_place(place) for place in finding.places],
        "rendered": [{"file": place.file, "pointer": place.pointer or None} for place in finding.rendered],
        "clusters": finding.clusters,
        "page": finding.page,
        "waived": finding.waived and _waived(finding.waived),
    }


def _place(place: Place) -> dict[str, Any]:
    """Return a statement of a relation; ``bounds`` has the nearest values with which the relation would hold."""
    return {
        "path": place.span.source.path,
        "line": place.span.line,
        "column": place.span.column,
        "resource": place.resource,
        "value": place.value,
        "bounds": [{"word": bound.word or None, "value": bound.value} for bound in place.bounds],
    }


def _waived(waived: Waived) -> dict[str, Any]:
    """Return the waiver with its place."""
    return {
        "word": waived.word,
        "path": waived.at.source.path,
        "line": waived.at.line,
        "column": waived.at.column,
        "reason": waived.reason,
        "owner": waived.owner,
        "ticket": waived.ticket,
        "expires": str(waived.expires),
    }
