"""Findings: the value for a mistake, with place, message and help, which several renderers show."""

from compiler.diagnostics.bounds import bounded, bounded_findings
from compiler.diagnostics.codes import Code, RuleId
from compiler.diagnostics.finding import (
    Bound,
    Finding,
    Place,
    Rendered,
    Severity,
    Source,
    Span,
    Waived,
    alternatives,
    has_errors,
    in_source_order,
)
from compiler.diagnostics.suggestions import closest, did_you_mean, use_one_of

__all__ = [
    "Bound",
    "Code",
    "Finding",
    "Place",
    "Rendered",
    "RuleId",
    "Severity",
    "Source",
    "Span",
    "Waived",
    "alternatives",
    "bounded",
    "bounded_findings",
    "closest",
    "did_you_mean",
    "has_errors",
    "in_source_order",
    "use_one_of",
]
