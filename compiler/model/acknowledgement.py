"""Acknowledgements of transitions that an environment makes on purpose: its ``acknowledgements.yaml``."""

from __future__ import annotations

from typing import Annotated

from compiler.model.base import Model
from compiler.model.text import Matching, Name, Reason
from compiler.model.waiver import Day, ObjectPointer, OutputFile, RuleId, Ticket

Printed = Annotated[
    str,
    Matching(r"\S.{0,199}", "a value of a transition", "write it as the report of the finding prints it", "100GB"),
]
"""A value before or after a transition, as a report prints it."""


class Acknowledgement(Model):
    """An acknowledgement of one transition, from one value of a generated file to another; copy it from the report."""

    rule: RuleId
    """The id of the rule that found the transition."""
    file: OutputFile
    """The generated file, or the folder, that changes."""
    pointer: ObjectPointer | None = None
    """The place in the file, if the finding has one."""
    before: Printed
    """The value that the base has, as the report prints it."""
    after: Printed
    """The value that comes in its place, as the report prints it."""
    reason: Reason
    """The reason for the transition, and the safeguard of the data that it would lose."""
    owner: Name
    """The team that carries it out."""
    ticket: Ticket
    """The ticket that tracks it."""
    granted: Day
    """The day on which it was granted; it is valid for 90 days."""

    @property
    def key(self) -> AcknowledgementKey:
        """The identity of the transition; no two acknowledgements of an environment share it."""
        return self.rule, self.file, self.pointer, self.before, self.after


AcknowledgementKey = tuple[str, str | None, str | None, str | None, str | None]
"""A rule, a generated file with a pointer into it, and the values before and after."""


class AcknowledgementFile(Model):
    """The document of ``acknowledgements.yaml``."""

    acknowledgements: tuple[Acknowledgement, ...]
    """The transitions that this environment makes on purpose."""
