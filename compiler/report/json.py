"""An outcome as JSON: the same facts as the text, one document on standard output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compiler.diagnostics import Finding
    from compiler.report.outcome import Outcome


def render(outcome: Outcome) -> str:
    """Return the report; lines and columns count from 1, and a finding without a place in a file has null there."""
    compilation, verdict = outcome.compilation, outcome.compilation.verdict
    document = {
        "environments": compilation.environments,
        "files": len(compilation.artifacts),
        "findings": [_finding(finding) for finding in outcome.findings],
        "changes": [
            {"path": f"generated/{change.path}", "reason": change.reason, "pruned": change.content is None}
            for change in outcome.written or ()
        ],
        "unchecked": compilation.unchecked,
        "policy": verdict
        and {
            "engine": verdict.engine,
            "version": verdict.version,
            "rules": list(verdict.rules),
            "vacuous": list(verdict.vacuous),
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
    }
