"""A difference by cause in four forms: text, JSON, Markdown and workflow commands of GitHub Actions."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.difference.difference import Difference

FORMS = ("text", "json", "markdown", "github")


def render(found: Difference, form: str) -> str:
    """Return the report of a difference in one of ``FORMS``."""
    report: str = import_module(f"compiler.report.diff.{form}").render(found)
    return report
