"""Findings: what is wrong, where, and what to do. One value, several renderers."""

from compiler.diagnostics.finding import Finding, Severity, Source, Span, has_errors, in_source_order

__all__ = ["Finding", "Severity", "Source", "Span", "has_errors", "in_source_order"]
