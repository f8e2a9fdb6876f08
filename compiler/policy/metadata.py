"""The METADATA block above a rule's package, the source of its findings, reports and pages.

Format: https://www.openpolicyagent.org/docs/policy-language#metadata
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from compiler.diagnostics import Severity
from compiler.policy.errors import PolicyError
from compiler.policy.files import parse

_HEADER = "# METADATA"
Text = Annotated[str, Field(min_length=1)]


class Custom(BaseModel):
    """The annotations that this project adds to OPA's own."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2}[0-9]{3}$")]
    """The code of the rule's findings, such as ``CON001``."""
    severity: Severity
    owner: Text
    """The team that answers for the rule."""
    remediation: Text
    """The advice that solves a finding."""
    section: Text
    """The heading in the specification that the rule protects."""
    waivable: bool = True
    """Whether an environment may waive a finding of the rule for a limited time (``docs/waivers.md``)."""


class Metadata(BaseModel):
    """The annotations of one rule."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    title: Text
    description: Text
    custom: Custom


def metadata(text: str, path: str) -> Metadata:
    """Return the annotations at the top of a policy's text.

    Raises:
        PolicyError: the file does not start with a complete METADATA block right above its package.
    """
    said, _ = parse(Metadata, _block(text, path), path)
    return said


def _block(text: str, path: str) -> str:
    """Return the block as YAML in which each value keeps its line and column of the file."""
    lines = text.splitlines()
    end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    if not lines or lines[0] != _HEADER or end == len(lines) or not lines[end].startswith("package "):
        raise PolicyError(f"{path}:1: the file does not start with a '{_HEADER}' block right above its package")
    return "\n".join(("", *(f" {line[1:]}" for line in lines[1:end])))
