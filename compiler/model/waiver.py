"""Waivers: ``environments/<name>/waivers.yaml``: findings of policies that an environment lives with until a day."""

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
        "write the id as a report says it, as CON001",
        "CON001",
    ),
]
"""The id of a rule of ``policies/``; what the compiler itself finds has other codes, and cannot be waived."""

ResourcePath = Annotated[
    str,
    Matching(
        r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*",
        "the path of a value",
        "write the keys that lead to it, with dots, as environment.image.release",
        "environment.image.release",
    ),
]
"""A path into the specification, or below ``environment``, as a report says it."""

OutputFile = Annotated[
    str,
    Matching(
        r"generated(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+",
        "a generated file",
        "write its path from the project's root, as a report says it",
        "generated/production/eu-central-1/vault/plan.yaml",
    ),
]
"""The path of a file below ``generated/``."""

ObjectPointer = Annotated[
    str,
    Matching(
        r"(/[^/\x00-\x1f]*)+",
        "a pointer into a document",
        "write it as a report says it, as /spec/replicas",
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
"""Where the work that ends a waiver is tracked."""


class Waiver(Model):
    """One rule's findings at one place, which refuse nothing until a day.

    ``file`` and ``pointer`` are written exactly if the finding is about a rendered document: the report says them.
    """

    rule: RuleId
    """The rule whose finding is let pass."""
    resource: ResourcePath
    """The value that the finding is about."""
    file: OutputFile | None = None
    """The rendered document that the finding is about, if it is about one."""
    pointer: ObjectPointer | None = None
    """The place in the document, if the finding has one."""
    reason: Reason
    """Why the finding can be lived with."""
    owner: Name
    """The team that answers for it."""
    ticket: Ticket
    """Where the work that ends it is tracked."""
    granted: Day
    """The first day on which it holds."""
    expires: Day
    """The last day on which it holds, 90 days after the first at the most."""

    @property
    def key(self) -> WaiverKey:
        """What it is about: no two waivers of an environment are about the same."""
        return self.rule, self.resource, self.file, self.pointer


WaiverKey = tuple[str, str, str | None, str | None]
"""A rule, the path of a value, and a rendered document with a pointer into it, as far as there are any."""


class WaiverFile(Model):
    """The document of ``waivers.yaml``."""

    waivers: tuple[Waiver, ...]
    """The findings that this environment lives with, each until a day."""
