"""Findings: what is wrong, where, and what to do. One value, several renderers."""

from compiler.diagnostics.bounds import bounded, bounded_findings, closest, use_one_of
from compiler.diagnostics.finding import (
    Finding,
    Rendered,
    Severity,
    Source,
    Span,
    Waived,
    has_errors,
    in_source_order,
)

__all__ = [
    "Finding",
    "Rendered",
    "Severity",
    "Source",
    "Span",
    "Waived",
    "bounded",
    "bounded_findings",
    "closest",
    "has_errors",
    "in_source_order",
    "use_one_of",
]
