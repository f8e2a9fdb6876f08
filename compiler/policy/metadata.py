"""Read the METADATA block above a rule's package, which findings, reports and pages are made from.

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
    """Hold the annotations that this project adds to OPA's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2}[0-9]{3}$")]
    """The code of the rule's findings, as ``CON001``."""
    severity: Severity
    owner: Text
    """The team that answers for the rule."""
    remediation: Text
    """What to do about a finding."""
    section: Text
    """The heading in the specification that the rule protects."""
    waivable: bool = True
    """Whether an environment may let a finding of the rule pass for a while (``docs/waivers.md``)."""


class Metadata(BaseModel):
    """The annotations of one rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Text
    description: Text
    custom: Custom


def metadata(text: str, path: str) -> Metadata:
    """Return the annotations at the top of a policy's text.

    Raises:
        PolicyError: the file does not start with a METADATA block, right above its package, that says everything.
    """
    said, _ = parse(Metadata, _block(text, path), path)
    return said


def _block(text: str, path: str) -> str:
    """Return the block as YAML in which each value has the line and the column that it has in the file."""
    lines = text.splitlines()
    end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    if not lines or lines[0] != _HEADER or end == len(lines) or not lines[end].startswith("package "):
        raise PolicyError(f"{path}:1: the file does not start with a '{_HEADER}' block right above its package")
    return "\n".join(("", *(f" {line[1:]}" for line in lines[1:end])))
