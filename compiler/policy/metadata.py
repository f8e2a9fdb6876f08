"""The METADATA block above a rule's package: what the rule is about, for findings, reports and documentation.

Format: https://www.openpolicyagent.org/docs/policy-language#metadata
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from compiler.diagnostics import Severity
from compiler.policy.errors import PolicyError
from compiler.policy.files import parse_yaml

_HEADER = "# METADATA"
Text = Annotated[str, Field(min_length=1)]


class Custom(BaseModel):
    """What this project adds to OPA's own annotations."""

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
    try:
        return Metadata.model_validate(parse_yaml(_block(text, path), path))
    except ValidationError as error:
        raise PolicyError(f"{path}: the METADATA cannot be read: {error}") from error


def _block(text: str, path: str) -> str:
    lines = text.splitlines()
    end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    if not lines or lines[0] != _HEADER or end == len(lines) or not lines[end].startswith("package "):
        raise PolicyError(f"{path}: the file does not start with a '{_HEADER}' block right above its package")
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[1:end])
