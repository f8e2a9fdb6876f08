"""Waivers: ``environments/<name>/waivers.yaml``, findings of policies that an environment accepts until a day."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import PlainValidator

from compiler.diagnostics import Code
from compiler.model.base import Model
from compiler.model.keywords import Keywords, spelt
from compiler.model.text import Matching, Name, Reason
from compiler.model.units.base import refuse

_DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_DATE_ADVICE = "write year, month and day, as 2026-01-31"


def _day(value: object) -> date:
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise refuse(Code.SPEC004, "a single value is expected here", "write one value behind the key")
    try:
        if not re.fullmatch(_DATE, value):
            raise ValueError(value)
        return date.fromisoformat(value)
    except ValueError:
        raise refuse(Code.SPEC019, f"'{value}' is not a date", _DATE_ADVICE) from None


Day = Annotated[
    date,
    PlainValidator(_day, json_schema_input_type=str),
    Keywords(**spelt(_DATE, "A day of ISO 8601.", _DATE_ADVICE, examples=["2026-01-31"])),
]
"""A day of the calendar."""

RuleId = Annotated[
    str,
    Matching(
        r"[A-Z][A-Z0-9]{2}[0-9]{3}",
        "the id of a policy's rule",
        "write the id as a report prints it, as CON001",
        "CON001",
    ),
]
"""The id of a rule of ``policies/``; the compiler's own findings have other codes, and cannot be waived."""

ResourcePath = Annotated[
    str,
    Matching(
        r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*",
        "the path of a value",
        "write the keys that lead to it, with dots, as environment.image.release",
        "environment.image.release",
    ),
]
"""A path into the specification, or below ``environment``, as a report prints it."""

OutputFile = Annotated[
    str,
    Matching(
        r"generated(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+",
        "a generated file",
        "write its path from the project's root, as a report prints it",
        "generated/production/eu-central-1/vault/plan.yaml",
    ),
]
"""The path of a file below ``generated/``."""

ObjectPointer = Annotated[
    str,
    Matching(
        r"(/[^/\x00-\x1f]*)+",
        "a pointer into a document",
        "write it as a report prints it, as /spec/replicas",
        "/spec/replicas",
    ),
]
"""A JSON Pointer (RFC 6901)."""

Ticket = Annotated[
    str,
    Matching(
        r"[A-Z][A-Z0-9]{0,19}-[1-9][0-9]{0,9}|https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~#-]+)+",
        "a ticket",
        "write its key, as PLAT-1234, or its https address",
        "PLAT-1234",
    ),
]
"""A ticket, which tracks the work that ends a waiver."""


class Waiver(Model):
    """A waiver: the findings of one rule at one place, which do not refuse the compilation until a day.

    ``file`` and ``pointer`` are written if, and only if, the finding is about a rendered document, as the report prints
    them.
    """

    rule: RuleId
    """The id of the rule that found it."""
    resource: ResourcePath
    """The value that the finding is about."""
    file: OutputFile | None = None
    """The rendered document that the finding is about, if it is about one."""
    pointer: ObjectPointer | None = None
    """The place in the document, if the finding has one."""
    reason: Reason
    """The reason why the finding can be accepted."""
    owner: Name
    """The team that is responsible for it."""
    ticket: Ticket
    """The ticket that tracks the work that ends it."""
    granted: Day
    """The first day on which the waiver is valid."""
    expires: Day
    """The last day on which the waiver is valid, at most 90 days after the first."""

    @property
    def key(self) -> WaiverKey:
        """The identity of the waived findings; no two waivers of an environment share it."""
        return self.rule, self.resource, self.file, self.pointer


WaiverKey = tuple[str, str, str | None, str | None]
"""A rule, the path of a value, and a rendered document with a pointer into it, as far as there are any."""


class WaiverFile(Model):
    """The document of ``waivers.yaml``."""

    waivers: tuple[Waiver, ...]
    """The findings that this environment accepts, each until a day."""
